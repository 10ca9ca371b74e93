import { createServer } from 'node:net';

/** A port that another program listens on. The message is meant for the person who started us. */
export class PortInUse extends Error {
  constructor(port: number, choose: string) {
    super(`Port ${port} is in use by another program. Stop it, or choose another port: ${choose}`);
    this.name = 'PortInUse';
  }
}

/**
 * Checks before anything is started that nobody listens on these loopback ports. Throws {@link PortInUse}.
 * `choose` is what chooses others, such as `CURFEW_PORT=7520`.
 */
export async function requireFreePorts(ports: readonly number[], choose: string): Promise<void> {
  for (const port of ports) {
    await new Promise<void>((resolve, reject) => {
      const probe = createServer();
      probe.once('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'EADDRINUSE' ? new PortInUse(port, choose) : error),
      );
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
    });
  }
}
