import { createHash } from 'node:crypto';
import { instant, type Instant } from '../../../src/core/time.ts';
import {
  ProviderFault,
  type BindingPlace,
  type BindingSpec,
  type CallOptions,
  type CredentialFacts,
  type IssuedCredential,
  type MethodCapabilities,
  type Observation,
  type Provider,
  type Provisioned,
} from '../../../src/providers/contract.ts';
import { gather } from '../../../src/providers/aws/gather.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import type { Prng } from '../kernel/prng.ts';
import { anywhereMethod, isAnywhere } from './anywhere-method.ts';
import { centerMethod, isAtCenter } from './center-method.ts';
import type { Network } from './network.ts';
import { passCalls, passMethod } from './passes.ts';
import type { CloudNames, Credential, SimCloud } from './sim-cloud.ts';
import { identityOf, isTimed, TIMED, timedMethod } from './timed-method.ts';

/** The longest time after a call was given up until a look can no longer be wrong about it: landing and staleness together. */
export const ABANDONED_CALL_MS = 60_000;
/** The shortest session that the cloud issues. */
export const SESSION_MS = 900_000;
/** How long an entry stays after the end of its grant: the longest session that can have been issued under it, and a margin. */
const ENTRY_MARGIN_MS = SESSION_MS + 300_000;

/** On targets with this label access is a binding that only the broker ends; elsewhere it is a session with its own end. */
export const BINDING_LABEL = 'binding';

const CAPABILITIES: MethodCapabilities = {
  method: 'assume-role',
  slot: 'per-grant',
  endedBy: 'broker',
  cut: { possible: true, withinMs: 5_000 },
  residual: { maxMs: 0, words: 'nothing survives' },
  shortestDurationMs: 1_000,
  earliestRemovalMs: 0,
  settleMs: 30_000,
  abandonedCallMs: ABANDONED_CALL_MS,
  proofAtExpiry: 'observed',
  endsApart: true,
  rungs: ['remove', 'remove, and cut all sessions of the role', 'page somebody'],
};

/** A method with one place for all grants of a person on a native role. Nothing is handed out. */
const { endsApart: _, ...ONE_OBJECT } = CAPABILITIES;
const ASSIGNMENT: MethodCapabilities = { ...ONE_OBJECT, method: 'assignment', slot: 'shared' };
const PASS = passMethod(ONE_OBJECT);

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

  const timed = timedMethod(
    {
      storm,
      identities: cloud.identities,
      network,
      staleMs: stale,
      node: options.node.node,
      landsLate: gives,
      onProvided: (grant) => cloud.noteProvided(grant),
    },
    CAPABILITIES,
  );

  const openSession = (spec: BindingSpec, call: CallOptions) => {
    if (call.now >= spec.endsAt) throw new ProviderFault('invalid', 'the grant is over; nothing is issued under it');
    return network.call({
      name: `assume-role ${short(spec.grant)}`,
      grant: spec.grant,
      effect: 'write',
      signal: call.signal,
      landsLate: gives(spec),
      perform: () => cloud.issueSession(namesOf(spec), spec.endsAt, SESSION_MS),
    });
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
  const readDeny = (spec: BindingSpec, call: CallOptions) =>
    network.call({
      name: `read-deny ${namesOf(spec).roleKey}`,
      grant: spec.grant,
      effect: 'read',
      signal: call.signal,
      perform: () => {
        const seen = cloud.readDeny(namesOf(spec).roleKey, stale());
        noteStale(spec, cloud.readDeny(namesOf(spec).roleKey, 0).entries.has(spec.grant), seen.entries.has(spec.grant));
        return seen;
      },
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

  const denyTogether = gather<{ readonly spec: BindingSpec; readonly cut: boolean }>(async (wishes, call) => {
    const [first] = wishes;
    if (first === undefined) return;
    if (wishes.length > 1) storm.marks.hit('written-together');
    const { roleKey } = namesOf(first.spec);
    const before = await readDeny(first.spec, call);
    const entries = new Map([...before.entries].filter(([, until]) => call.now < until));
    for (const { spec } of wishes) entries.set(spec.grant, spec.endsAt + ENTRY_MARGIN_MS);
    const missing = ((await call.alongside?.ending()) ?? []).filter(({ grant }) => !entries.has(grant));
    if (missing.length > 0) await call.alongside?.restores(missing.map(({ grant }) => grant));
    for (const { grant, endsAt } of missing) entries.set(grant, endsAt + ENTRY_MARGIN_MS);
    const cutAt = wishes.some(({ cut }) => cut) ? Math.max(before.cutAt, call.now) : before.cutAt;
    await network.call({
      name: `write-deny ${roleKey} for ${wishes.map(({ spec }) => short(spec.grant)).join(', ')}`,
      grant: first.spec.grant,
      effect: 'write',
      signal: call.signal,
      perform: () => cloud.writeDeny(roleKey, { entries, cutAt }),
    });
    const after = await readDeny(first.spec, call);
    if (!wishes.every(({ spec }) => isDenied(after, spec)))
      throw new ProviderFault('conflict', 'the deny does not show what was written');
  });

  const atCenter = centerMethod({ center: cloud.center, network, clock: options.clock, landsLate });
  const anywhere = anywhereMethod({
    anywhere: cloud.anywhere,
    network,
    clock: options.clock,
    staleMs: stale,
    onStale,
    landsLate,
    onCut: options.onCut,
  });
  /** The methods that are the real ones; the others are short, and written here. */
  const real = (spec: Pick<BindingSpec, 'method'>): typeof atCenter | null =>
    isAtCenter(spec) ? atCenter : isAnywhere(spec) ? anywhere : null;
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
      'assume-role': CAPABILITIES,
      assignment: ASSIGNMENT,
      pass: PASS,
      [TIMED]: timed.capabilities,
      [atCenter.capabilities.method]: atCenter.capabilities,
      [anywhere.capabilities.method]: anywhere.capabilities,
    },
    plan: (wanted) =>
      real(wanted)?.plan(wanted) ??
      (wanted.role.name === 'unplannable'
        ? { ok: false, message: 'its session policy is too long', hint: 'Shorten it.' }
        : { ok: true, words: 'a session or a binding', policyHash: null }),
    exclusive: (spec, act) => {
      const method = real(spec);
      if (method !== null) return method.exclusive(spec, act);
      return isBinding(spec) ||
        isAssignment(spec) ||
        isPass(spec) ||
        isTimed(spec) ||
        act === 'provision' ||
        act === 'expire'
        ? null
        : `sim:${namesOf(spec).roleKey}`;
    },
    // Masses that ask at once are more than it takes.
    quota: (place, act) => {
      const method = real(place);
      return method === null
        ? { key: `sim:${place.target.native}`, perSecond: 1, burst: 2, calls: 1 }
        : (method.quota?.(place, act) ?? null);
    },
    sharedPlace: (wanted) =>
      isAtCenter(wanted) ? (atCenter.sharedPlace?.(wanted) ?? []) : [wanted.target.native, 'shared', wanted.principal],
    landing: (spec) => {
      const method = real(spec);
      if (method !== null) return method.landing(spec);
      return isAssignment(spec) || isPass(spec) || isTimed(spec)
        ? { identity: `${spec.method} ${identityOf(spec)}`, words: 'the person’s own account in the simulated cloud' }
        : null;
    },
    doctor: async () => [],
    tidy: async (spec, call) => {
      const method = real(spec);
      if (method !== null) return method.tidy(spec, call);
      return isTimed(spec) ? timed.tidy(spec, call) : { removed: false, left: 0 };
    },

    async provision(spec, call): Promise<Provisioned> {
      noteCaller(spec);
      note(spec, 'provisions');
      const method = real(spec);
      if (method !== null) return method.provision(spec, call);
      if (isPass(spec)) return passes.provision(spec, call);
      if (isTimed(spec)) return timed.provision(spec, call);
      if (isAssignment(spec)) {
        await assign(spec, call);
        return { usable: await isUsable(spec, call), native: { slot: spec.slot }, credentials: [] };
      }
      if (!isBinding(spec)) {
        const session = await openSession(spec, call);
        return { usable: true, native: { session: session.key }, credentials: [factsOf(session)] };
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
      if (isTimed(spec)) return timed.observe(spec, ending, call);
      if (isBinding(spec) || isAssignment(spec)) {
        return (await readBinding(spec, call))
          ? { presence: 'present', usable: true, native: {} }
          : absent({ seen: 'no binding' });
      }
      if (call.now >= spec.endsAt) {
        return { presence: 'absent', proof: 'by-construction', evidence: { endsAt: spec.endsAt }, final: true };
      }
      if (ending === null) {
        const session = await openSession(spec, call);
        return { presence: 'present', usable: true, native: { session: session.key } };
      }
      const document = await readDeny(spec, call);
      return isDenied(document, spec)
        ? absent({ seen: 'deny entry' })
        : { presence: 'present', usable: true, native: {} };
    },

    async revoke(spec, ending, rung, call) {
      noteCaller(spec);
      note(spec, `revokes (${ending.cause}, rung ${rung})`);
      if (rung > 0) storm.marks.hit('next-rung');
      const method = real(spec);
      if (method !== null) return method.revoke(spec, ending, rung, call);
      if (isPass(spec)) return passes.revoke(spec, ending, rung, call);
      if (isTimed(spec)) return timed.revoke(spec, rung, call);
      if (isBinding(spec) || isAssignment(spec)) {
        await network.call({
          name: `unbind ${short(spec.grant)}`,
          grant: spec.grant,
          effect: 'write',
          signal: call.signal,
          perform: () => (isAssignment(spec) ? cloud.unassign(spec.slot) : cloud.unbind(spec.slot)),
        });
        return;
      }
      if (call.now >= spec.endsAt || (ending.cause === 'expired' && ending.since >= spec.endsAt)) return;
      await denyTogether(namesOf(spec).roleKey, { item: { spec, cut: rung > 0 }, call });
    },

    async issueCertificate(spec, call, holderKey) {
      if (!isAnywhere(spec)) throw new ProviderFault('invalid', 'no certificates are handed out under this');
      return anywhere.issueCertificate(spec, call, holderKey);
    },

    async issueCredential(spec, call): Promise<IssuedCredential> {
      const method = real(spec);
      if (method !== null) return method.issueCredential(spec, call);
      if (isAssignment(spec) || isPass(spec) || isTimed(spec))
        throw new ProviderFault('invalid', 'nothing is handed out under this');
      if (!isBinding(spec)) return issued(await openSession(spec, call), spec);
      const token = await network.call({
        name: `issue-token ${short(spec.grant)}`,
        grant: spec.grant,
        effect: 'write',
        signal: call.signal,
        perform: () => cloud.issueToken(spec.slot, SESSION_MS),
      });
      if (token === null) throw new ProviderFault('conflict', 'there is no binding to issue a token under');
      return issued(token, spec);
    },
  };
}

export function isBinding(spec: Pick<BindingSpec, 'target' | 'method'>): boolean {
  return spec.target.labels['access'] === BINDING_LABEL && spec.method === CAPABILITIES.method;
}

function isPass({ method }: Pick<BindingSpec, 'method'>): boolean {
  return method === PASS.method;
}

export function isAssignment(spec: Pick<BindingSpec, 'method'>): boolean {
  return spec.method === ASSIGNMENT.method;
}

function namesOf(spec: BindingPlace): CloudNames {
  return { grant: spec.grant, roleKey: `${spec.target.native}/${spec.role.name}` };
}

function isDenied(document: { entries: ReadonlyMap<string, number> }, spec: BindingSpec): boolean {
  return document.entries.has(spec.grant);
}

function absent(evidence: { readonly seen: string }): Observation {
  return { presence: 'absent', proof: 'observed', evidence, final: false };
}

export function fingerprintOf(credential: { readonly key: string }): string {
  return createHash('sha256').update(credential.key).digest('hex');
}

function factsOf(credential: Credential): CredentialFacts {
  const issuedAt = instant(credential.expiresAt - SESSION_MS);
  return {
    fingerprint: fingerprintOf(credential),
    issuedAt,
    expiresAt: instant(credential.expiresAt),
    policyHash: null,
  };
}

function issued(credential: Credential, spec: BindingSpec): IssuedCredential {
  return {
    facts: factsOf(credential),
    usableUntil: instant(Math.min(credential.expiresAt, spec.endsAt)),
    // The key alone identifies it in the simulated cloud.
    secret: { kind: 'aws', accessKeyId: credential.key, secretAccessKey: '-', sessionToken: '-' },
  };
}
