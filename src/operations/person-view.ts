import type { World } from './world.ts';

/** A person as shown to others. */
export interface PersonView {
  readonly key: string;
  readonly name: string;
}

/** Somebody who has left the directory is still shown by the key they had. */
export function personView(world: Pick<World, 'rules'>, key: string): PersonView {
  return { key, name: world.rules.current().directory.people.get(key)?.name ?? key };
}
