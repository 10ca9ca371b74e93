import { expect } from 'vitest';
import { after } from '../../src/core/time.ts';
import {
  ProviderFault,
  type BindingSpec,
  type CallOptions,
  type EndedBy,
  type Ending,
  type IssuedCredential,
  type Observation,
  type Provisioned,
} from '../../src/providers/contract.ts';
import type { Held, Operation, ProviderHarness } from './provider-harness.ts';

/** What the contract suite does again and again with a provider, the way the engine does it. */

/** The longest that the stand-ins let an access wait. */
const SETTLING_MS = 2_000;
/** The longest that they may take until something asynchronous is done. */
const GIVE_UP_MS = 5_000;

export async function perform(
  on: ProviderHarness,
  operation: Operation,
  spec: BindingSpec,
  ending: Ending,
  timeoutMs: number,
): Promise<unknown> {
  const call = options(on, timeoutMs);
  switch (operation) {
    case 'provision':
      return on.provider.provision(spec, call);
    case 'issueCredential':
      return on.provider.issueCredential(spec, call);
    case 'revoke':
      return on.provider.revoke(spec, ending, 0, call);
    case 'observe':
      return on.provider.observe(spec, ending, call);
  }
}

/** Waits until looking shows what must be so; what is asynchronous takes a moment to become true. */
export async function shows(on: ProviderHarness, spec: BindingSpec, ending: Ending, presence: Observation['presence']) {
  const until = after(on.now(), GIVE_UP_MS);
  let seen = await on.provider.observe(spec, ending, options(on));
  while (seen.presence !== presence && on.now() < until) {
    await pause(20);
    seen = await on.provider.observe(spec, ending, options(on));
  }
  expect(seen).toMatchObject({ presence });
}

/** Provides until the access is usable, as the engine does where the cloud takes its time or is at something else just now. */
export async function provide(on: ProviderHarness, spec: BindingSpec): Promise<Provisioned> {
  const until = after(on.now(), GIVE_UP_MS);
  for (;;) {
    const provisioned = await retried(on, () => on.provider.provision(spec, options(on)));
    if (provisioned.usable || on.now() >= until) return provisioned;
    await pause(20);
  }
}

/** Takes away until looking shows absence, as the engine does where the cloud takes its time. */
export async function takeAway(on: ProviderHarness, spec: BindingSpec, ending: Ending, rung = 0): Promise<Observation> {
  const until = after(on.now(), GIVE_UP_MS);
  for (;;) {
    await on.provider.revoke(spec, ending, rung, options(on));
    const seen = await on.provider.observe(spec, ending, options(on));
    if (seen.presence === 'absent' || on.now() >= until) return seen;
    await pause(20);
  }
}

/** Tries again what the cloud could not take yet, as the engine does. */
export async function retried<T>(on: ProviderHarness, work: () => Promise<T>): Promise<T> {
  const until = after(on.now(), GIVE_UP_MS);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passing = error instanceof ProviderFault && ['conflict', 'throttled'].includes(error.kind);
      if (!passing || on.now() >= until) throw error;
      await pause(50);
    }
  }
}

/** Performs an operation until nothing of it is under way any more. */
export async function finish(
  on: ProviderHarness,
  operation: Operation,
  spec: BindingSpec,
  ending: Ending,
): Promise<unknown> {
  if (operation === 'provision') return provide(on, spec);
  return operation === 'revoke' ? takeAway(on, spec, ending) : perform(on, operation, spec, ending, 5_000);
}

export function options(on: ProviderHarness, timeoutMs = 5_000): CallOptions {
  return { now: on.now(), signal: AbortSignal.timeout(timeoutMs) };
}

export async function issue(on: ProviderHarness, spec: BindingSpec): Promise<IssuedCredential> {
  await on.prepare?.(spec);
  return on.provider.issueCredential(spec, options(on));
}

/**
 * Makes the access exist and gives back what a person uses it with. Where that is the person's own, the access is waited for, because the
 * cloud may need a moment until every part of it knows.
 */
export async function hold(on: ProviderHarness, spec: BindingSpec): Promise<Held> {
  const own = on.own?.(spec);
  if (own === undefined) return issue(on, spec);
  await provide(on, spec);
  const until = after(on.now(), SETTLING_MS);
  while ((await on.use(own)) === 'refused' && on.now() < until) await pause(20);
  return own;
}

/** SHA-256 of what bounds the access in the cloud: it is told with a credential, or it was planned. */
export async function boundBy(on: ProviderHarness, spec: BindingSpec): Promise<string> {
  if (on.own === undefined) return String((await issue(on, spec)).facts.policyHash);
  await on.provider.provision(spec, options(on));
  const plan = on.provider.plan(spec);
  return plan.ok ? String(plan.policyHash) : 'nothing';
}

/** Who ends a binding when the broker is dead, as the provider declares it for its role. */
export function endedBy(on: ProviderHarness, spec: BindingSpec): EndedBy | undefined {
  return on.provider.endedBy?.(spec) ?? on.provider.methods[on.method]?.endedBy;
}

export function revoke(on: ProviderHarness, spec: BindingSpec, ending: Ending, rung = 0): Promise<void> {
  return on.provider.revoke(spec, ending, rung, options(on));
}

export function returned(on: ProviderHarness): Ending {
  return { cause: 'returned', since: on.now() };
}

export function absent(seen: Observation): Extract<Observation, { presence: 'absent' }> {
  if (seen.presence !== 'absent') throw new Error('the access is still there');
  return seen;
}

/** Waits for the refusal, at most as long as the method promises. */
export async function untilRefused(on: ProviderHarness, issued: Held): Promise<void> {
  const cut = on.provider.methods[on.method]?.cut;
  const until = after(on.now(), cut?.possible === true ? cut.withinMs : 0);
  while ((await on.use(issued)) === 'allowed') {
    if (on.now() >= until)
      throw new Error('the credential still works after the time in which the method promises to cut it');
    await pause(50);
  }
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
