import { createHash } from 'node:crypto';
import { instant, type Instant } from '../../../src/core/time.ts';
import {
  ProviderFault,
  type BindingPlace,
  type BindingSpec,
  type CallOptions,
  type IssuedCredential,
  type MethodCapabilities,
  type Observation,
  type Provider,
  type Provisioned,
} from '../../../src/providers/contract.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { EndSigner } from '../../../src/providers/signed-end.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import type { Prng } from '../kernel/prng.ts';
import { anywhereMethod, isAnywhere } from './anywhere-method.ts';
import { centerMethod, isAtCenter } from './center-method.ts';
import type { Network } from './network.ts';
import { passCalls, passMethod } from './passes.ts';
import { isSession, sessionMethod } from './session-method.ts';
import { BINDING, type CloudNames, type SimCloud, type Token } from './sim-cloud.ts';
import { isTimed, timedMethod } from './timed-method.ts';

/** The longest time after a call was given up until a look can no longer be wrong about it: landing and staleness together. */
export const ABANDONED_CALL_MS = 60_000;
/** How long a token of a binding works. */
const TOKEN_MS = 900_000;

const CAPABILITIES: MethodCapabilities = {
  method: BINDING,
  slot: 'per-grant',
  endedBy: 'broker',
  cut: { possible: true, withinMs: 5_000 },
  residual: { maxMs: 0, words: 'nothing survives' },
  shortestDurationMs: 1_000,
  earliestRemovalMs: 0,
  settleMs: 30_000,
  // What lands last has to be obeyed yet.
  abandonedCallMs: ABANDONED_CALL_MS + 5_000,
  proofAtExpiry: 'observed',
  rungs: ['remove', 'page somebody'],
};

/** A method with one place for all grants of a person on a native role. Nothing is handed out. */
const ASSIGNMENT: MethodCapabilities = { ...CAPABILITIES, method: 'assignment', slot: 'shared' };
const PASS = passMethod(CAPABILITIES);

/** Which node called for a grant last; shared by all nodes of a run. */
export type LastCallers = Map<string, { readonly node: string; alive(): boolean }>;

export interface SimProviderOptions {
  readonly storm: Storm;
  readonly cloud: SimCloud;
  readonly network: Network;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly node: { readonly node: string; alive(): boolean };
  readonly lastCallers: LastCallers;
  /** State of a grant as the database last said, for marks only. */
  readonly stateOf: (grant: string) => string | undefined;
  /** Signs ends for whoever sweeps. */
  readonly signer: EndSigner;
  /** Told that all sessions of a role that were issued before a time are cut. */
  readonly onCut: (account: string, role: string, at: Instant) => Promise<void>;
}

/** A provider of the simulated cloud, written as one for a real cloud would be: it knows only what the network tells it. */
export function createSimProvider(options: SimProviderOptions): Provider {
  const { storm, cloud, network } = options;
  const stale = () => (storm.weather.cloud.staleMs === 0 ? 0 : options.prng.int(0, storm.weather.cloud.staleMs));
  const note = (spec: BindingSpec, what: string) => storm.trace.note(options.node.node, `${what} ${short(spec.grant)}`);
  const noteCaller = (spec: BindingSpec) => {
    const last = options.lastCallers.get(spec.grant);
    if (last !== undefined && last.node !== options.node.node && !last.alive()) storm.marks.hit('took-over');
    options.lastCallers.set(spec.grant, options.node);
  };
  const landsLate = (grant: string) => {
    if (options.stateOf(grant) === 'ending') storm.marks.hit('late-landing-while-ending');
  };
  const gives = (spec: BindingSpec) => () => landsLate(spec.grant);
  const onStale = (grant: string) => {
    storm.marks.hit('stale-read');
    storm.strike('stale-read', options.node.node, grant);
  };
  const noteStale = (spec: BindingSpec, fresh: boolean, seen: boolean) => {
    if (fresh !== seen) onStale(spec.grant);
    return seen;
  };

  const readBinding = (spec: BindingSpec, call: CallOptions) =>
    network.call({
      name: `read-binding ${short(spec.grant)}`,
      grant: spec.grant,
      effect: 'read',
      signal: call.signal,
      perform: () => noteStale(spec, isThere(spec, 0), isThere(spec, stale())),
    });
  const isThere = (spec: BindingSpec, staleMs: number) =>
    isAssignment(spec) ? cloud.isAssigned(spec.slot, staleMs) : cloud.isBound(spec.slot, staleMs);
  const assign = (spec: BindingSpec, call: CallOptions) =>
    network.call({
      name: `assign ${short(spec.grant)}`,
      grant: spec.grant,
      effect: 'write',
      signal: call.signal,
      landsLate: gives(spec),
      perform: () => cloud.assign(spec.slot, namesOf(spec)),
    });
  /** The binding was made, so a fault of this look must not sound as if nothing had happened. */
  const isUsable = async (spec: BindingSpec, call: CallOptions): Promise<boolean> => {
    if (storm.weather.cloud.settlesSlowly) return false;
    try {
      return await readBinding(spec, call);
    } catch (error) {
      if (error instanceof ProviderFault) return false;
      throw error;
    }
  };

  const atCenter = centerMethod({
    center: cloud.center,
    network,
    clock: options.clock,
    signer: options.signer,
    landsLate,
  });
  const anywhere = anywhereMethod({
    anywhere: cloud.anywhere,
    network,
    clock: options.clock,
    staleMs: stale,
    onStale,
    landsLate,
    onCut: options.onCut,
  });
  const timed = timedMethod({
    identities: cloud.identities,
    network,
    clock: options.clock,
    signer: options.signer,
    staleMs: stale,
    onStale,
    landsLate,
  });
  const session = sessionMethod({
    roles: cloud.roles,
    network,
    clock: options.clock,
    staleMs: stale,
    onStale,
    landsLate,
    onCut: options.onCut,
  });
  /** The methods of AWS, which are the real ones. What other clouds could have is short, and written here. */
  const real = (spec: Pick<BindingSpec, 'method'>): typeof atCenter | null =>
    isSession(spec)
      ? session
      : isAtCenter(spec)
        ? atCenter
        : isAnywhere(spec)
          ? anywhere
          : isTimed(spec)
            ? timed
            : null;
  const passes = passCalls({
    network,
    cloud,
    stale,
    settlesSlowly: () => storm.weather.cloud.settlesSlowly,
    landsLate: gives,
  });
  return {
    name: 'aws',
    methods: {
      [BINDING]: CAPABILITIES,
      [session.capabilities.method]: session.capabilities,
      assignment: ASSIGNMENT,
      pass: PASS,
      [timed.capabilities.method]: timed.capabilities,
      [atCenter.capabilities.method]: atCenter.capabilities,
      [anywhere.capabilities.method]: anywhere.capabilities,
    },
    plan: (wanted) =>
      wanted.role.name === 'unplannable'
        ? { ok: false, message: 'its session policy is too long', hint: 'Shorten it.' }
        : (real(wanted)?.plan(wanted) ?? { ok: true, words: 'a binding', policyHash: null }),
    exclusive: (spec, act) => real(spec)?.exclusive(spec, act) ?? null,
    // Masses that ask at once are more than it takes.
    quota: (place, act) => {
      const method = real(place);
      return method === null
        ? [{ key: `sim:${place.target.native}`, perSecond: 1, burst: 2, calls: 1 }]
        : (method.quota?.(place, act) ?? []);
    },
    sharedPlace: (wanted) =>
      isAtCenter(wanted) ? (atCenter.sharedPlace?.(wanted) ?? []) : [wanted.target.native, 'shared', wanted.principal],
    landing: (spec) => {
      const method = real(spec);
      if (method !== null) return method.landing(spec);
      return isAssignment(spec) || isPass(spec)
        ? {
            identity: `${spec.method} ${spec.target.native}/${spec.principal}`,
            words: 'the person’s own account in the simulated cloud',
          }
        : null;
    },
    doctor: async () => [],
    forget: async (spec, call) => real(spec)?.forget?.(spec, call),
    tidy: async (spec, call) => (await real(spec)?.tidy(spec, call)) ?? { removed: false, left: 0 },

    async provision(spec, call): Promise<Provisioned> {
      noteCaller(spec);
      note(spec, 'provisions');
      const method = real(spec);
      if (method !== null) return method.provision(spec, call);
      if (isPass(spec)) return passes.provision(spec, call);
      if (isAssignment(spec)) {
        await assign(spec, call);
        return { usable: await isUsable(spec, call), native: { slot: spec.slot }, credentials: [] };
      }
      await network.call({
        name: `bind ${short(spec.grant)}`,
        grant: spec.grant,
        effect: 'write',
        signal: call.signal,
        landsLate: gives(spec),
        perform: () => cloud.bind(spec.slot, namesOf(spec)),
      });
      return { usable: await isUsable(spec, call), native: { slot: spec.slot }, credentials: [] };
    },

    async observe(spec, ending, call): Promise<Observation> {
      noteCaller(spec);
      const method = real(spec);
      if (method !== null) return method.observe(spec, ending, call);
      if (isPass(spec)) return passes.observe(spec, ending, call);
      return (await readBinding(spec, call))
        ? { presence: 'present', usable: true, native: {} }
        : { presence: 'absent', proof: 'observed', evidence: { seen: 'no binding' }, final: false };
    },

    async revoke(spec, ending, rung, call) {
      noteCaller(spec);
      note(spec, `revokes (${ending.cause}, rung ${rung})`);
      if (rung > 0) storm.marks.hit('next-rung');
      const method = real(spec);
      if (method !== null) return method.revoke(spec, ending, rung, call);
      if (isPass(spec)) return passes.revoke(spec, ending, rung, call);
      await network.call({
        name: `unbind ${short(spec.grant)}`,
        grant: spec.grant,
        effect: 'write',
        signal: call.signal,
        perform: () =>
          isAssignment(spec) ? cloud.unassign(spec.slot, namesOf(spec)) : cloud.unbind(spec.slot, namesOf(spec)),
      });
    },

    async issueCertificate(spec, call, holderKey) {
      if (!isAnywhere(spec)) throw new ProviderFault('invalid', 'no certificates are handed out under this');
      return anywhere.issueCertificate(spec, call, holderKey);
    },

    async issueCredential(spec, call): Promise<IssuedCredential> {
      const method = real(spec);
      if (method !== null) return method.issueCredential(spec, call);
      if (isAssignment(spec) || isPass(spec)) throw new ProviderFault('invalid', 'nothing is handed out under this');
      const token = await network.call({
        name: `issue-token ${short(spec.grant)}`,
        grant: spec.grant,
        effect: 'write',
        signal: call.signal,
        perform: () => cloud.issueToken(spec.slot, TOKEN_MS),
      });
      if (token === null) throw new ProviderFault('conflict', 'there is no binding to issue a token under');
      return issued(token, spec);
    },
  };
}

function isPass({ method }: Pick<BindingSpec, 'method'>): boolean {
  return method === PASS.method;
}

function isAssignment(spec: Pick<BindingSpec, 'method'>): boolean {
  return spec.method === ASSIGNMENT.method;
}

function namesOf(spec: BindingPlace): CloudNames {
  return { grant: spec.grant, roleKey: `${spec.target.native}/${spec.role.name}` };
}

export function fingerprintOf(credential: { readonly key: string }): string {
  return createHash('sha256').update(credential.key).digest('hex');
}

function issued(token: Token, spec: BindingSpec): IssuedCredential {
  const expiresAt = instant(token.expiresAt);
  const issuedAt = instant(token.expiresAt - TOKEN_MS);
  return {
    facts: { fingerprint: fingerprintOf(token), issuedAt, expiresAt, policyHash: null },
    usableUntil: instant(Math.min(expiresAt, spec.endsAt)),
    // The key alone identifies it in the simulated cloud.
    secret: { kind: 'aws', accessKeyId: token.key, secretAccessKey: '-', sessionToken: '-' },
  };
}
