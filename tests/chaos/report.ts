import { BLOWS, type Blow } from './blows.ts';
import type { ChaosReport } from './chaos.ts';
import { AZURE_MS, BOUND_MS, NEW_SESSIONS_MS } from './people/wallet.ts';

/** The summary that a run ends with. `tookS`: seconds of the whole run. */
export function tableOf(report: ChaosReport, tookS: number): string {
  const kinds = (Object.keys(BLOWS) as Blow[]).flatMap((kind): readonly Row[] => {
    const count = report.blows.get(kind) ?? 0;
    return count === 0 ? [] : [[kind, String(count), BLOWS[kind]]];
  });
  const states = Object.entries(report.grantsByState).map(([state, count]) => `${count} ${state}`);
  const converged = report.convergedMs === null ? 'never' : `${(report.convergedMs / 1_000).toFixed(1)} s`;
  const rows: readonly Row[] = [
    ...kinds,
    ['faults of the cloud', String(report.cloudFaults), 'throttled, slow, dropped before or after'],
    ['starts in vain', String(report.gaveUp), 'of brokers, while there was no database to start with'],
    ['requests', String(report.requests), `${report.acknowledged} acknowledged`],
    ['calls without answer', String(report.callsWithoutAnswer), `and ${report.serverErrors} answered with an error`],
    ['grants', String(report.grants), states.join(', ')],
    ['forgotten', String(report.forgottenByRestores), 'grants that a restored copy did not know'],
    ['credentials saved', String(report.credentials), ''],
    ['tries of them', String(report.tries), `${report.served} served`],
    ['worst lag after the end', `${report.worstLagMs} ms`, `bound ${BOUND_MS} ms`],
    ['worst lag of a cut', `${report.worstCutLagMs} ms`, 'after a return or a revocation was acknowledged; not judged'],
    ['own keys served', String(report.servedOwnKeys), 'times, because of a timed policy'],
    ['certificates', String(report.certificates), `${report.certifiedSessions} sessions made with them`],
    ['sessions of the portal', String(report.portalSessions), 'each kept and tried as well'],
    [
      'worst lag of the portal',
      `${report.worstPortalLagMs} ms`,
      `new sessions after the end; bound ${NEW_SESSIONS_MS} ms`,
    ],
    [
      'worst lag of a tombstone',
      `${report.worstTombstoneLagMs} ms`,
      `open sessions after the end; bound ${BOUND_MS} ms`,
    ],
    ['served on Azure', String(report.servedOnAzure), `${report.sweptOnAzure} assignments ended by the sweeper`],
    ['worst lag on Azure', `${report.worstAzureLagMs} ms`, `after the end; bound ${AZURE_MS} ms`],
    [
      'orders',
      String(report.ordersGiven),
      `acknowledged, ${report.orders} known in the end; worst time to zero ${report.worstToZeroMs.toFixed(0)} ms`,
    ],
    ['entries in the log', String(report.entries), `${report.checkpoints} checkpoints; audit verify: ${report.audit}`],
    ['convergence', converged, 'from the last heal until every grant had ended with proof'],
    ['violations', String(report.violations.length), ''],
    ['took', `${tookS.toFixed(0)} s`, ''],
  ];
  const broken = report.violations.map(({ promise, text, atS }) => `  ${promise} at ${atS.toFixed(0)} s: ${text}`);
  return ['', ...printed(rows), ...broken, ''].join('\n');
}

type Row = readonly [what: string, figure: string, remark: string];

function printed(rows: readonly Row[]): readonly string[] {
  const what = Math.max(...rows.map((row) => row[0].length));
  const figure = Math.max(...rows.map((row) => row[1].length));
  return rows.map((row) => `${row[0].padEnd(what)}  ${row[1].padStart(figure)}  ${row[2]}`.trimEnd());
}
