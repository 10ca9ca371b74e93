import { slotKey } from '../../src/core/slot.ts';
import { after } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { centerRole } from '../contract/aws-center-harness.ts';
import { CENTER, person } from '../contract/aws-center-world.ts';
import { account, binding } from '../contract/aws-fixtures.ts';
import { awsProvider } from '../contract/aws-harness.ts';
import { ACCOUNT } from '../contract/aws-world.ts';

/**
 * A process that gives one person access for a time, as a broker's engine does, says so, and then does nothing more but wait to be killed:
 * `node identity-center-broker.ts <url of the cloud> <milliseconds>`.
 */
const [url = '', durationMs = '0'] = process.argv.slice(2);
const provider = awsProvider(url, { identityCenter: { account: CENTER, region: 'eu-west-1' } });
const now = systemClock.now();
const bare = binding({
  method: 'identity-center',
  target: { ...account, native: ACCOUNT },
  role: centerRole(),
  grant: newId(systemRandom, 'grt'),
  principal: person(1),
  activatedAt: now,
  endsAt: after(now, Number(durationMs)),
});
const spec = { ...bare, slot: slotKey('aws', 'identity-center', provider.sharedPlace(bare)) };
for (;;) {
  const call = { now: systemClock.now(), signal: AbortSignal.timeout(4_000) };
  const { usable } = await provider.provision(spec, call);
  if (usable) break;
  await systemClock.sleep(200);
}
console.log(`usable until ${spec.endsAt}`);
await systemClock.sleep(3_600_000);
