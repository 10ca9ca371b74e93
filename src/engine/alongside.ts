import type { GrantId } from '../core/ids.ts';
import type { Alongside, AlsoEnding } from '../providers/contract.ts';
import { inTime, LATE } from '../platform/in-time.ts';
import { forgetAbsence } from '../store/bindings.ts';
import { appNow } from '../store/database.ts';
import type { GrantRecord } from '../store/grants.ts';
import { endingOnRole } from '../store/slot-grants.ts';
import { bindingPlace, boundSpec, methodOf } from './binding-spec.ts';
import { PACE, type EnginePorts } from './ports.ts';

/**
 * What else is being taken away before its time in the same thing that only one may write. A write that was given up can land a minute later
 * and put an older state back; whoever then wrote what they read there would lose for good what had been denied in between, and the grant of
 * that denial may be proven gone already. So everybody writes for all. A database that does not say it soon holds up no ending; what an
 * ending removes beside it and could not record stands in the process's own log.
 */
export function alongside(
  ports: Pick<EnginePorts, 'db' | 'providers' | 'clock' | 'append' | 'log'>,
  grant: GrantRecord,
  recording: 'needs-the-log' | 'never-waits',
): Alongside {
  const { db, clock, append, log } = ports;
  const keyOf = (one: GrantRecord): string | null =>
    methodOf(ports.providers, one).provider.exclusive?.(bindingPlace(one), 'end-early') ?? null;
  const soon = async <T>(work: Promise<T>, otherwise: T): Promise<T> => {
    const said = work.catch((error: unknown) => {
      log.error(
        { grant: grant.id, error: String(error) },
        'the database does not say what else stands there, or take it',
      );
      return otherwise;
    });
    const answer = await inTime(clock, PACE.announceMs, said);
    return answer === LATE ? otherwise : answer;
  };
  return {
    async ending() {
      const key = keyOf(grant);
      if (key === null) return [];
      const ending = await soon(endingOnRole(db, grant), []);
      return ending.flatMap((one): readonly AlsoEnding[] => {
        if (one.state.kind !== 'ending' || one.activatedAt === null || keyOf(one) !== key) return [];
        return [{ grant: one.id, endsAt: boundSpec(one).endsAt, since: one.state.since }];
      });
    },
    restores: (grants: readonly GrantId[]) => soon(forgetAbsence(db, grants), undefined),
    async removes(left) {
      const facts = { role: grant.definition.role.name, target: grant.definition.target.key, left };
      log.info({ grant: grant.id, ...facts }, 'removing what nothing needs any more');
      const written = db.transaction().execute(async (trx) =>
        append(trx, {
          kind: 'grant.tidied',
          at: await appNow(trx),
          actor: { kind: 'system', id: 'engine' },
          subjects: { grant: grant.id, request: grant.request, person: grant.person },
          facts,
        }),
      );
      await (recording === 'needs-the-log' ? written : soon(written, undefined));
    },
  };
}
