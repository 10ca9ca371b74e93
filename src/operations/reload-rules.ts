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
  parseTargets(files: readonly SourceFile[]): Result<ReadonlyMap<string, Target>, readonly PolicyProblem[]>;
  parseDirectory(files: readonly SourceFile[], now: Instant): Result<DirectorySnapshot, readonly PolicyProblem[]>;
  readonly available: ReadonlySet<ProviderName>;
}

/** The rules in force and the way to replace them. Old rules stay in force until new ones are entirely sound. */
export interface RulesHolder extends Rules {
  /** Reads again. Returns whether something else is in force now; writes to the ledger what was loaded or refused. */
  reload(world: Pick<World, 'db' | 'append' | 'changes' | 'log'>): Promise<boolean>;
}

/** Loads the rules for the first time. Refuses to start on unsound documents: with no rules there is nothing to fall back to. */
export async function openRules(
  sources: RuleSources,
  now: () => Instant,
): Promise<Result<RulesHolder, readonly PolicyProblem[]>> {
  let seen = '';
  const first = await load(sources, now());
  if (!first.ok) return first;
  let inForce: RulesInForce = first.value;
  seen = fingerprint(first.value.policy.version, first.value.directory.version);

  const holder: RulesHolder = {
    current: () => inForce,
    async reload(world) {
      const loaded = await load(sources, now());
      if (!loaded.ok) {
        const mark = JSON.stringify(loaded.refusal);
        if (mark === seen) return false;
        seen = mark;
        inForce = { ...inForce, problems: loaded.refusal };
        world.log.error({ problems: loaded.refusal.slice(0, 5) }, 'new rules were refused; the old ones stay in force');
        await noteRefused(world, inForce, loaded.refusal);
        return false;
      }
      const mark = fingerprint(loaded.value.policy.version, loaded.value.directory.version);
      if (mark === seen) return false;
      const policyChanged = loaded.value.policy.version !== inForce.policy.version;
      seen = mark;
      inForce = loaded.value;
      await noteLoaded(world, inForce);
      return policyChanged;
    },
  };
  return ok(holder);
}

async function load(sources: RuleSources, now: Instant): Promise<Result<RulesInForce, readonly PolicyProblem[]>> {
  const files = await sources.read();
  const targets = sources.parseTargets(files);
  const directory = sources.parseDirectory(files, now);
  if (!targets.ok || !directory.ok) {
    return refused([...(targets.ok ? [] : targets.refusal), ...(directory.ok ? [] : directory.refusal)]);
  }
  const policy = loadPolicy(files, {
    directory: directory.value,
    targets: targets.value,
    available: sources.available,
  });
  if (!policy.ok) return policy;
  return ok({ policy: policy.value, directory: directory.value, loadedAt: now, problems: [] });
}

function fingerprint(policy: string, directory: string): string {
  return `${policy}/${directory}`;
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
        problems: problems.slice(0, 20).map((problem) => `${problem.file}:${problem.line}: ${problem.message}`),
      },
    });
    return now;
  });
  world.changes.publish({ kind: 'policy', id: rules.policy.version, at });
}
