import { setTimeout as pause } from 'node:timers/promises';
import type { Site } from './site/site.ts';

/** By then every grant is over that a restore can have forgotten, and the sweeper has been there. */
const LONGEST_WAIT_MS = 180_000;

/** What is left on Azure when every grant is over, and what others had there. What a restore has forgotten is the sweeper's to end. */
export async function azureFaults({ azure }: Site): Promise<readonly string[]> {
  let left = await azure.ours();
  for (const until = Date.now() + LONGEST_WAIT_MS; left.length > 0 && Date.now() < until; left = await azure.ours())
    await pause(1_000);
  const { alarms } = azure.swept();
  return [
    ...left.map(({ name, principalId }) => `the role assignment ${name} of ${principalId} is left on Azure`),
    ...(await azure.bystanders()),
    ...(alarms > 0 ? [`the sweeper of Azure raised ${alarms} alarms, and nobody has edited anything`] : []),
  ];
}
