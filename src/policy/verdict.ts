import type { DirectorySnapshot, Person } from '../core/directory.ts';
import type { Target } from '../core/target.ts';
import { formatDuration, type Instant } from '../core/time.ts';
import { approversOf } from './approvers.ts';
import { directoryIndex } from './directory-index.ts';
import type { Expression, ExpressionFault } from './expression.ts';
import type { GuardrailRule, PolicyRule, PolicySet, StepRule } from './rules.ts';
import type { ApprovalStep, Decision, Question, Reason, Refusal, Requirements } from './types.ts';

/** A clock that is ahead of ours by more than this makes the age of a sign-in meaningless. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Gathers what the rules say about one question: everything merges towards the stricter, nothing is ever taken back. */
export class Verdict {
  readonly question: Question;
  readonly directory: DirectorySnapshot;
  /** When the request was made; now, for a question that is new. */
  readonly submittedAt: Instant;
  readonly #policy: PolicySet;
  readonly #reasons = new Map<string, Reason>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #alarms = new Map<string, Reason>();
  readonly #steps = new Map<string, ApprovalStep>();
  #duration = { ms: 0, defaultMs: 0 };
  #max: { ms: number; rule: string } | null = null;
  /** Infinite until a policy applies: a guardrail limits, but by itself it allows nothing. */
  #extensions: { count: number; rule: string } = { count: Number.POSITIVE_INFINITY, rule: 'default' };
  #reason: { min: number; rule: string } | null = null;
  #ticket: { system: string; rule: string } | null = null;
  #mfa: { maxAgeMs: number; rule: string } | null = null;

  constructor(policy: PolicySet, directory: DirectorySnapshot, question: Question) {
    this.#policy = policy;
    this.directory = directory;
    this.question = question;
    this.submittedAt = question.submittedAt ?? question.now;
  }

  setDuration(duration: { readonly ms: number; readonly defaultMs: number }): void {
    this.#duration = duration;
  }

  /** Adds a refusal; the same rule refusing the same item on many targets is said once. `detail` tells several of one rule apart. */
  refuse(refusal: Refusal, detail = ''): void {
    const { code, rule, item } = refusal;
    const key = `${code} ${rule} ${item === null ? '' : `${item.role} ${item.target}`} ${detail}`;
    if (!this.#refusals.has(key)) this.#refusals.set(key, refusal);
  }

  alarm(rule: string, expression: Expression, fault: ExpressionFault): void {
    const text = `${fault.message} (in: ${expression.text})`;
    this.#alarms.set(`${rule} ${text}`, { rule, text });
  }

  note(reason: Reason): void {
    if (!this.#reasons.has(reason.rule)) this.#reasons.set(reason.rule, reason);
  }

  /** Takes over the limits and requirements of a policy that applies. */
  merge(policy: PolicyRule): void {
    this.#reasons.set(policy.id, policy.reason);
    this.#limit(policy.maxMs, policy.id);
    if (policy.extensions < this.#extensions.count) this.#extensions = { count: policy.extensions, rule: policy.id };
    this.#require(policy.requirements, policy.id);
  }

  /** Takes over the limits and requirements of a guardrail. */
  restrain(guardrail: GuardrailRule): void {
    this.note(guardrail.reason);
    if (guardrail.maxMs !== null) this.#limit(guardrail.maxMs, guardrail.id);
    if (guardrail.requirements !== null) this.#require(guardrail.requirements, guardrail.id);
  }

  addStep(step: StepRule, target: Target, requester: Person): void {
    const same = step.byOwner ? `${step.sameAs} ${[...target.owners].sort().join(' ')}` : step.sameAs;
    if (this.#steps.has(same)) return;
    const { now } = this.question;
    const index = directoryIndex(this.directory);
    const scope = { index, requester, target, since: this.submittedAt, now };
    const first = approversOf(step.from, scope);
    const later = step.escalatesTo.length === 0 ? [] : approversOf(step.escalatesTo, scope);
    const both = later.length === 0 ? first : [...new Set([...first, ...later])].sort();
    const escalated = step.escalatesAfterMs !== null && now >= this.submittedAt + step.escalatesAfterMs;
    const id = step.byOwner ? `${step.id}@${target.key}` : step.id;
    this.#steps.set(same, {
      id,
      rule: step.rule,
      count: step.count,
      from: step.from,
      eligible: escalated ? both : first,
      escalatesAfterMs: step.escalatesAfterMs,
      escalatesTo: later,
    });
    if (both.length >= step.count) return;
    const found =
      both.length === 0 ? 'there is nobody' : `there ${both.length === 1 ? 'is' : 'are'} only ${both.join(', ')}`;
    this.refuse(
      {
        code: 'approval-impossible',
        item: null,
        rule: step.rule,
        text: `${id} needs ${step.count} of ${step.from.join(', ')}; besides the requester ${found}.`,
        hint: 'Whoever answers for the rule has to name more people.',
      },
      id,
    );
  }

  /** Checks what depends on all rules together: the duration and what the request has to bring. */
  conclude(): void {
    this.#checkDuration();
    this.#checkExtensions();
    const { question } = this;
    if (this.#reason !== null && (question.reason ?? '').trim().length < this.#reason.min) {
      const text = `${this.#reason.rule} requires a reason of at least ${this.#reason.min} characters.`;
      const hint = 'Say what you are going to do, and why now.';
      this.refuse({ code: 'reason-required', item: null, rule: this.#reason.rule, text, hint });
    }
    if (this.#ticket !== null && (question.ticket ?? '').trim() === '') {
      const text = `${this.#ticket.rule} requires a ticket of ${this.#ticket.system}.`;
      this.refuse({ code: 'ticket-required', item: null, rule: this.#ticket.rule, text });
    }
    this.#checkMfa();
  }

  decision(): Decision {
    const refusals = [...this.#refusals.values()];
    const allowed = Number.isFinite(this.#extensions.count);
    const maxMs = allowed ? (this.#max?.ms ?? 0) : 0;
    return {
      effect: refusals.length === 0 ? 'allow' : 'deny',
      policyVersion: this.#policy.version,
      directoryVersion: this.directory.version,
      durationMs: this.#duration.ms,
      defaultDurationMs: Math.min(this.#duration.defaultMs, maxMs),
      maxDurationMs: maxMs,
      extensions: allowed ? this.#extensions.count : 0,
      submittedAt: this.submittedAt,
      requirements: {
        reasonMin: this.#reason?.min ?? 0,
        ticket: this.#ticket?.system ?? null,
        mfaMaxAgeMs: this.#mfa?.maxAgeMs ?? null,
      },
      steps: [...this.#steps.values()],
      reasons: [...this.#reasons.values()],
      refusals,
      alarms: [...this.#alarms.values()],
    };
  }

  #limit(ms: number, rule: string): void {
    if (this.#max === null || ms < this.#max.ms) this.#max = { ms, rule };
  }

  #require(requirements: Requirements, rule: string): void {
    const { reasonMin, ticket, mfaMaxAgeMs } = requirements;
    if (reasonMin > (this.#reason?.min ?? 0)) this.#reason = { min: reasonMin, rule };
    if (mfaMaxAgeMs !== null && mfaMaxAgeMs < (this.#mfa?.maxAgeMs ?? Number.POSITIVE_INFINITY)) {
      this.#mfa = { maxAgeMs: mfaMaxAgeMs, rule };
    }
    if (ticket === null) return;
    if (this.#ticket !== null && this.#ticket.system !== ticket) {
      // One request cites one ticket. Dropping either rule would loosen it.
      const text = `${this.#ticket.rule} requires a ticket of ${this.#ticket.system} and ${rule} one of ${ticket}; a request has one.`;
      this.refuse({ code: 'ticket-required', item: null, rule, text, hint: 'Ask for the items in separate requests.' });
    }
    if (this.#ticket === null || ticket < this.#ticket.system) this.#ticket = { system: ticket, rule };
  }

  #checkDuration(): void {
    const { question } = this;
    const { durationMs } = question;
    if (durationMs !== undefined && !(Number.isSafeInteger(durationMs) && durationMs > 0)) {
      const text = 'The duration has to be a whole number of milliseconds above zero.';
      this.refuse({ code: 'duration-invalid', item: null, rule: 'default', text, hint: 'Write 15m, 2h or 1h30m.' });
    } else if (this.#max !== null && this.#duration.ms > this.#max.ms) {
      const { ms, rule } = this.#max;
      const longer = question.extension !== undefined;
      const total = longer ? ' altogether, extensions included' : '';
      const text = `${rule} allows at most ${formatDuration(ms)}${total}, not ${formatDuration(this.#duration.ms)}.`;
      const hint = longer
        ? `Extend by ${formatDuration(this.#duration.ms - ms)} less, or ask for new access when this is over.`
        : `Ask for ${formatDuration(ms)} or less.`;
      this.refuse({ code: 'duration-too-long', item: null, rule, text, hint });
    }
  }

  #checkExtensions(): void {
    const { extension } = this.question;
    const { count, rule } = this.#extensions;
    if (extension === undefined || !Number.isFinite(count) || extension <= count) return;
    const text =
      count === 0
        ? `${rule} does not let access be extended.`
        : `${rule} lets access be extended ${count === 1 ? 'once' : `${count} times`}, and it was.`;
    const hint = 'Ask for new access when this is over.';
    this.refuse({ code: 'no-extension-left', item: null, rule, text, hint });
  }

  #checkMfa(): void {
    if (this.#mfa === null) return;
    const { mfaAt } = this.question.context;
    const ageMs = mfaAt === undefined ? Number.POSITIVE_INFINITY : this.submittedAt - mfaAt;
    if (ageMs <= this.#mfa.maxAgeMs && ageMs >= -CLOCK_TOLERANCE_MS) return;
    const { maxAgeMs, rule } = this.#mfa;
    const text = `${rule} requires a second factor given in the last ${formatDuration(maxAgeMs)}.`;
    this.refuse({
      code: 'mfa-required',
      item: null,
      rule,
      text,
      hint: 'Sign in anew (at a command line: curfew login --fresh), then ask.',
    });
  }
}
