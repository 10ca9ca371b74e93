import type { Provider } from '../src/providers/contract.ts';
import { fakeProvider } from '../tests/sql/fake-provider.ts';

/** Epoch milliseconds with fractions. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/** A provider that answers at once, and when the first call of each kind came for each grant. */
export interface RecordingProvider {
  readonly provider: Provider;
  readonly observed: ReadonlyMap<string, number>;
  readonly revoked: ReadonlyMap<string, number>;
}

/**
 * `removes`: access of these grants is there until it is taken away, as in Identity Center: look, remove, look again. That of the
 * others ends with the credential, as with assume-role: one look proves it.
 */
export function recordingProvider(removes: (grant: string) => boolean): RecordingProvider {
  const observed = new Map<string, number>();
  const revoked = new Map<string, number>();
  const instead = fakeProvider();
  const provider: Provider = {
    ...instead,
    async observe(binding, ending, call) {
      if (ending !== null && !observed.has(binding.grant)) observed.set(binding.grant, nowMs());
      if (ending !== null && removes(binding.grant) && !revoked.has(binding.grant))
        return { presence: 'present', usable: true, native: {} };
      return instead.observe(binding, ending, call);
    },
    async revoke(binding) {
      if (!revoked.has(binding.grant)) revoked.set(binding.grant, nowMs());
    },
  };
  return { provider, observed, revoked };
}
