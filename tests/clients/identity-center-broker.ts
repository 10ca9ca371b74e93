import { slotKey } from '../../src/core/slot.ts';
import { after } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { centerRole, TOMBSTONE } from '../contract/aws-center-harness.ts';
import { CENTER, person } from '../contract/aws-center-world.ts';
import { account, binding } from '../contract/aws-fixtures.ts';
import { awsProvider } from '../contract/aws-harness.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { ACCOUNT } from '../contract/aws-world.ts';

/**
 * A process that gives one person access for a time, as a broker's engine does, says so, and then does nothing more but wait to be killed:
 * `node identity-center-broker.ts <url of the cloud> <milliseconds> <number of the person> [tombstone]`.
 */
const [url = '', durationMs = '0', who = '1', option = ''] = process.argv.slice(2);
const provider = awsProvider(url, { identityCenter: { account: CENTER, region: 'eu-west-1' } });
const now = systemClock.now();
const bare = binding({
  method: 'identity-center',
  target: { ...account, native: ACCOUNT },
  role: centerRole(option === 'tombstone' ? TOMBSTONE : {}),
  grant: newId(systemRandom, 'grt'),
  principal: person(Number(who)),
  activatedAt: now,
  endsAt: after(now, Number(durationMs)),
});
const spec = { ...bare, slot: slotKey('aws', 'identity-center', provider.sharedPlace(bare)) };
for (;;) {
  const call = { now: systemClock.now(), signal: AbortSignal.timeout(4_000) };
  // Busy is not broken: the cloud takes its time for each step.
  const { usable, native } = await provider.provision(spec, call).catch((error: unknown) => {
    if (error instanceof ProviderFault && error.kind === 'conflict') return { usable: false, native: {} };
    throw error;
  });
  if (usable) console.log(`made ${JSON.stringify(native)}`);
  if (usable) break;
  await systemClock.sleep(200);
}
console.log(`usable until ${spec.endsAt}`);
await systemClock.sleep(3_600_000);
