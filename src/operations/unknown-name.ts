import { closest, didYouMean } from '../policy/documents/closest.ts';
import type { OperationRefusal } from './refusal.ts';
import type { World } from './world.ts';

/** So many names are offered, and no more: a list of everybody is no hint. */
const MOST = 3;
const SHOWN = 60;

/**
 * What is said where a key of the directory was given that it does not have: what was looked up, and what to do. `mayKnow`: whoever asks
 * answers for roles or targets or is an admin, and is told near keys; nobody else learns who is in the directory by guessing.
 */
export function unknownPerson(world: World, key: string, mayKnow: boolean): OperationRefusal {
  const near = mayKnow ? nearPeople(world, key) : [];
  return {
    code: 'not-found',
    detail: `The directory has nobody with the key "${key.slice(0, SHOWN)}".`,
    hint:
      near.length > 0
        ? `did you mean ${near.join(' or ')}?`
        : 'A key is not a name or an e-mail address: it stands in brackets behind the name, "Ana Ribeiro (ana)", in "curfew ls --all" and in the portal.',
  };
}

/** The same for a target of the inventory; which there are is in the catalogue of everybody. */
export function unknownTarget(world: World, target: string): OperationRefusal {
  return {
    code: 'not-found',
    detail: `There is no target "${target.slice(0, SHOWN)}".`,
    hint:
      didYouMean(
        target,
        world.rules.current().policy.vocabulary.targets.keys(),
        '"curfew search" lists targets with their roles.',
      ) ?? '',
  };
}

/** Those who are called so or have that address, and else whose key is nearest: `ana (Ana Ribeiro)`. */
function nearPeople(world: World, text: string): readonly string[] {
  const { people } = world.rules.current().directory;
  const wanted = text.toLowerCase();
  const called = [...people.values()]
    .filter(({ name, email }) => name.toLowerCase() === wanted || email.toLowerCase() === wanted)
    .slice(0, MOST);
  const guess = closest(text, people.keys());
  const guessed = guess === null ? undefined : people.get(guess);
  const found = called.length > 0 || guessed === undefined ? called : [guessed];
  return found.map(({ key, name }) => `${key} (${name})`);
}
