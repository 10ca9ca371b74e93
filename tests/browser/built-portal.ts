import { buildPortal } from '../../tools/build-portal.ts';

/** Once before the suite: every demo in it would build the portal otherwise, all of them at once. */
export default async function setup(): Promise<void> {
  await buildPortal();
}
