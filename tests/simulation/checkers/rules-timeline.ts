import { LEADS, VARIANTS, type Expectation } from '../broker/company.ts';

/** A decision to start that was made under the old rules can be written down as long as its lease holds. */
const GRACE_MS = 10_500;

interface Start {
  readonly role: string;
  readonly requester: string;
  readonly approvers: ReadonlySet<string>;
  readonly durationMs: number;
  /** Which extension of its grant it is; 0: it is the start. */
  readonly extension: number;
}

/** Which rules were in force on which node and when: nodes reload at their own moments, so several can be in force at once. */
export class RulesTimeline {
  readonly #now: () => number;
  readonly #current = new Map<string, Expectation>();
  readonly #past: { readonly until: number; readonly rules: Expectation }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A node has other rules in force from now on; `null`: it is dead. */
  change(node: string, variant: number | null): void {
    const before = this.#current.get(node);
    if (before !== undefined) this.#past.push({ until: this.#now() + GRACE_MS, rules: before });
    const next = variant === null ? undefined : VARIANTS[variant];
    if (next === undefined) this.#current.delete(node);
    else this.#current.set(node, next);
  }

  /** Why no rules that were in force on any node allow this start; `null`: some do. */
  refusals(start: Start): string | null {
    const now = this.#now();
    const inForce = [
      ...this.#current.values(),
      ...this.#past.filter(({ until }) => now <= until).map(({ rules }) => rules),
    ];
    const reasons = inForce.map((rules) => refusal(rules, start));
    return reasons.includes(null) ? null : (reasons[0] ?? 'no node is alive');
  }
}

function refusal(rules: Expectation, start: Start): string | null {
  const needed = rules.approvals[start.role];
  if (needed === undefined) return `the rules give ${start.role} to nobody (${rules.what})`;
  if (rules.left.includes(start.requester)) return `${start.requester} has left (${rules.what})`;
  if (start.durationMs > rules.maxMs) return `it lasts ${start.durationMs} ms (${rules.what})`;
  if (start.extension > rules.extensions) return `it is extension ${start.extension} (${rules.what})`;
  const counted = [...start.approvers].filter(
    (key) => LEADS.some((lead) => lead === key) && !rules.left.includes(key) && key !== start.requester,
  );
  if (counted.length < needed) return `${counted.length} of ${needed} approvals were given (${rules.what})`;
  return null;
}
