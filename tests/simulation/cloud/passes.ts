import type {
  BindingSpec,
  CallOptions,
  MethodCapabilities,
  Observation,
  Provider,
} from '../../../src/providers/contract.ts';
import { short } from '../kernel/trace.ts';
import type { Network } from './network.ts';
import type { SimCloud } from './sim-cloud.ts';

/** A method whose every grant is an object with an end in it, which the cloud itself stops believing then. Nothing is handed out. */
export function passMethod(shared: MethodCapabilities): MethodCapabilities {
  return { ...shared, method: 'pass', slot: 'per-grant', endedBy: 'cloud', proofAtExpiry: 'by-construction' };
}

export interface PassParts {
  readonly network: Network;
  readonly cloud: SimCloud;
  /** How far behind a read is. */
  readonly stale: () => number;
  /** Whether what was written can be seen at once. */
  readonly settlesSlowly: () => boolean;
  readonly landsLate: (spec: BindingSpec) => () => void;
}

/** The calls of that method, written as for a real cloud: a later end is written over an earlier one, and so is an earlier one that comes late. */
export function passCalls(parts: PassParts): Pick<Provider, 'provision' | 'observe' | 'revoke'> {
  const { network, cloud } = parts;
  const names = (spec: BindingSpec) => ({ grant: spec.grant, roleKey: `${spec.target.native}/${spec.role.name}` });
  const read = (spec: BindingSpec, call: CallOptions) =>
    network.call({
      name: `read-pass ${short(spec.grant)}`,
      grant: spec.grant,
      effect: 'read',
      signal: call.signal,
      perform: () => cloud.passEnd(spec.slot, parts.stale()),
    });
  const write = (spec: BindingSpec, call: CallOptions, endsAt: number | null) =>
    network.call({
      name: `${endsAt === null ? 'remove' : 'write'}-pass ${short(spec.grant)}`,
      grant: spec.grant,
      effect: 'write',
      signal: call.signal,
      ...(endsAt === null ? {} : { landsLate: parts.landsLate(spec) }),
      perform: () => cloud.pass(spec.slot, names(spec), endsAt),
    });
  return {
    async provision(spec, call) {
      await write(spec, call, spec.endsAt);
      const usable = !parts.settlesSlowly() && (await read(spec, call).catch(() => null)) === spec.endsAt;
      return { usable, native: { slot: spec.slot }, credentials: [] };
    },
    async observe(spec, ending, call): Promise<Observation> {
      if (call.now >= spec.endsAt)
        return { presence: 'absent', proof: 'by-construction', evidence: { endsAt: spec.endsAt }, final: true };
      const end = await read(spec, call);
      if (end === null || end <= call.now)
        return { presence: 'absent', proof: 'observed', evidence: { seen: 'no pass' }, final: false };
      return { presence: 'present', usable: ending !== null || end === spec.endsAt, native: {} };
    },
    async revoke(spec, _ending, _rung, call) {
      if (call.now < spec.endsAt) await write(spec, call, null);
    },
  };
}
