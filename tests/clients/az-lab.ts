import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TENANT, WORLD } from '../../simulators/azure/azure-under-test.ts';
import { startAzureSimulator, type AzureSimulator } from '../../simulators/azure/server.ts';
import type { WorldDescription } from '../../simulators/azure/world.ts';
import { loopbackCertificate } from '../loopback-certificate.ts';
import type { Outcome } from './refusal.ts';

/** Debian's build of `az` 2.45 stumbles over its own libraries at role assignments; this puts back what they lost. */
const SHIM = `import sys
if 'az' in ' '.join(sys.orig_argv):
    try:
        from azure.mgmt.authorization.v2020_04_01_preview.operations import RoleAssignmentsOperations as A
        from azure.mgmt.authorization.v2018_01_01_preview.operations import RoleDefinitionsOperations as D
        for one in (A, D):
            if not hasattr(one, 'config'):
                one.config = property(lambda self: self._config)
    except ImportError:
        pass
`;

/** A simulated Azure, and people who use the real `az` command on it. It signs in on ADFS's path, where it asks nobody else whether the authority is one. */
export class AzLab {
  readonly #home: string;
  readonly #simulator: AzureSimulator;
  readonly #clock: { offsetMs: number };

  private constructor(home: string, simulator: AzureSimulator, clock: { offsetMs: number }) {
    this.#home = home;
    this.#simulator = simulator;
    this.#clock = clock;
  }

  /** Starts it and signs people in. */
  static async start(people: readonly string[], world: WorldDescription = WORLD): Promise<AzLab> {
    const home = mkdtempSync(join(tmpdir(), 'az-'));
    const certificate = await loopbackCertificate();
    writeFileSync(join(home, 'cert.pem'), certificate.cert);
    mkdirSync(join(home, 'shim'));
    writeFileSync(join(home, 'shim/sitecustomize.py'), SHIM);
    const clock = { offsetMs: 0 };
    const now = (): number => Date.now() + clock.offsetMs;
    const lab = new AzLab(home, await startAzureSimulator({ port: 0, world, certificate, now }), clock);
    for (const person of people) await lab.#signIn(person);
    return lab;
  }

  get url(): string {
    return this.#simulator.url;
  }

  /** The cloud's time, in milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.#clock.offsetMs;
  }

  /** Time passes for the cloud alone, so that nobody waits. */
  pass(ms: number): void {
    this.#clock.offsetMs += ms;
  }

  az(person: string, ...args: readonly string[]): Promise<Outcome> {
    const env = {
      ...process.env,
      AZURE_CONFIG_DIR: join(this.#home, person),
      AZURE_CORE_COLLECT_TELEMETRY: '0',
      REQUESTS_CA_BUNDLE: join(this.#home, 'cert.pem'),
      PYTHONPATH: [join(this.#home, 'shim'), process.env['PYTHONPATH'] ?? ''].join(':'),
    };
    return new Promise((resolve) => {
      execFile('az', [...args, '--output', 'tsv'], { env, encoding: 'utf8' }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 255, stdout, stderr });
      });
    });
  }

  async close(): Promise<void> {
    await this.#simulator.close();
    rmSync(this.#home, { recursive: true });
  }

  async #signIn(person: string): Promise<void> {
    const endpoints = {
      activeDirectory: `${this.url}/adfs`,
      resourceManager: `${this.url}/`,
      management: `${this.url}/`,
      activeDirectoryResourceId: 'https://management.azure.com/',
      activeDirectoryGraphResourceId: 'https://graph.microsoft.com/',
      microsoftGraphResourceId: 'https://graph.microsoft.com/',
    };
    const file = join(this.#home, 'cloud.json');
    writeFileSync(file, JSON.stringify({ endpoints, suffixes: { storageEndpoint: 'localhost' } }));
    await this.az(person, 'cloud', 'register', '-n', 'lab', '--cloud-config', `@${file}`);
    await this.az(person, 'cloud', 'set', '-n', 'lab');
    const login = ['login', '--service-principal', '--tenant', TENANT, '--allow-no-subscriptions'];
    const outcome = await this.az(person, ...login, '-u', `login-${person}`, '-p', `${person}-secret`);
    if (outcome.code !== 0) throw new Error(outcome.stderr);
  }
}
