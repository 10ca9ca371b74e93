import { createHash } from 'node:crypto';
import { lossBetween, type DirectorySource, type SourceSummary } from '../core/directory-source.ts';
import type { DirectorySnapshot } from '../core/directory.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { ProviderName, Target } from '../core/target.ts';
import type { Instant } from '../core/time.ts';
import { readDocuments } from '../policy/documents/read-documents.ts';
import { loadPolicy } from '../policy/load.ts';
import type { PolicyProblem, SourceFile } from '../policy/types.ts';
import { appNow } from '../store/database.ts';
import { openConflicts } from '../store/linked-accounts.ts';
import { keepPolicyVersion } from '../store/policy-versions.ts';
import type { Trx } from '../store/schema.ts';
import { noteDepartures } from './departures.ts';
import {
  createDirectorySync,
  RULES_SOURCE,
  type DirectorySync,
  type Gathered,
  type SourceSnapshot,
} from './directory-sync.ts';
import { createSyncAlarms } from './sync-alarms.ts';
import type { Rules, RulesInForce, World } from './world.ts';

/** How the documents come in and become people, targets and rules. Parsers are passed in: other directories than YAML will follow. */
export interface RuleSources {
  /** Reads all documents; a read that fails throws and changes nothing. */
  read(): Promise<readonly SourceFile[]>;
  parseTargets(
    files: readonly SourceFile[],
    directory: DirectorySnapshot,
  ): Result<ReadonlyMap<string, Target>, readonly PolicyProblem[]>;
  parseDirectory(files: readonly SourceFile[], now: Instant): Result<DirectorySnapshot, readonly PolicyProblem[]>;
  readonly available: ReadonlySet<ProviderName>;
  /** The documents that were in force last, for a start at which the ones that are read are unsound; `null`: there are none. */
  lastInForce(): Promise<readonly SourceFile[] | null>;
  /** Where people come from besides the documents; absent: from nowhere else. */
  readonly directories?: readonly DirectorySource[];
  /** Where the last good snapshot of each source is kept; absent: nowhere. */
  readonly snapshots?: KeptSnapshots;
}

/** Keeps the last good snapshots, encrypted. */
export interface KeptSnapshots {
  last(): Promise<readonly Omit<SourceSnapshot, 'summary'>[]>;
  keep(trx: Trx, snapshot: SourceSnapshot, now: Instant): Promise<void>;
}

/** The rules in force and the way to replace them. Old rules stay in force until new ones are entirely sound. */
export interface RulesHolder extends Rules {
  /** Writes down, once at the start, which rules are in force and who has left since the last one. */
  begin(world: ReloadWorld): Promise<void>;
  /**
   * Reads again. Returns whether other rules are in force now; they are so only after the ledger says it. People are taken from
   * the documents even while the rules beside them are unsound: somebody who left must not stay because of a slip in a rule.
   */
  reload(world: ReloadWorld): Promise<boolean>;
}

export type ReloadWorld = Pick<World, 'db' | 'append' | 'changes' | 'log' | 'countDirectoryAlarm'>;

/** Shifts of rotations are worked out for some weeks ahead, so a snapshot of the directory is not kept for longer than this. */
const REFRESH_MS = 3_600_000;

/**
 * Loads the rules for the first time. On unsound documents the ones that were in force last are used, with the problems beside
 * them, because what is live must still end on time; refuses when there are none, as at the very first start.
 */
export async function openRules(
  sources: RuleSources,
  now: () => Instant,
): Promise<Result<RulesHolder, readonly PolicyProblem[]>> {
  const files = await sources.read();
  const sync = createDirectorySync(sources.directories ?? [], (await sources.snapshots?.last()) ?? []);
  const gathered = await sync.gather(files, now());
  const first = await loadFirst(sources, sync, gathered, files, now());
  if (!first.ok) return first;
  let inForce: RulesInForce = { ...first.value, sources: sync.status(now()) };
  /** The documents that have been dealt with, and when; and those whose refusal stands in the ledger. */
  let settled = { mark: '', at: now() };
  if (inForce.problems.length === 0) settled = { mark: fingerprint([...files, ...gathered.others]), at: now() };
  let refusedMark = '';
  /** The files that people are in, as of the last documents that were sound. */
  let peopleFiles: ReadonlySet<string> = first.value.problems.length === 0 ? filesOfPeople(files) : new Set();
  /** The directory whose departures are written down. */
  let noted: DirectorySnapshot = inForce.directory;
  const alarms = createSyncAlarms();

  const refuse = async (world: ReloadWorld, read: readonly SourceFile[], mark: string, problems: Problems) => {
    const newer = stillReadable(sources, read, peopleFiles, sync.lastGood(), now());
    const directory = withoutDeparted(inForce.directory, newer);
    inForce = { ...inForce, problems, directory };
    if (directory !== noted) {
      await world.db
        .transaction()
        .execute(async (trx) => noteDepartures(world, trx, noted, directory, await appNow(trx)));
      noted = directory;
    }
    if (mark !== refusedMark) {
      world.log.error({ problems: problems.slice(0, 5) }, 'new rules were refused; the old ones stay in force');
      await noteRefused(world, inForce, problems);
    }
    refusedMark = mark;
  };

  const holder: RulesHolder = {
    current: () => inForce,
    async begin(world) {
      const sound = inForce.problems.length === 0;
      await noteLoaded(world, inForce, async (trx, at) => {
        if (!sound) return;
        for (const one of gathered.candidates) if (sync.isChanged(one)) await sources.snapshots?.keep(trx, one, at);
        await noteDepartures(world, trx, null, inForce.directory, at);
      });
      if (sound) sync.accept(gathered.candidates);
      inForce = { ...inForce, sources: sync.status(now()) };
    },
    async reload(world) {
      let read: readonly SourceFile[];
      try {
        read = await sources.read();
      } catch (error) {
        const unreadable = { file: '', line: 0, column: 0, message: `the rules cannot be read: ${String(error)}` };
        inForce = { ...inForce, problems: [unreadable], sources: sync.status(now()) };
        settled = { mark: '', at: now() };
        throw error;
      }
      const found = await sync.gather(read, now());
      await alarms.raise(world, found.losses, sync.status(now()));
      const conflicts = await openConflicts(world.db);
      const mark = fingerprint([...read, ...found.others]);
      if (mark === settled.mark && now() - settled.at < REFRESH_MS) {
        // The same people, seen once more: they are as fresh as this.
        if (inForce.problems.length === 0) sync.accept(found.candidates.filter((one) => !sync.isChanged(one)));
        inForce = { ...inForce, sources: sync.status(now()), conflicts };
        return false;
      }
      const { loaded, candidates } = loadWith(sources, sync, read, found, now());
      if (!loaded.ok) {
        await refuse(world, read, mark, loaded.refusal);
        inForce = { ...inForce, sources: sync.status(now()), conflicts };
        settled = { mark, at: now() };
        return false;
      }
      const [before, next] = [inForce, loaded.value];
      const policyChanged = next.policy.version !== before.policy.version;
      const changed = policyChanged || next.directory.version !== before.directory.version;
      const fresh = candidates.filter((one) => sync.isChanged(one));
      if (changed || before.problems.length > 0 || fresh.length > 0) {
        await noteLoaded(world, next, async (trx, at) => {
          await alarms.confirm(world, trx, found.losses, at);
          for (const one of fresh) await sources.snapshots?.keep(trx, one, at);
          await noteDepartures(world, trx, noted, next.directory, at);
        });
      }
      sync.accept(candidates);
      noted = next.directory;
      inForce = { ...next, sources: sync.status(now()), conflicts };
      settled = { mark, at: now() };
      refusedMark = '';
      peopleFiles = filesOfPeople(read);
      return policyChanged;
    },
  };
  return ok(holder);
}

type Problems = readonly PolicyProblem[];

/** Loads with the newest people of every source, or with the last good ones of those that make the whole unsound. */
function loadWith(
  sources: RuleSources,
  sync: DirectorySync,
  read: readonly SourceFile[],
  found: Gathered,
  now: Instant,
) {
  const { candidates, rulesHeld } = found;
  if (rulesHeld !== null) {
    // What else is wrong with them is told first: a file that cannot be read is no loss to confirm.
    const sound = load(sources, [...read, ...found.others], now);
    return { loaded: sound.ok ? refused([rulesHeld]) : sound, candidates: [] };
  }
  const loaded = load(sources, [...read, ...found.others], now);
  const others = candidates.filter((one) => one.source !== RULES_SOURCE && sync.isChanged(one));
  if (loaded.ok || others.length === 0) return { loaded, candidates };
  const without = load(sources, [...read, ...sync.lastGood()], now);
  if (!without.ok) return { loaded, candidates };
  sync.reject(others);
  return { loaded: without, candidates: candidates.filter((one) => !others.includes(one)) };
}

async function loadFirst(
  sources: RuleSources,
  sync: DirectorySync,
  gathered: Gathered,
  files: readonly SourceFile[],
  now: Instant,
): Promise<Result<RulesInForce, Problems>> {
  const { loaded: first } = loadWith(sources, sync, files, gathered, now);
  if (first.ok) return first;
  const last = await sources.lastInForce();
  if (last === null) return first;
  const people = filesOfPeople(files);
  const own = gathered.rulesHeld === null ? files.filter(({ path }) => people.has(path)) : [];
  // What was in force last with the people of now; with the last good people; as it stood, where people are in the same files; and at worst
  // nothing at all: nobody can ask or decide then, nothing starts, and everything ends.
  const lastGood = [...sync.lastGoodOfRules(), ...sync.lastGood()];
  for (const documents of [[...last, ...own, ...gathered.others], [...last, ...lastGood], last, []]) {
    const before = load(sources, documents, now);
    if (before.ok && (documents.length === 0 || before.value.directory.people.size > 0))
      return ok({ ...before.value, problems: first.refusal });
  }
  return first;
}

/** The people of documents that are refused as a whole; `null` when their own files are not all there and sound. */
function stillReadable(
  sources: RuleSources,
  read: readonly SourceFile[],
  peopleFiles: ReadonlySet<string>,
  others: readonly SourceFile[],
  now: Instant,
): DirectorySnapshot | null {
  const files = read.filter(({ path }) => peopleFiles.has(path));
  if (files.length === 0 || files.length < peopleFiles.size) return null;
  const directory = sources.parseDirectory([...files, ...others], now);
  return directory.ok && directory.value.people.size > 0 ? directory.value : null;
}

/**
 * The directory in force, less whoever is gone from a newer one. Departures alone are taken over from documents that are refused:
 * anything else in them, a group above all, was written together with rules that are not in force.
 */
function withoutDeparted(directory: DirectorySnapshot, newer: DirectorySnapshot | null): DirectorySnapshot {
  if (newer === null) return directory;
  const departed = [...directory.people.values()].filter(
    (person) => person.active && newer.people.get(person.key)?.active !== true,
  );
  if (departed.length === 0 || lossBetween(peopleOf(directory), peopleOf(newer)) !== null) return directory;
  const people = new Map(directory.people);
  for (const person of departed) people.set(person.key, { ...person, active: false });
  const keys = departed.map((person) => person.key).sort();
  const version = createHash('sha256')
    .update(JSON.stringify([directory.version, keys]))
    .digest('hex');
  return { ...directory, people, version };
}

function peopleOf({ people }: DirectorySnapshot): SourceSummary {
  const here = [...people.values()].filter((person) => person.active).map((person) => person.key);
  return { people: new Set(here), groups: new Map(), accounts: new Map(), managed: new Set(), contractors: new Set() };
}

function load(sources: RuleSources, files: readonly SourceFile[], now: Instant): Result<RulesInForce, Problems> {
  const directory = sources.parseDirectory(files, now);
  if (!directory.ok) return refused(once(directory.refusal));
  const targets = sources.parseTargets(files, directory.value);
  if (!targets.ok) return refused(once(targets.refusal));
  const policy = loadPolicy(files, {
    directory: directory.value,
    targets: targets.value,
    available: sources.available,
  });
  if (!policy.ok) return policy;
  return ok({ policy: policy.value, directory: directory.value, loadedAt: now, problems: [] });
}

/** Every loader reports a file that is no YAML. */
function once(problems: Problems): Problems {
  return [...new Map(problems.map((one) => [`${one.file}:${one.line}:${one.column}:${one.message}`, one])).values()];
}

/** The files with a document of people in them. One that is no YAML holds nobody. */
function filesOfPeople(files: readonly SourceFile[]): ReadonlySet<string> {
  const { documents } = readDocuments(files);
  return new Set(documents.filter(({ kind }) => kind === 'directory').map(({ file }) => file));
}

function fingerprint(files: readonly SourceFile[]): string {
  return createHash('sha256').update(JSON.stringify(files)).digest('hex');
}

/** Writes down which rules are in force; also called at the start, so that the ledger always knows. */
export async function noteLoaded(
  world: Pick<World, 'db' | 'append' | 'changes'>,
  rules: RulesInForce,
  besides: (trx: Trx, now: Instant) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { policy, directory } = rules;
  const at = await world.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    await keepPolicyVersion(trx, policy.version, policy.sources, now);
    await world.append(trx, {
      kind: 'policy.loaded',
      at: now,
      actor: { kind: 'system', id: 'rules' },
      subjects: {},
      facts: {
        policyVersion: policy.version,
        directoryVersion: directory.version,
        roles: policy.roles.size,
        people: directory.people.size,
      },
    });
    await besides(trx, now);
    return now;
  });
  world.changes.publish({ kind: 'policy', id: policy.version, at });
}

async function noteRefused(
  world: Pick<World, 'db' | 'append' | 'changes'>,
  rules: RulesInForce,
  problems: readonly PolicyProblem[],
): Promise<void> {
  const at = await world.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    await world.append(trx, {
      kind: 'policy.refused',
      at: now,
      actor: { kind: 'system', id: 'rules' },
      subjects: {},
      facts: {
        inForce: rules.policy.version,
        directoryVersion: rules.directory.version,
        // Where, and not what: a message repeats what was written, which may name a person.
        problems: problems.slice(0, 20).map((problem) => `${problem.file}:${problem.line}:${problem.column}`),
      },
    });
    return now;
  });
  world.changes.publish({ kind: 'policy', id: rules.policy.version, at });
}

/** The first problems, a line each, for somebody at a console. */
export function problemLines(problems: readonly PolicyProblem[]): string {
  const lines = problems.slice(0, 20).map(({ file, line, column, message, hint }) => {
    return `  ${file}:${line}:${column} ${message}${hint === undefined ? '' : ` (${hint})`}`;
  });
  return lines.join('\n');
}
