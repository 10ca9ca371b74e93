import type { GrantId, RequestId } from '../../../src/core/ids.ts';
import { approveRequest } from '../../../src/operations/decide-request.ts';
import { requestAccess } from '../../../src/operations/request-access.ts';
import type { RequestView } from '../../../src/operations/views.ts';
import { BOUND, CERTIFIED, TARGETS } from '../broker/company.ts';
import type { Observer } from '../checkers/observer.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import type { Crowd } from './crowd.ts';

/** In calm weather a returned credential is refused this soon: one pass of the engine, its calls, and what the cloud needs to obey. */
const CUT_WITHIN_MS = 10_000;

/**
 * After the storm everything must work as on the first day: somebody asks, somebody approves, the credential works, is
 * given back and is refused at once. A broker that merely survives by refusing everything would fail here.
 */
export async function tryItOut(crowd: Crowd, observer: Observer, storm: Storm): Promise<void> {
  const failed = (text: string) => observer.violations.report('liveness', `in calm weather ${text}`);
  const pause = (ms: number) => storm.scheduler.until(null, storm.scheduler.now + ms);
  const [first, second] = TARGETS;
  for (const item of [
    { role: 'reader', target: first },
    { role: BOUND, target: second },
  ]) {
    const { role, target } = item;
    const input = { items: [item], durationMs: 90_000, reason: 'trying it out' };
    const asked = await crowd.do('kim', `tries ${role}@${target}`, (node, actor) =>
      requestAccess(node.world, actor, input),
    );
    if (asked?.ok !== true) return failed('a request was refused');
    const request = (asked.value as RequestView).id;
    for (const lead of ['cy', 'dee']) {
      await crowd.do(lead, `approves ${short(request)}`, (node, actor) =>
        approveRequest(node.world, actor, request as RequestId, {}),
      );
    }
    await pause(60_000);
    const row = [...observer.grants.values()].find((grant) => grant.request === request);
    if (row?.state !== 'active') return failed(`a grant is ${row?.state ?? 'missing'} a minute after its approval`);
    const credential = await crowd.fetchCredential('kim', row.id as GrantId);
    if (credential === null) return failed('no credential was handed out');
    if (!crowd.works(credential)) return failed('the credential of an active grant is refused');
    const endsAt = row.endsAt ?? 0;
    const longer = await crowd.extend('kim', row.id as GrantId, 30_000);
    if (longer?.ok !== true) return failed('an extension was refused');
    const extension = (longer.value as RequestView).id;
    for (const lead of ['cy', 'dee']) {
      await crowd.do(lead, `approves ${short(extension)}`, (node, actor) =>
        approveRequest(node.world, actor, extension as RequestId, {}),
      );
    }
    await pause(CUT_WITHIN_MS);
    if (observer.grants.get(row.id)?.endsAt !== endsAt + 30_000)
      return failed('an approved extension did not come about');
    if ((await crowd.giveBack('kim', row.id as GrantId))?.ok !== true) return failed('a grant cannot be given back');
    await pause(CUT_WITHIN_MS);
    observer.violations.judge('works-again');
    if (crowd.works(credential)) return failed(`a credential works ${CUT_WITHIN_MS} ms after it was given back`);
  }
  // Where a role has room for a few ends only, it may have none left.
  await tryCertificates(crowd, observer, storm, failed);
}

/** The same with a certificate: its sessions work, and neither they nor new ones do when it is given back. */
async function tryCertificates(
  crowd: Crowd,
  observer: Observer,
  storm: Storm,
  failed: (text: string) => void,
): Promise<void> {
  const { holders } = crowd;
  const pause = (ms: number) => storm.scheduler.until(null, storm.scheduler.now + ms);
  const [target] = TARGETS;
  const input = { items: [{ role: CERTIFIED, target }], durationMs: 90_000, reason: 'trying it out' };
  const asked = await crowd.do('kim', `tries ${CERTIFIED}`, (node, actor) => requestAccess(node.world, actor, input));
  if (asked?.ok !== true) return failed('a request for certificates was refused');
  await pause(30_000);
  const request = (asked.value as RequestView).id;
  const row = [...observer.grants.values()].find((grant) => grant.request === request);
  if (row?.state !== 'active')
    return failed(`a grant of certificates is ${row?.state ?? 'missing'} after half a minute`);
  const certificate = await holders.fetch('kim', row.id as GrantId);
  const session = certificate === null ? null : holders.makeWith(certificate);
  if (certificate === null || session === null) return failed('there was no certificate, or no session of it');
  if (!holders.works(session)) return failed('a session of a certificate is refused');
  if ((await crowd.giveBack('kim', row.id as GrantId))?.ok !== true) return failed('a grant cannot be given back');
  await pause(CUT_WITHIN_MS);
  const another = holders.makeWith(certificate);
  if (holders.works(session) || (another !== null && holders.works(another)))
    return failed(`a certificate is good for something ${CUT_WITHIN_MS} ms after it was given back`);
}
