import { instant, type Instant } from '../../src/core/time.ts';
import { ProviderFault, type CredentialFacts, type Observation, type Provider } from '../../src/providers/contract.ts';

/** A provider in memory whose answers a test decides; it remembers the calls it got. */
export interface FakeProvider extends Provider {
  readonly calls: string[];
  readonly held: Set<string>;
  /** The end that each slot was told last. */
  readonly ends: Map<string, Instant>;
  /** Happens right before a call that gives access, in the cloud. */
  onProvision: () => Promise<void>;
  /** Thrown by the next call of that name, once each. */
  readonly faults: { call: 'provision' | 'observe' | 'revoke'; fault: ProviderFault; landed?: boolean }[];
}

/** `abandonedCallMs`: how long a call that was given up may still land; absent: none does, and absence is final at once. */
export function fakeProvider(
  options: { byConstruction?: boolean; abandonedCallMs?: number; clocksDifferMs?: number } = {},
): FakeProvider {
  const calls: string[] = [];
  const held = new Set<string>();
  const ends = new Map<string, Instant>();
  const faults: FakeProvider['faults'] = [];
  const fail = (call: 'provision' | 'observe' | 'revoke', effect: () => void) => {
    calls.push(call);
    const index = faults.findIndex((one) => one.call === call);
    if (index < 0) return effect();
    const [one] = faults.splice(index, 1);
    if (one === undefined) return;
    if (one.landed === true) effect();
    throw one.fault;
  };
  const provider: FakeProvider = {
    name: 'aws',
    calls,
    held,
    ends,
    onProvision: async () => {},
    faults,
    methods: {
      'assume-role': {
        method: 'assume-role',
        slot: 'per-grant',
        endedBy: 'credential',
        cut: { possible: true, withinMs: 5_000 },
        residual: { maxMs: 0, words: 'nothing' },
        shortestDurationMs: 0,
        earliestRemovalMs: 0,
        settleMs: 60_000,
        abandonedCallMs: options.abandonedCallMs ?? 0,
        proofAtExpiry: options.byConstruction === false ? 'observed' : 'by-construction',
        endsApart: true,
        rungs: ['remove', 'cut'],
      },
    },
    plan: () => ({ ok: true, words: 'a session', policyHash: null }),
    async provision(wanted) {
      await provider.onProvision();
      fail('provision', () => {
        held.add(wanted.slot);
        ends.set(wanted.slot, wanted.endsAt);
      });
      return { usable: true, native: {}, credentials: [] };
    },
    async observe(binding, ending, call): Promise<Observation> {
      fail('observe', () => {});
      if (options.byConstruction !== false && call.now >= binding.endsAt) {
        const finalAt = instant(binding.endsAt + (options.clocksDifferMs ?? 0));
        return { presence: 'absent', proof: 'by-construction', evidence: {}, final: call.now >= finalAt, finalAt };
      }
      if (held.has(binding.slot))
        return {
          presence: 'present',
          usable: true,
          native: {},
          credentials: ending === null ? [lookedAt(call.now)] : [],
        };
      return { presence: 'absent', proof: 'observed', evidence: {}, final: options.abandonedCallMs === undefined };
    },
    async revoke(binding) {
      fail('revoke', () => held.delete(binding.slot));
    },
    async issueCredential(binding, call) {
      return {
        facts: {
          fingerprint: 'a'.repeat(64),
          issuedAt: call.now,
          expiresAt: instant(call.now + 900_000),
          policyHash: null,
        },
        usableUntil: binding.endsAt,
        secret: { kind: 'aws', accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'x', sessionToken: 'y' },
      };
    },
    doctor: async () => [],
  };
  return provider;
}

/** A credential that came into being by looking whether the access can be used. */
function lookedAt(now: Instant): CredentialFacts {
  return { fingerprint: 'b'.repeat(64), issuedAt: now, expiresAt: instant(now + 900_000), policyHash: null };
}
