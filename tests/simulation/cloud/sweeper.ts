import { after } from '../../../src/core/time.ts';
import { sweepAssignments } from '../../../src/providers/aws/sweep-assignments.ts';
import { turnAt, type SweepPorts } from '../../../src/providers/sweep-calls.ts';
import { createNotes } from '../../../src/providers/sweep-report.ts';
import { sweepTimedPolicies } from '../../../src/providers/aws/sweep-timed-policies.ts';
import { createEndVerifier, type EndSigner } from '../../../src/providers/signed-end.ts';
import { createMishaps } from '../broker/mishaps.ts';
import { createVirtualClock } from '../broker/virtual-clock.ts';
import { Life } from '../kernel/life.ts';
import type { Storm } from '../kernel/storm.ts';
import { AwsCalls } from './aws-calls.ts';
import { Network } from './network.ts';
import { bucketOver } from './sim-bucket.ts';
import type { SimCenter } from './sim-center.ts';
import { PEOPLE, type SimIdentities } from './sim-identities.ts';
import { ABANDONED_CALL_MS } from './sim-provider.ts';

/** Runs begin so long after one another; more often than anybody would pay for, because a storm is short. */
const EVERY_MS = 20_000;
const CALM_EVERY_MS = 60_000;
/** A run begins nothing after this, and is killed by the cloud when the next one begins. */
const RUN_MS = 15_000;

/** The real sweeper on the customer's side, run after run, whether or not any broker is alive. It has the same network, and dies like everybody. */
export async function sweepForEver(
  storm: Storm,
  { center, identities }: { readonly center: SimCenter; readonly identities: SimIdentities },
  signer: EndSigner,
): Promise<void> {
  const { scheduler, weather } = storm;
  const verifier = createEndVerifier([signer.publicKey]);
  const prng = storm.prng.fork('sweeper');
  const sweepsPolicies = storm.prng.fork('sweeps policies').chance(0.4);
  for (let run = 1; (center.bucket !== null || sweepsPolicies) && !storm.closing; run += 1) {
    const life = new Life(`sweeper.${run}`);
    const clock = createVirtualClock(scheduler, life, () => 0);
    const mishaps = createMishaps(storm, life, prng.fork(`mishaps ${run}`));
    const network = new Network(storm, life, mishaps, prng.fork(`network ${run}`), ABANDONED_CALL_MS);
    const calls = new AwsCalls(network, () => {});
    const bucket = bucketOver(center, calls);
    const notes = createNotes();
    const startedAt = clock.now();
    const { signal } = new AbortController();
    const until = after(startedAt, RUN_MS);
    const ports: SweepPorts = { clock, verifier, notes, dryRun: false, until, turn: turnAt(startedAt), signal };
    const sso = calls.client(
      () => center.cloudNow,
      (action, input) => center.call('sso', action, input, 'sweeper'),
    ) as never;
    const policiesIn = (account: string) => {
      const iam = calls.client(
        () => identities.cloudNow,
        (action, input) => {
          const staleMs = weather.cloud.staleMs === 0 ? 0 : prng.int(0, weather.cloud.staleMs);
          return identities.iam(account, action, input, { staleMs, onStale: () => {}, by: 'sweeper' });
        },
      );
      return sweepTimedPolicies(ports, { iam, partition: 'aws', account }, [PEOPLE]);
    };
    void Promise.all([
      bucket === null ? null : sweepAssignments(ports, { bucket, sso }),
      ...(sweepsPolicies ? identities.accounts.map(policiesIn) : []),
    ]).then(() => {
      const { events } = notes.report({ dryRun: false, version: 'simulated' }, startedAt, clock.now());
      for (const event of events) {
        storm.trace.note(life.name, `${event.kind}: ${event.message}`);
        if (event.kind === 'ended') storm.marks.hit(event.method === 'timed-policy' ? 'policy-swept' : 'swept');
      }
    });
    await scheduler.until(null, scheduler.now + (storm.calm ? CALM_EVERY_MS : EVERY_MS));
    life.die();
  }
}
