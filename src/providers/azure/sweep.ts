import { after } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { mayBegin, rotated, turnAt, type SweepPorts } from '../sweep-calls.ts';
import { createNotes, type SweepReport } from '../sweep-report.ts';
import { createEndVerifier } from '../signed-end.ts';
import { createArm } from './call.ts';
import { endpointsOf, GLOBAL_AUTHORITY } from './endpoints.ts';
import { createTokens, type AzureIdentity } from './identity.ts';
import { roleAssignments } from './rbac-assignments.ts';
import { sweepAssignments } from './sweep-assignments.ts';

export interface SweepOptions {
  readonly identity: AzureIdentity;
  /** Where tokens are issued; decides the cloud of Microsoft's. Absent: the global one. */
  readonly authority?: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Public keys of the broker's `ends.pem`; nothing that is not signed by one of them is believed. */
  readonly keys: readonly string[];
  /** Paths in Resource Manager, of subscriptions and management groups; what is below them is swept too. */
  readonly scopes: readonly string[];
  readonly version: string;
  readonly dryRun: boolean;
  /** Nothing new is begun so long after the beginning. Absent: four minutes. */
  readonly runMs?: number;
  /** Sends everything there instead of to Azure. Needs `allowCustomEndpoint`. */
  readonly endpoint?: string;
  readonly allowCustomEndpoint?: boolean;
}

/** Nothing new is begun after this; what is left is said, and later runs begin with others. */
const RUN_MS = 240_000;
const REQUEST_MS = 5_000;

/**
 * One run: ends what is overdue, touches nothing else, and needs neither a broker nor a database. What fails is an event in the report.
 * Throws an `Error` for options that could never work: a key that is none, a custom endpoint that was not allowed.
 */
export async function sweepOnce(options: SweepOptions): Promise<SweepReport> {
  const { clock, signal, identity } = options;
  const startedAt = clock.now();
  const notes = createNotes();
  const ports: SweepPorts = {
    ...{ clock, notes, signal, dryRun: options.dryRun, turn: turnAt(startedAt) },
    verifier: createEndVerifier(options.keys),
    until: after(startedAt, options.runMs ?? RUN_MS),
  };
  const endpoints = endpointsOf(
    options.authority ?? GLOBAL_AUTHORITY,
    options.endpoint,
    options.allowCustomEndpoint ?? false,
  );
  const tokens = createTokens(identity, { endpoints, clock, requestTimeoutMs: REQUEST_MS });
  const calls = roleAssignments(createArm({ tokens, management: endpoints.management, requestTimeoutMs: REQUEST_MS }));
  for (const scope of rotated(options.scopes, ports.turn, 'accounts')) {
    if (mayBegin(ports)) await sweepAssignments(ports, calls, scope);
    else {
      const message = 'Not looked at: the run had no time left. Later runs begin with others.';
      notes.event({ kind: 'failed', method: 'rbac', place: scope, message });
    }
  }
  return notes.report({ dryRun: options.dryRun, version: options.version }, startedAt, clock.now());
}
