import { instant } from '../../../src/core/time.ts';
import type { RequestInput } from '../../../src/operations/check-input.ts';
import { CERTIFIED, ENGINEERS, TARGETS, VISITING } from '../broker/company.ts';
import type { Prng } from '../kernel/prng.ts';

/** Access that somebody has, or is about to have. */
export interface Held {
  readonly key: string;
  readonly role: string;
  readonly target: string;
}

/**
 * What somebody asks for next; now and then something that cannot be had, and with `haste` for a few seconds only. `again`: somebody asks
 * for what they have already.
 */
export function drawRequest(
  prng: Prng,
  now: number,
  haste: number,
  again: Held | null,
): { readonly key: string; readonly input: RequestInput; readonly words: string } {
  const key = again?.key ?? (prng.chance(0.95) ? prng.pick(ENGINEERS) : 'zoe');
  const item = () => ({
    role: prng.weighted({
      reader: 5,
      mover: 2,
      open: 4,
      binder: 4,
      sharer: 4,
      auditor: 3,
      passer: 5,
      stamper: 4,
      visitor: 6,
      runner: 8,
      keeper: 0.3,
      unplannable: 0.3,
      unheard: 0.3,
    }),
    target: prng.chance(0.97) ? prng.pick(TARGETS) : 'aws/nowhere',
  });
  const same = again === null ? null : [{ role: again.role, target: again.target }];
  const items = same ?? (prng.chance(0.12) ? [item(), item()] : prng.chance(0.02) ? [] : [item()]);
  // What takes the cloud a while to make, or to obey, is not given for seconds.
  const briefestOf = ({ role }: { readonly role: string }) => (role === VISITING ? 60 : role === CERTIFIED ? 10 : 3);
  const longest = Math.max(3, ...items.map(briefestOf));
  const briefest = longest > 3 && prng.chance(0.95) ? longest : 3;
  const hurried = prng.chance(haste) ? prng.int(briefest, briefest + 9) * 1_000 : null;
  const durationMs =
    hurried ??
    (prng.chance(0.9)
      ? Math.max(briefest, prng.pick([prng.int(5, 60), prng.int(60, 360)])) * 1_000
      : prng.pick([0, -60_000, 1.5, 40 * 86_400_000, 3_600_000]));
  const input: RequestInput = {
    items,
    reason: prng.chance(0.97) ? 'simulated work' : 'x'.repeat(100_000),
    ...(prng.chance(0.2) ? {} : { durationMs }),
    ...(prng.chance(0.25) ? { startsAt: instant(now + prng.int(1_000, 120_000)) } : {}),
  };
  return { key, input, words: `${items.map((one) => `${one.role}@${one.target}`).join(' and ')} for ${durationMs} ms` };
}
