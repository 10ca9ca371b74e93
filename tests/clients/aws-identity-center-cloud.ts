import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAwsSimulator, type AwsSimulator } from '../../simulators/aws/server.ts';
import type { PolicyDocument, WorldDescription } from '../../simulators/aws/world.ts';

export const MANAGEMENT = '111111111111';
export const PROD = '222222222222';
export const SCHEDULER_ROLE = `arn:aws:iam::${MANAGEMENT}:role/scheduler`;

export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };
export type Json = Readonly<Record<string, unknown>>;
type Options = Readonly<Record<string, string>>;

export const policy = (actions: readonly string[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
});

const trust = (service: string): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
});

const world: WorldDescription = {
  organization: { managementAccount: MANAGEMENT, accounts: [{ id: PROD, name: 'prod' }] },
  identityCenter: {
    region: 'eu-west-1',
    users: [{ userName: 'ana', email: 'ana@acme.example' }, { userName: 'bo' }],
    groups: [{ displayName: 'finance', members: ['ana'] }, { displayName: 'platform' }],
  },
  accounts: [
    {
      id: MANAGEMENT,
      roles: [
        {
          name: 'broker',
          trustPolicy: trust('ecs-tasks.amazonaws.com'),
          inlinePolicies: {
            own: policy(['sso:*', 'identitystore:*', 'organizations:*', 'scheduler:*', 'iam:PassRole']),
          },
        },
        {
          name: 'scheduler',
          trustPolicy: trust('scheduler.amazonaws.com'),
          inlinePolicies: { own: policy(['sso:DeleteAccountAssignment']) },
        },
      ],
    },
    { id: PROD, buckets: [{ name: 'prod-invoices', objects: [{ key: '2026-10.csv', body: 'a;b\n' }] }] },
  ],
};

/** Keys as the `aws` command takes them from its environment. */
export const environment = (keys: Json): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: String(keys['accessKeyId']),
  AWS_SECRET_ACCESS_KEY: String(keys['secretAccessKey']),
  AWS_SESSION_TOKEN: String(keys['sessionToken']),
});

/** A simulated organization, and the real `aws` command with the keys of its broker. */
export class IdentityCenterCloud {
  readonly #simulator: AwsSimulator;
  readonly #home = mkdtempSync(join(tmpdir(), 'curfew-identity-center-'));
  #env: Record<string, string> = {};
  #offsetMs = 0;

  private constructor(simulator: AwsSimulator) {
    this.#simulator = simulator;
  }

  /** An operation takes nine seconds, which only `pass` lets go by in no time. */
  static async start(): Promise<IdentityCenterCloud> {
    const settings = {
      assignmentMs: [9_000, 9_000],
      provisioningMs: [9_000, 9_000],
      listDelayMs: [0, 1_000],
      fireDelayMs: [0, 5_000],
    } as const;
    const cloud = new IdentityCenterCloud(await startAwsSimulator({ port: 0, settings, world }));
    cloud.#env = {
      HOME: cloud.#home,
      PATH: process.env['PATH'] ?? '',
      AWS_ENDPOINT_URL: cloud.#simulator.url,
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_PAGER: '',
      ...environment(await cloud.control('session', { roleArn: `arn:aws:iam::${MANAGEMENT}:role/broker` })),
    };
    return cloud;
  }

  async stop(): Promise<void> {
    await this.#simulator.close();
    rmSync(this.#home, { recursive: true, force: true });
  }

  /** The time of the cloud. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Lets time go by in the cloud. All of it stays below the five minutes by which a signature may be off. */
  async pass(ms: number): Promise<void> {
    this.#offsetMs += ms;
    await this.control('clock', { offsetMs: this.#offsetMs });
  }

  run(words: readonly string[], more: Record<string, string> = {}): Promise<Outcome> {
    return new Promise((resolve) => {
      execFile('aws', [...words], { env: { ...this.#env, ...more }, encoding: 'utf8' }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** A command that must succeed; its output as JSON. */
  async aws(command: string, options: Options = {}): Promise<Json> {
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const { code, stdout, stderr } = await this.run([...command.split(' '), ...words]);
    if (code !== 0) throw new Error(stderr);
    return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Json);
  }

  /** A handle that no AWS has. */
  async control(path: string, body?: unknown): Promise<Json> {
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return (await (await fetch(`${this.#simulator.url}/_sim/${path}`, init)).json()) as Json;
  }
}
