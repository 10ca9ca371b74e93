import { createHash } from 'node:crypto';
import type { DirectorySnapshot } from '../core/directory.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { ProviderName, Target } from '../core/target.ts';
import type { Instant } from '../core/time.ts';
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
  /** The documents that have been dealt with. */
  let settled = inForce.problems.length === 0 ? fingerprint(files) : '';

  const refuse = async (
    world: Parameters<RulesHolder['reload']>[0],
    read: readonly SourceFile[],
    problems: Problems,
  ) => {
    const directory = sources.parseDirectory(read.filter(holdsPeople), now());
    inForce = { ...inForce, problems, ...(directory.ok ? { directory: directory.value } : {}) };
    world.log.error({ problems: problems.slice(0, 5) }, 'new rules were refused; the old ones stay in force');
    await noteRefused(world, inForce, problems);
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
        settled = '';
        throw error;
      }
      const mark = fingerprint(read);
      if (mark === settled && now() - inForce.directory.takenAt < REFRESH_MS) return false;
      const loaded = load(sources, read, now());
      if (!loaded.ok) {
        await refuse(world, read, loaded.refusal);
        settled = mark;
        return false;
      }
      const [before, next] = [inForce, loaded.value];
      const policyChanged = next.policy.version !== before.policy.version;
      const changed = policyChanged || next.directory.version !== before.directory.version;
      if (changed || before.problems.length > 0) await noteLoaded(world, next);
      inForce = next;
      settled = mark;
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
  const before = load(sources, [...last, ...files.filter(holdsPeople)], now);
  return before.ok ? ok({ ...before.value, problems: first.refusal }) : first;
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

/** Judged by its text, so that it can be said of a folder in which another file cannot be read. */
function holdsPeople(file: SourceFile): boolean {
  return /^kind:\s*['"]?directory\b/m.test(file.text);
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
