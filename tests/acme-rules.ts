import type { DirectorySnapshot } from '../src/core/directory.ts';
import { instant } from '../src/core/time.ts';
import { decide } from '../src/policy/decide.ts';
import { loadPolicy, type PolicySet } from '../src/policy/load.ts';
import type { Question } from '../src/policy/types.ts';
import { loadAcme } from './acme-world.ts';

export const NOW = instant(Date.parse('2026-11-19T14:00:00Z'));
export const MINUTE = 60_000;
export const acme = loadAcme(NOW);

/** Rules over Acme's people and targets; roles `reader` (2), `changer` (1) and `admin` (0) on AWS. */
export function rules(text: string): PolicySet {
  const role = (name: string, tier: number) =>
    `kind: role\nname: ${name}\ntier: ${tier}\nowner: group:security\ndescription: A role that exists for tests\naws: { method: assume-role, role: curfew/${name} }\n---\n`;
  const loaded = loadPolicy(
    [{ path: 'rules.yaml', text: role('reader', 2) + role('changer', 1) + role('admin', 0) + text }],
    acme.policy.vocabulary,
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal));
  return loaded.value;
}

/** A policy for the data engineers in production. */
export const policy = (name: string, more: string, roles = '[reader]') =>
  `kind: policy\nname: ${name}\nwho: { groups: [data-engineers] }\nroles: ${roles}\ntargets: { env: prod }\n${more}\n---\n`;

/** What Ana is answered. */
export function ask(set: PolicySet, more: Partial<Question> = {}, directory: DirectorySnapshot = acme.directory) {
  const items = [{ role: 'reader', target: 'aws/prod' }];
  return decide(set, directory, { now: NOW, requester: 'ana', items, context: { via: 'cli' }, ...more });
}

export const on = (role: string, target: string): Partial<Question> => ({ items: [{ role, target }] });
export const plain = rules(policy('plain', ''));
