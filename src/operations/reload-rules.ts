import { createHash } from 'node:crypto';
import type { DirectorySnapshot } from '../core/directory.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { ProviderName, Target } from '../core/target.ts';
import type { Instant } from '../core/time.ts';
import { readDocuments } from '../policy/documents/read-documents.ts';
import { loadPolicy } from '../policy/load.ts';
import type { PolicyProblem, SourceFile } from '../policy/types.ts';
import { appNow } from '../store/database.ts';
import { keepPolicyVersion } from '../store/policy-versions.ts';
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
}

/** The rules in force and the way to replace them. Old rules stay in force until new ones are entirely sound. */
export interface RulesHolder extends Rules {
  /**
   * Reads again. Returns whether other rules are in force now; they are so only after the ledger says it. People are taken from
   * the documents even while the rules beside them are unsound: somebody who left must not stay because of a slip in a rule.
   */
  reload(world: Pick<World, 'db' | 'append' | 'changes' | 'log'>): Promise<boolean>;
}

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
  const first = await loadFirst(sources, files, now());
  if (!first.ok) return first;
  let inForce: RulesInForce = first.value;
  /** The documents that have been dealt with, and when; and those whose refusal stands in the ledger. */
  let settled = { mark: inForce.problems.length === 0 ? fingerprint(files) : '', at: now() };
  let refusedMark = '';
  /** The files that people are in, as of the last documents that were sound. */
  let peopleFiles: ReadonlySet<string> = first.value.problems.length === 0 ? filesOfPeople(files) : new Set();

  const refuse = async (
    world: Parameters<RulesHolder['reload']>[0],
    read: readonly SourceFile[],
    mark: string,
    problems: Problems,
  ) => {
    const directory = withoutDeparted(inForce.directory, stillReadable(sources, read, peopleFiles, now()));
    inForce = { ...inForce, problems, directory };
    if (mark !== refusedMark) {
      world.log.error({ problems: problems.slice(0, 5) }, 'new rules were refused; the old ones stay in force');
      await noteRefused(world, inForce, problems);
    }
    refusedMark = mark;
  };

  const holder: RulesHolder = {
    current: () => inForce,
    async reload(world) {
      let read: readonly SourceFile[];
      try {
        read = await sources.read();
      } catch (error) {
        const unreadable = { file: '', line: 0, column: 0, message: `the rules cannot be read: ${String(error)}` };
        inForce = { ...inForce, problems: [unreadable] };
        settled = { mark: '', at: now() };
        throw error;
      }
      const mark = fingerprint(read);
      if (mark === settled.mark && now() - settled.at < REFRESH_MS) return false;
      const loaded = load(sources, read, now());
      if (!loaded.ok) {
        await refuse(world, read, mark, loaded.refusal);
        settled = { mark, at: now() };
        return false;
      }
      const [before, next] = [inForce, loaded.value];
      const policyChanged = next.policy.version !== before.policy.version;
      const changed = policyChanged || next.directory.version !== before.directory.version;
      if (changed || before.problems.length > 0) await noteLoaded(world, next);
      inForce = next;
      settled = { mark, at: now() };
      refusedMark = '';
      peopleFiles = filesOfPeople(read);
      return policyChanged;
    },
  };
  return ok(holder);
}

type Problems = readonly PolicyProblem[];

async function loadFirst(
  sources: RuleSources,
  files: readonly SourceFile[],
  now: Instant,
): Promise<Result<RulesInForce, Problems>> {
  const first = load(sources, files, now);
  if (first.ok) return first;
  const last = await sources.lastInForce();
  if (last === null) return first;
  const people = filesOfPeople(files);
  // What was in force last with the people of now; as it stood, where people are in the same files; and at worst nothing at all:
  // nobody can ask or decide then, nothing starts, and everything ends.
  for (const documents of [[...last, ...files.filter(({ path }) => people.has(path))], last, []]) {
    const before = load(sources, documents, now);
    if (before.ok) return ok({ ...before.value, problems: first.refusal });
  }
  return first;
}

/** The people of documents that are refused as a whole; `null` when their own files are not all there and sound. */
function stillReadable(
  sources: RuleSources,
  read: readonly SourceFile[],
  peopleFiles: ReadonlySet<string>,
  now: Instant,
): DirectorySnapshot | null {
  const files = read.filter(({ path }) => peopleFiles.has(path));
  if (files.length === 0 || files.length < peopleFiles.size) return null;
  const directory = sources.parseDirectory(files, now);
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
  if (departed.length === 0) return directory;
  const people = new Map(directory.people);
  for (const person of departed) people.set(person.key, { ...person, active: false });
  const keys = departed.map((person) => person.key).sort();
  const version = createHash('sha256')
    .update(JSON.stringify([directory.version, keys]))
    .digest('hex');
  return { ...directory, people, version };
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
export async function noteLoaded(world: Pick<World, 'db' | 'append' | 'changes'>, rules: RulesInForce): Promise<void> {
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
