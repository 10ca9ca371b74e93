import type { Json, JsonObject } from '../../core/json.ts';
import { after, fromIso, instant, type Instant } from '../../core/time.ts';
import { normal } from './armed-end.ts';
import { LONGEST_SSO_SESSION_MS } from './capabilities.ts';
import { sha256, wholeSecond } from './names.ts';
import { countedSize } from './revocations.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';

/** Whom a tombstone denies, and where. In one permission set there is one for each slot. */
export interface TombstonePlace {
  /** Id in the directory of IAM Identity Center. */
  readonly userId: string;
  readonly account: string;
}

/** From when on a user is denied everything that a permission set gives them in an account. */
export interface Tombstone extends TombstonePlace {
  /** In whole seconds, as AWS compares it. */
  readonly endsAt: Instant;
}

/** The inline policy of a permission set: what its owner wrote, and our tombstones beside that. */
export interface TombstonePolicy {
  /** Everything of the document but its statements. */
  readonly frame: JsonObject;
  /** Statements that are not ours, or that somebody has edited, as they stand. */
  readonly foreign: readonly JsonObject[];
  /** By {@link sidOf}. */
  readonly tombstones: ReadonlyMap<string, Tombstone>;
}

/** Characters of an inline policy, white space apart, and its bytes (IAM Identity Center quotas; API reference, InlinePolicy). */
const MOST_CHARACTERS = 10_240;
const MOST_BYTES = 32_768;
/** Beyond the longest session after its assignment was seen to be gone, also of a creation that was given up and landed late. */
const MARGIN_MS = 300_000 + CLOCK_TOLERANCE_MS;

/** Letters and digits that follow from the place: the same slot always has the same statement. */
export function sidOf({ account, userId }: TombstonePlace): string {
  return `Curfew${sha256(`${account} ${userId}`).slice(0, 24)}`;
}

/** An end as a tombstone says it: never later than what was promised. */
export function secondOf(at: Instant): Instant {
  return instant(Math.floor(at / 1_000) * 1_000);
}

/** Reads a policy; an empty text is a set that has none. `null`: it is no policy document, which AWS would not have taken. */
export function parseTombstones(text: string): TombstonePolicy | null {
  if (text.trim() === '') return { frame: { Version: '2012-10-17' }, foreign: [], tombstones: new Map() };
  const document = parsed(text);
  if (!isObject(document)) return null;
  const { Statement = null, ...frame } = document;
  const statements: readonly Json[] = Array.isArray(Statement) ? Statement : [Statement];
  const tombstones = new Map<string, Tombstone>();
  const foreign: JsonObject[] = [];
  for (const statement of statements) {
    if (!isObject(statement)) return null;
    const ours = readStatement(statement);
    if (ours === null) foreign.push(statement);
    else tombstones.set(sidOf(ours), ours);
  }
  return { frame, foreign, tombstones };
}

/** The same text for the same policy; `null` when there is nothing to say. */
export function printTombstones({ frame, foreign, tombstones }: TombstonePolicy): string | null {
  const ours = [...tombstones].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, one]) => statementOf(one));
  const Statement = [...foreign, ...ours];
  if (Statement.length === 0) return null;
  // AWS takes no character beyond U+00FF here (API reference, InlinePolicy), so its owner has written those as they are written now.
  const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify({ ...frame, Statement }).replace(/[^\0-\xff]/g, escaped);
}

/** Whether AWS takes it. */
export function fits(policy: TombstonePolicy): boolean {
  const text = printTombstones(policy) ?? '';
  return countedSize(text) <= MOST_CHARACTERS && Buffer.byteLength(text, 'utf8') <= MOST_BYTES;
}

/** With a tombstone, which takes the place of any other statement of its name, whatever somebody has made of that. */
export function withTombstone(policy: TombstonePolicy, tombstone: Tombstone): TombstonePolicy {
  const sid = sidOf(tombstone);
  const foreign = policy.foreign.filter((statement) => statement['Sid'] !== sid);
  return { ...policy, foreign, tombstones: new Map([...policy.tombstones, [sid, tombstone]]) };
}

export function withoutTombstones(policy: TombstonePolicy, sids: ReadonlySet<string>): TombstonePolicy {
  return { ...policy, tombstones: new Map([...policy.tombstones].filter(([sid]) => !sids.has(sid))) };
}

/** Whether no session can be alive any more of somebody who has not been assigned the set since then. `longestMs`: how long one may last. */
export function isOver(goneSince: Instant, now: Instant, longestMs: number): boolean {
  return now >= after(goneSince, Math.max(longestMs, LONGEST_SSO_SESSION_MS) + MARGIN_MS);
}

/** How many more tombstones a policy has room for, as long as the longest that there can be. */
export function roomFor(policy: TombstonePolicy): number {
  const userId = `${'0'.repeat(10)}-${'0'.repeat(36)}`;
  let more = policy;
  for (let count = 0; ; count += 1) {
    more = withTombstone(more, { userId, account: String(100_000_000_000 + count), endsAt: instant(0) });
    if (!fits(more)) return count;
  }
}

function statementOf({ userId, account, endsAt }: Tombstone): JsonObject {
  return {
    Sid: sidOf({ userId, account }),
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: {
      StringEquals: { 'identitystore:UserId': userId, 'aws:PrincipalAccount': account },
      DateGreaterThanEquals: { 'aws:CurrentTime': wholeSecond(endsAt) },
    },
  };
}

/** Reads one statement, and believes that it is ours only if writing it again gives the same. */
function readStatement(statement: JsonObject): Tombstone | null {
  if (!/^Curfew[0-9a-f]{24}$/.test(String(statement['Sid']))) return null;
  const condition = statement['Condition'] ?? null;
  const who = isObject(condition) ? (condition['StringEquals'] ?? null) : null;
  const when = isObject(condition) ? (condition['DateGreaterThanEquals'] ?? null) : null;
  if (!isObject(who) || !isObject(when)) return null;
  const [userId, account, at] = [who['identitystore:UserId'], who['aws:PrincipalAccount'], when['aws:CurrentTime']];
  if (typeof userId !== 'string' || typeof account !== 'string' || typeof at !== 'string') return null;
  const endsAt = fromIso(at);
  if (endsAt === null) return null;
  const tombstone = { userId, account, endsAt };
  return normal(JSON.stringify(statementOf(tombstone))) === normal(JSON.stringify(statement)) ? tombstone : null;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
