import { LEADS, VARIANTS, type Expectation } from '../broker/company.ts';

/** A decision to start that was made under the old rules can be written down as long as its lease holds. */
const GRACE_MS = 10_500;

interface Start {
  readonly role: string;
  readonly requester: string;
  /** Who said yes, and when. */
  readonly approvers: ReadonlyMap<string, number>;
  readonly durationMs: number;
  /** Which extension of its grant it is; 0: it is the start. */
  readonly extension: number;
}

interface InForce {
  readonly from: number;
  readonly until: number;
  readonly rules: Expectation;
}

/** Which rules were in force on which node and when: nodes reload at their own moments, so several can be in force at once. */
export class RulesTimeline {
  readonly #now: () => number;
  readonly #current = new Map<string, Omit<InForce, 'until'>>();
  readonly #past: InForce[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A node has other rules in force from now on; `null`: it is dead. */
  change(node: string, variant: number | null): void {
    const before = this.#current.get(node);
    if (before !== undefined) this.#past.push({ ...before, until: this.#now() + GRACE_MS });
    const next = variant === null ? undefined : VARIANTS[variant];
    if (next === undefined) this.#current.delete(node);
    else this.#current.set(node, { from: this.#now(), rules: next });
  }

  /** Why no rules that were in force on any node allow this start; `null`: some do. */
  refusals(start: Start): string | null {
    const reasons = this.#at(this.#now()).map((rules) => this.#refusal(rules, start));
    return reasons.includes(null) ? null : (reasons[0] ?? 'no node is alive');
  }

  #refusal(rules: Expectation, start: Start): string | null {
    const needed = rules.approvals[start.role];
    if (needed === undefined) return `the rules give ${start.role} to nobody (${rules.what})`;
    if (rules.left.includes(start.requester)) return `${start.requester} has left (${rules.what})`;
    if (start.durationMs > rules.maxMs) return `it lasts ${start.durationMs} ms (${rules.what})`;
    if (start.extension > rules.extensions) return `it is extension ${start.extension} (${rules.what})`;
    const may = [...start.approvers].filter(
      ([key]) => LEADS.some((lead) => lead === key) && !rules.left.includes(key) && key !== start.requester,
    );
    const counted = may.filter(([, at]) => this.#gave(rules, start.role, at));
    if (counted.length < needed)
      return `${counted.length} of ${needed} approvals were given for it, and ${may.length - counted.length} for what the role gave before (${rules.what})`;
    return null;
  }

  /** Whether a role gave at some moment, by some node's rules, what it gives by these. */
  #gave(rules: Expectation, role: string, at: number): boolean {
    return this.#at(at).some((then) => then.gives?.[role] === rules.gives?.[role]);
  }

  #at(at: number): readonly Expectation[] {
    const current = [...this.#current.values()].filter(({ from }) => from <= at);
    return [...current, ...this.#past.filter(({ from, until }) => from <= at && at <= until)].map(({ rules }) => rules);
  }
}
