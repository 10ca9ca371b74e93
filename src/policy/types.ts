import type { DirectorySnapshot } from '../core/directory.ts';
import type { JsonObject } from '../core/json.ts';
import type { Role } from '../core/role.ts';
import type { ProviderName, Target } from '../core/target.ts';
import type { Instant } from '../core/time.ts';

/** One thing that was asked for: a role on a target, both by the names that people type. */
export interface Item {
  readonly role: string;
  readonly target: string;
}

/** What is known about how the request was made. A fact that is absent is unknown, and an expression over it errs, which refuses. */
export interface RequestContext {
  /** Name of the network that the request came from, if the deployment names networks. */
  readonly network?: string;
  /** When the requester last proved more than a password; feeds `require.mfa.maxAge`. */
  readonly mfaAt?: Instant;
  readonly via: 'api' | 'cli' | 'web' | 'demo';
}

/** Everything a decision depends on. The same question always gets the same answer; requests store it so that it can be asked again. */
export interface Question {
  readonly now: Instant;
  /** Directory key of the person who asks. */
  readonly requester: string;
  readonly items: readonly Item[];
  /** Milliseconds; absent means the rule's default. */
  readonly durationMs?: number;
  readonly startsAt?: Instant;
  /** For a later end of access that is live: which extension of it this is, from 1. `durationMs` counts from its activation then. */
  readonly extension?: number;
  /**
   * When the request was made, if it is decided again later: the age of a sign-in counts to this moment, and so do
   * escalations; whoever was on call since then may still decide. Absent means now.
   */
  readonly submittedAt?: Instant;
  readonly reason?: string;
  readonly ticket?: string;
  readonly context: RequestContext;
}

/** Why a decision is what it is, in words for a person, naming the rule that said so. */
export interface Reason {
  /** `policy:production-data`, `guardrail:contractors-stay-out-of-tier-0`, or `default` for what holds without a rule. */
  readonly rule: string;
  readonly text: string;
}

/** Machine-readable causes of a refusal; each is a problem code of the API as well. */
export const REFUSAL_CODES = [
  'unknown-requester',
  'unknown-role',
  'unknown-target',
  'role-not-defined-on-target',
  'provider-not-available',
  'no-matching-policy',
  'denied-by-guardrail',
  'condition-not-met',
  'condition-error',
  'duration-too-long',
  'duration-invalid',
  'no-extension-left',
  'reason-required',
  'ticket-required',
  'mfa-required',
  'approval-impossible',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

export interface Refusal extends Reason {
  readonly code: RefusalCode;
  readonly item: Item | null;
  /** What the requester can do about it, as a sentence; absent when there is nothing. */
  readonly hint?: string;
}

/** One approval step that has to be satisfied by `count` distinct persons out of `eligible`. */
export interface ApprovalStep {
  /** Stable within a decision: `policy:production-data#1`. */
  readonly id: string;
  readonly rule: string;
  readonly count: number;
  /** The selectors as written: `oncall:data`, `group:data-leads`. */
  readonly from: readonly string[];
  /** Directory keys of the persons who may decide this step now; the requester is never among them. Sorted. */
  readonly eligible: readonly string[];
  /** Milliseconds after submission at which `escalatesTo` joins; `null` when the step does not escalate. */
  readonly escalatesAfterMs: number | null;
  /** Directory keys of the persons who join then; the requester is never among them. Sorted. */
  readonly escalatesTo: readonly string[];
}

/** The answer, the same for a preview, a decision and a replay. */
export interface Decision {
  /** `allow` still needs every step in `steps`; no steps means approved by rule. */
  readonly effect: 'allow' | 'deny';
  /** Hash of the documents that decided. */
  readonly policyVersion: string;
  readonly directoryVersion: string;
  /** The duration that applies: the one asked for, or the default. 0 when denied before one was known. */
  readonly durationMs: number;
  readonly defaultDurationMs: number;
  readonly maxDurationMs: number;
  /** How often a grant of this request may be extended, within `maxDurationMs` altogether. */
  readonly extensions: number;
  /** When the request was made; escalations count from here. */
  readonly submittedAt: Instant;
  readonly requirements: Requirements;
  readonly steps: readonly ApprovalStep[];
  /** Rules that were selected, in the order of evaluation, with what each one contributed. */
  readonly reasons: readonly Reason[];
  /** Why not; empty exactly when `effect` is `allow`. */
  readonly refusals: readonly Refusal[];
  /** Expressions that failed to evaluate; operators are alarmed about them. */
  readonly alarms: readonly Reason[];
}

export interface Requirements {
  readonly reasonMin: number;
  /** Name of the ticket system that must be cited, or `null`. */
  readonly ticket: string | null;
  readonly mfaMaxAgeMs: number | null;
}

/** What the loader needs to know about the world to refuse dangling names. */
export interface Vocabulary {
  readonly directory: DirectorySnapshot;
  readonly targets: ReadonlyMap<string, Target>;
  /** Clouds that this deployment can provide on now. */
  readonly available: ReadonlySet<ProviderName>;
}

/** A document that was refused at load, with the place and a hint, so that an editor or a CI log can point at it. */
export interface PolicyProblem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

/** A document as it was read, before it was compiled. `text` is kept so that a stored version can be compiled again. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The roles of a loaded policy set, by name; the catalogue is searched over it. */
export type Roles = ReadonlyMap<string, Role>;

/** Free-form attachments of documents (for example the parsed session policy of a role). */
export type Attachment = JsonObject;
