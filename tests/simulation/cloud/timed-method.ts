import { after, toIso, type Instant } from '../../../src/core/time.ts';
import {
  ProviderFault,
  type BindingSpec,
  type CallOptions,
  type MethodCapabilities,
  type Observation,
  type Provider,
} from '../../../src/providers/contract.ts';
import type { Storm } from '../kernel/storm.ts';
import type { Network } from './network.ts';
import type { SimIdentities, SimIdentity, TimedObject } from './sim-identities.ts';

/** So much the cloud's clock may be off from the broker's; it is the cloud's that ends what carries its end. */
export const CLOUD_CLOCK_TOLERANCE_MS = 2_000;

/** The method's own name in the simulated company; no document can name it. */
export const TIMED = 'timed';

export function isTimed(spec: Pick<BindingSpec, 'method'>): boolean {
  return spec.method === TIMED;
}

/** The identity that a grant lands on: the person's own, in the account of the target. */
export function identityOf({ target, principal }: Pick<BindingSpec, 'target' | 'principal'>): string {
  return `${target.native}/${principal}`;
}

interface TimedParts {
  readonly storm: Storm;
  readonly identities: SimIdentities;
  readonly network: Network;
  readonly staleMs: () => number;
  readonly node: string;
  readonly landsLate: (spec: BindingSpec) => () => void;
  /** Told when something was made for a grant. */
  readonly onProvided: (grant: string) => void;
}

/**
 * A method like the real `timed-policy`: each grant is an object of its own on an identity that the person has already, which the cloud
 * stops believing at the end that stands in it. Afterwards it is litter, which an ending or `tidy` removes. It can be edited by hand.
 */
export function timedMethod(parts: TimedParts, base: MethodCapabilities) {
  const { storm, identities, network } = parts;
  const capabilities: MethodCapabilities = {
    ...base,
    method: TIMED,
    endedBy: 'cloud',
    proofAtExpiry: 'by-construction',
    residual: { maxMs: CLOUD_CLOCK_TOLERANCE_MS, words: 'to the second of the cloud’s own clock' },
    rungs: ['remove', 'deny in its place'],
  };
  const noteStale = <T>(spec: BindingSpec, fresh: T, seen: T): T => {
    if (JSON.stringify(fresh) !== JSON.stringify(seen)) {
      storm.marks.hit('stale-read');
      storm.strike('stale-read', parts.node, spec.grant);
    }
    return seen;
  };
  const call = <T>(what: string, effect: 'read' | 'write', spec: BindingSpec, how: CallOptions, perform: () => T) =>
    network.call({ name: `${what} ${spec.grant.slice(0, 8)}`, grant: spec.grant, effect, signal: how.signal, perform });
  const readObject = (spec: BindingSpec, how: CallOptions): Promise<TimedObject | null> =>
    call('read-object', 'read', spec, how, () => {
      const at = identityOf(spec);
      return noteStale(spec, identities.read(at, spec.grant, 0), identities.read(at, spec.grant, parts.staleMs()));
    });
  const readIdentity = (spec: BindingSpec, how: CallOptions): Promise<SimIdentity | null> =>
    call('read-identity', 'read', spec, how, () => identities.identity(identityOf(spec), parts.staleMs()));
  const remove = (spec: BindingSpec, how: CallOptions) =>
    call('remove-object', 'write', spec, how, () => identities.remove(identityOf(spec), spec.grant));
  const put = (spec: BindingSpec, how: CallOptions, object: TimedObject) =>
    network.call({
      name: `put-object ${spec.grant.slice(0, 8)}`,
      grant: spec.grant,
      effect: 'write',
      signal: how.signal,
      landsLate: object.kind === 'allow' ? parts.landsLate(spec) : () => {},
      perform: () => {
        if (!identities.put(identityOf(spec), object)) throw new ProviderFault('invalid', 'there is no such identity');
        if (object.kind === 'allow') parts.onProvided(spec.grant);
      },
    });

  return {
    capabilities,

    async provision(spec: BindingSpec, how: CallOptions) {
      if (how.now >= spec.endsAt) throw new ProviderFault('invalid', 'the grant is over');
      const identity = await readIdentity(spec, how);
      if (identity === null) throw new ProviderFault('invalid', 'the requester has no identity there');
      if (identity.madeAt > after(spec.activatedAt, CLOUD_CLOCK_TOLERANCE_MS))
        throw new ProviderFault('invalid', 'the identity was made anew after the grant began');
      await put(spec, how, { grant: spec.grant, kind: 'allow', until: spec.endsAt });
      // It was put, so a fault of this look must not sound as if nothing had happened.
      const seen = await readObject(spec, how).catch((error: unknown) => {
        if (error instanceof ProviderFault) return null;
        throw error;
      });
      return { usable: isOurs(seen, spec), native: { identity: identityOf(spec) }, credentials: [] };
    },

    async observe(
      spec: BindingSpec,
      ending: Parameters<Provider['observe']>[1],
      how: CallOptions,
    ): Promise<Observation> {
      const finalAt = after(spec.endsAt, CLOUD_CLOCK_TOLERANCE_MS);
      const over = how.now >= spec.endsAt;
      const absent = (seen: string): Observation => ({
        presence: 'absent',
        proof: over ? 'by-construction' : 'observed',
        evidence: { seen },
        final: how.now >= finalAt,
        ...(over && how.now < finalAt ? { finalAt } : {}),
      });
      const object = await readObject(spec, how);
      if (object === null) {
        const identity = await readIdentity(spec, how);
        return absent(
          identity === null ? 'no identity' : `nothing on the identity of ${toIso(identity.madeAt as Instant)}`,
        );
      }
      if (object.kind === 'deny') return absent('a denial');
      if (isOurs(object, spec)) {
        if (over && how.now < finalAt) return absent('an object whose time is over');
        if (over) storm.marks.hit('litter-seen');
        return { presence: 'present', usable: !over, native: {} };
      }
      storm.marks.hit('edit-seen');
      return { presence: 'present', usable: ending !== null, native: { edited: true } };
    },

    async revoke(spec: BindingSpec, rung: number, how: CallOptions): Promise<void> {
      if (rung === 0) return remove(spec, how);
      if ((await readObject(spec, how)) === null) return;
      try {
        await remove(spec, how);
      } catch (error) {
        if (!(error instanceof ProviderFault)) throw error;
        // Between the same times as what it takes the place of.
        await put(spec, how, { grant: spec.grant, kind: 'deny', until: spec.endsAt });
      }
    },

    /** Removes from the identity of a grant what is long over; the objects say themselves when that was. */
    async tidy(spec: BindingSpec, how: CallOptions) {
      const at = identityOf(spec);
      const listed = await call('list-objects', 'read', spec, how, () =>
        noteStale(spec, identities.list(at, 0), identities.list(at, parts.staleMs())),
      );
      const litter = listed.filter(
        ({ until }) => until !== null && how.now >= after(until as Instant, CLOUD_CLOCK_TOLERANCE_MS),
      );
      if (litter.length > 0) await how.alongside?.removes(listed.length - litter.length);
      for (const { grant } of litter) {
        storm.marks.hit('litter-swept');
        await call(`sweep-object ${grant.slice(0, 8)} beside`, 'write', spec, how, () => identities.remove(at, grant));
      }
      return { removed: litter.length > 0, left: listed.length - litter.length };
    },
  };
}

function isOurs(object: TimedObject | null, spec: BindingSpec): boolean {
  return object?.kind === 'allow' && object.until === spec.endsAt;
}
