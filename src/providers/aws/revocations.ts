import type { Json, JsonObject } from '../../core/json.ts';
import { after, fromIso, instant, toIso, type Instant } from '../../core/time.ts';
import { SHORTEST_SESSION_S } from './capabilities.ts';
import { wholeSecond } from './names.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';

/** The inline policy on each catalogue role that says whose sessions AWS must refuse. Ours alone. */
export const REVOCATION_POLICY = 'CurfewRevocations';

/** All inline policies of a role together, without white space (IAM and STS quotas). Other policies of the role count too. */
export const ROLE_POLICY_LIMIT = 10_240;

/** At this many characters single entries are replaced by one cut: what is left serves the role's own permissions. */
export const COLLAPSE_AT = Math.floor(ROLE_POLICY_LIMIT * 0.7);

const MARGIN_MS = 300_000;
const HOUR_MS = 3_600_000;
/** The longest session that any role can have, whoever issued it. */
const LONGEST_ROLE_SESSION_MS = 12 * HOUR_MS;

/**
 * What the policy says, as data. The document describes itself: the Sid of a statement carries when it may be removed,
 * so any process, and any person, can clean it up without our database.
 */
export interface Revocations {
  /** Grants whose sessions are denied, and until when the entry must stay. */
  readonly entries: ReadonlyMap<string, Instant>;
  /** Denies every session of the role that was issued before `at`. */
  readonly cut: Cut | null;
  /** Statements that we did not write, whatever they are called: kept as they are, and reported. */
  readonly foreign: readonly JsonObject[];
  /** Of the policy language. Somebody else's statements could mean something else in another one; ours mean the same in both. */
  readonly version: string;
}

export interface Cut {
  readonly at: Instant;
  readonly until: Instant;
}

export const NO_REVOCATIONS: Revocations = { entries: new Map(), cut: null, foreign: [], version: '2012-10-17' };

/**
 * Adds a grant. A session may outlive the grant's end by AWS's shortest session, when its credential was issued in the last
 * moment; the entry stays that long and a margin more, then up to the next full hour, so that entries share statements.
 */
export function withEntry(all: Revocations, grant: string, endsAt: Instant): Revocations {
  const until = nextFreeHour(all, 'CurfewUntil', after(endsAt, SHORTEST_SESSION_S * 1_000 + MARGIN_MS));
  const known = all.entries.get(grant);
  if (known !== undefined && known >= until) return all;
  return { ...all, entries: new Map([...all.entries, [grant, until]]) };
}

/** Denies everything that was issued before `at`, which is rounded up: AWS stamps sessions with whole seconds. */
export function withCut(all: Revocations, at: Instant): Revocations {
  const second = instant(Math.floor(at / 1_000) * 1_000 + 1_000);
  if (all.cut !== null && all.cut.at >= second) return all;
  const until = nextFreeHour(all, 'CurfewCutUntil', after(second, LONGEST_ROLE_SESSION_MS + MARGIN_MS));
  return { ...all, cut: { at: second, until } };
}

/**
 * Replaces all entries but some by a cut: their sessions were all issued before it. The grants that are being ended keep their
 * entries, so that their end never hangs on a comparison of two clocks.
 */
export function collapsed(all: Revocations, keep: ReadonlySet<string>, at: Instant): Revocations {
  return withCut({ ...all, entries: new Map([...all.entries].filter(([grant]) => keep.has(grant))) }, at);
}

/** Drops what no session can need any more. */
export function withoutExpired(all: Revocations, now: Instant): Revocations {
  return {
    ...all,
    entries: new Map([...all.entries].filter(([, until]) => now < until)),
    cut: all.cut !== null && now < all.cut.until ? all.cut : null,
  };
}

/**
 * What denies the sessions of a grant that has been ending since `since`, or `null`. A cut counts only when it is later than
 * `since` by more than two clocks may differ; an entry always does.
 */
export function deniedBy(all: Revocations, grant: string, since: Instant): string | null {
  const until = all.entries.get(grant);
  if (until !== undefined) return sid('CurfewUntil', until);
  if (all.cut !== null && all.cut.at > after(since, CLOCK_TOLERANCE_MS)) return sid('CurfewCutUntil', all.cut.until);
  return null;
}

/** The policy document, always the same text for the same data; `null` when there is nothing to deny and nothing foreign. */
export function printRevocations(all: Revocations): string | null {
  const statements: JsonObject[] = [...all.foreign];
  const buckets = new Map<Instant, string[]>();
  for (const [grant, until] of all.entries) buckets.set(until, [...(buckets.get(until) ?? []), grant]);
  for (const [until, grants] of [...buckets].sort(([a], [b]) => a - b)) {
    statements.push(deny(sid('CurfewUntil', until), 'StringEquals', 'aws:SourceIdentity', grants.sort()));
  }
  if (all.cut !== null) {
    statements.push(
      deny(sid('CurfewCutUntil', all.cut.until), 'DateLessThan', 'aws:TokenIssueTime', wholeSecond(all.cut.at)),
    );
  }
  return statements.length === 0 ? null : JSON.stringify({ Version: all.version, Statement: statements });
}

/** Characters as AWS counts them against {@link ROLE_POLICY_LIMIT}. */
export function countedSize(text: string): number {
  return text.replace(/\s/g, '').length;
}

/**
 * Reads a document that we, or somebody else, wrote. A statement that does not say what ours say is foreign, even with our mark: what
 * somebody wrote there must not keep us from ending access. `null`: it is no policy document, which IAM would not have taken.
 */
export function parseRevocations(text: string): Revocations | null {
  const document = parseJson(text);
  if (!isObject(document)) return null;
  // What IAM takes a document for that does not say it.
  const version = document['Version'] ?? '2008-10-17';
  if (typeof version !== 'string') return null;
  const list = document['Statement'] ?? null;
  const statements: readonly Json[] = Array.isArray(list) ? list : [list];
  const entries = new Map<string, Instant>();
  const foreign: JsonObject[] = [];
  let cut: Cut | null = null;
  for (const statement of statements) {
    if (!isObject(statement)) return null;
    const read: Read | null = readStatement(statement);
    if (read === null) foreign.push(statement);
    else if ('cut' in read) {
      if (cut === null || read.cut.at > cut.at) cut = read.cut;
    } else for (const grant of read.grants) entries.set(grant, read.until);
  }
  return { entries, cut, foreign, version };
}

type Read = { readonly cut: Cut } | { readonly grants: readonly string[]; readonly until: Instant };

/** Reads one statement of ours, and believes it only if printing it again gives the same. */
function readStatement(statement: JsonObject): Read | null {
  const label = statement['Sid'];
  if (typeof label !== 'string') return null;
  const mark = /^Curfew(Cut)?Until(\d{4})(\d\d)(\d\d)T(\d\d)00Z$/.exec(label);
  if (mark === null) return null;
  const until = fromIso(`${mark[2]}-${mark[3]}-${mark[4]}T${mark[5]}:00:00Z`);
  if (until === null) return null;
  const condition = statement['Condition'] ?? null;
  if (!isObject(condition)) return null;
  if (mark[1] === 'Cut') {
    const value = valueOf(condition, 'DateLessThan', 'aws:TokenIssueTime');
    const at = typeof value === 'string' ? fromIso(value) : null;
    if (at === null) return null;
    return same(statement, deny(label, 'DateLessThan', 'aws:TokenIssueTime', wholeSecond(at)))
      ? { cut: { at, until } }
      : null;
  }
  const value = valueOf(condition, 'StringEquals', 'aws:SourceIdentity');
  const grants = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(grants) || !grants.every((one): one is string => typeof one === 'string')) return null;
  return same(statement, deny(label, 'StringEquals', 'aws:SourceIdentity', value as Json)) ? { grants, until } : null;
}

function deny(label: string, operator: string, key: string, value: Json): JsonObject {
  return { Sid: label, Effect: 'Deny', Action: '*', Resource: '*', Condition: { [operator]: { [key]: value } } };
}

/** IAM allows letters and digits in a Sid, nothing else. `until` is always a full hour. */
function sid(mark: string, until: Instant): string {
  return mark + toIso(until).slice(0, 16).replace(/[-:]/g, '') + 'Z';
}

/** The next full hour whose Sid no foreign statement has: IAM takes no document with one Sid twice. */
function nextFreeHour(all: Revocations, mark: string, at: Instant): Instant {
  const taken = new Set(all.foreign.map((statement) => statement['Sid']));
  let hour = instant(Math.ceil(at / HOUR_MS) * HOUR_MS);
  while (taken.has(sid(mark, hour))) hour = after(hour, HOUR_MS);
  return hour;
}

function valueOf(condition: JsonObject, operator: string, key: string): Json {
  const inner = condition[operator] ?? null;
  return isObject(inner) ? (inner[key] ?? null) : null;
}

/** Whether two statements say the same, in whatever order their keys stand. */
function same(a: Json, b: Json): boolean {
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key] ?? null, b[key] ?? null))
    );
  }
  return JSON.stringify(a) === JSON.stringify(b);
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
