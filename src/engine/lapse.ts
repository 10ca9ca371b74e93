import { transitionRequest } from '../core/request.ts';
import { appNow } from '../store/database.ts';
import { claimLapsed, saveRequestState } from '../store/requests.ts';
import { PACE, type EnginePorts } from './ports.ts';

/** Lets requests lapse that nobody decided in time. One transaction: there is nothing outside the database to do. Returns how many. */
export async function lapseRequests(ports: EnginePorts): Promise<number> {
  const lapsed = await ports.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    const requests = await claimLapsed(trx, now, PACE.batch);
    for (const request of requests) {
      const next = transitionRequest(request.state, { kind: 'lapse' }, now);
      if (!next.ok) continue;
      await saveRequestState(trx, request.id, next.value);
      await ports.append(trx, {
        kind: 'request.lapsed',
        at: now,
        actor: { kind: 'system', id: 'engine' },
        subjects: { request: request.id, person: request.person },
        facts: {},
      });
    }
    return requests.map((request) => ({ id: request.id, at: now }));
  });
  for (const { id, at } of lapsed) ports.publish({ kind: 'request', id, at });
  return lapsed.length;
}
