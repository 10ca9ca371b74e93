import { setTimeout as pause } from 'node:timers/promises';
import { Prng } from '../simulation/kernel/prng.ts';
import { auditVerify } from './audit.ts';
import { Breaker, planBlows, type Blow } from './blows.ts';
import { anHourLater, tryItOut } from './calm.ts';
import { anywhereFaults } from './judge-anywhere.ts';
import { azureFaults } from './judge-azure.ts';
import { centerFaults } from './judge-center.ts';
import { logFaults, lost, readRecords, servedAfterSaidEnd, type Records } from './judge.ts';
import { epochFaults } from './judge-epochs.ts';
import { orderFaults, readOrders } from './judge-orders.ts';
import { servedBesideGrants, worstPlaceLag } from './judge-places.ts';
import { Crowd } from './people/crowd.ts';
import { BOUND_MS, LONGEST_SESSION_MS, Wallet } from './people/wallet.ts';
import type { Nursery } from './site/nursery.ts';
import { openSite, type Site } from './site/site.ts';
import { ownKeyOf, OWNED_SET, PERMISSION_SET } from './site/world.ts';

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: string;
  /** Between two blows, on average. */
  readonly everyMs: number;
}

/** A promise that was broken, and when: seconds since the first blow. */
export interface Violation {
  readonly promise: 'end' | 'order' | 'epoch' | 'loss' | 'log' | 'convergence' | 'calm' | 'crash' | 'processes';
  readonly text: string;
  readonly atS: number;
}

export interface ChaosReport {
  readonly blows: ReadonlyMap<Blow, number>;
  readonly cloudFaults: number;
  readonly requests: number;
  readonly acknowledged: number;
  readonly grants: number;
  readonly grantsByState: Readonly<Record<string, number>>;
  readonly forgottenByRestores: number;
  readonly credentials: number;
  /** How often somebody's own key was served, because of a timed policy. */
  readonly servedOwnKeys: number;
  /** Certificates that were handed out, and sessions that they made. */
  readonly certificates: number;
  readonly certifiedSessions: number;
  /** Sessions that the portal of Identity Center gave, and milliseconds after the end at which it gave one last. */
  readonly portalSessions: number;
  readonly worstPortalLagMs: number;
  /** Milliseconds after the end at which a session was served last that a tombstone cuts. */
  readonly worstTombstoneLagMs: number;
  /** How often somebody was served on Azure, milliseconds after the end at which they were last, and what the sweeper ended. */
  readonly servedOnAzure: number;
  readonly worstAzureLagMs: number;
  readonly sweptOnAzure: number;
  readonly tries: number;
  readonly served: number;
  /** Milliseconds after the end at which a credential was served last; 0: none was. */
  readonly worstLagMs: number;
  /** The same after an early end was acknowledged, before anything was said to have ended. Not judged: only said. */
  readonly worstCutLagMs: number;
  /** Orders of the kill switch that were acknowledged, those that the tables know in the end, and the longest time to zero, milliseconds. */
  readonly ordersGiven: number;
  readonly orders: number;
  readonly worstToZeroMs: number;
  readonly callsWithoutAnswer: number;
  readonly serverErrors: number;
  /** Starts that came to nothing, while there was no database. */
  readonly gaveUp: number;
  readonly entries: number;
  readonly checkpoints: number;
  /** Milliseconds from the last heal until nothing was left to do; `null`: never. */
  readonly convergedMs: number | null;
  readonly audit: string;
  readonly violations: readonly Violation[];
}

/**
 * Longest that grants may take to end after everything was healed: their own time, that of a schedule which may fire late, and what a proof
 * takes, behind everybody whose assignment ends in these minutes.
 */
const CONVERGE_MS = 300_000;
/** In this time a broker finds out by itself which of its connections are dead, and one that is down is up again. */
const READY_MS = 60_000;
/** Fewer, and most blows found nothing that they could have kept from ending. */
const LEAST_GRANTS_A_BLOW = 0.5;
/** Blows between two copies of the database. */
const COPY_EVERY = 12;
const SHORT_RUN = 10;
const SHORT_GRANT_S = 9;
const LONG_GRANT_S = 20;

/** One run: opens the site, breaks it, heals it, and judges from outside. The caller clears the nursery. */
export async function runChaos(
  nursery: Nursery,
  options: ChaosOptions,
  say: (text: string) => void,
  stop: AbortSignal,
): Promise<{ readonly report: ChaosReport; readonly site: Site }> {
  const prng = new Prng(options.seed);
  const site = await openSite(nursery);
  const startedAt = Date.now();
  const seconds = () => (Date.now() - startedAt) / 1_000;
  const violations: Violation[] = [];
  const violate: Violate = (promise, text, at = Date.now()) => {
    violations.push({ promise, text, atS: (at - startedAt) / 1_000 });
    say(`VIOLATION (${promise}) ${text}`);
  };
  const wallet = new Wallet(site.cloud.url, ({ grant, endsAt }, at) => {
    if (at > endsAt + BOUND_MS) violate('end', `a credential of ${grant} was served ${at - endsAt} ms after its end`);
  });
  const crowd = new Crowd(site.url, wallet);
  for (const person of [...site.people.engineers, ...site.people.newcomers]) {
    wallet.keep(person, 'checker', ownKeyOf(person));
    wallet.signIn(person, 'analyst', PERMISSION_SET, LONGEST_SESSION_MS);
    wallet.signIn(person, 'auditor', OWNED_SET, 0);
    wallet.visit(person, 'clerk', () => site.azure.look(person));
  }
  const breaker = new Breaker(
    site,
    (text) => say(`${seconds().toFixed(0).padStart(4)} s  ${text}`),
    (text) => violate('processes', text),
  );
  try {
    // What is asked for in a short run is shorter, because the run waits for its end.
    const longestS = options.kills <= SHORT_RUN ? SHORT_GRANT_S : LONG_GRANT_S;
    crowd.start(prng.fork('people'), site.people, longestS);
    await storm(breaker, prng, options, stop, () => progress(crowd, wallet, violations.length, seconds()), say);
    say(`${seconds().toFixed(0).padStart(4)} s  healing`);
    await breaker.heal();
    const silent = await site.untilReady(READY_MS);
    if (silent.length > 0)
      violate('convergence', `${silent.join(', ')} not ready ${READY_MS / 1_000} s after all was healed`);
    const healedAt = Date.now();
    await crowd.close();
    await liftAll(site, crowd);
    for (const text of await tryItOut({ crowd, wallet, site })) violate('calm', text);
    const convergedMs = await converge(site, healedAt, (text) => violate('convergence', text));
    const records = await readRecords(site);
    const orders = await readOrders(site);
    for (const text of orderFaults(orders)) violate('order', text);
    for (const text of await epochFaults(site, breaker.restores)) violate('epoch', text);
    for (const text of await centerFaults(site)) violate('end', text);
    for (const text of await anywhereFaults(site, wallet.saved)) violate('end', text);
    for (const text of await azureFaults(site)) violate('end', text);
    const audit = await judge(site, records, { wallet, crowd, breaker, violate });
    const report = reportOf(wallet, crowd, breaker, records);
    if (report.grants + report.forgottenByRestores < options.kills * LEAST_GRANTS_A_BLOW)
      violate('calm', `only ${report.grants} grants for ${options.kills} blows: a storm over nothing proves nothing`);
    for (const text of await anHourLater({ wallet, site })) violate('end', text);
    return {
      site,
      report: {
        ...report,
        orders: orders.length,
        ordersGiven: crowd.killSwitch?.given ?? 0,
        worstToZeroMs: Math.max(0, ...orders.map((one) => (one.finishedAt ?? 0) - (one.startedAt ?? Infinity))),
        sweptOnAzure: site.azure.swept().ended,
        gaveUp: site.brokers.reduce((sum, broker) => sum + broker.gaveUp, 0),
        convergedMs,
        audit,
        violations,
      },
    };
  } finally {
    await wallet.rest();
  }
}

/** When all is healed, whatever order still stands is lifted, also one that nobody had an answer about or that a restore brought back. */
async function liftAll({ postgres }: Site, crowd: Crowd): Promise<void> {
  const rows = (await postgres.query('select id from revocation where lifted_at is null')) as { id: string }[];
  const ids = rows.map(({ id }) => id);
  await crowd.killSwitch?.lift(ids, `calm-${Date.now()}`);
}

async function storm(
  breaker: Breaker,
  prng: Prng,
  { kills, everyMs }: ChaosOptions,
  stop: AbortSignal,
  status: () => string,
  say: (text: string) => void,
): Promise<void> {
  const weather = prng.fork('cloud');
  const copies = prng.fork('copies');
  await pause(4_000, null, { signal: stop });
  await breaker.copy();
  let untilCopy = COPY_EVERY;
  for (const [index, blow] of planBlows(prng.fork('blows'), kills, everyMs).entries()) {
    await pause(blow.waitMs, null, { signal: stop });
    if (weather.chance(0.35)) await breaker.troubleCloud(weather);
    untilCopy -= 1;
    // A copy that is restored at once has lost nothing, and no epoch begins.
    if (untilCopy <= 0 && !blow.kind.startsWith('restore') && copies.chance(0.5)) {
      untilCopy = COPY_EVERY;
      await breaker.copy();
    }
    // With everybody down there is nobody to strike: a blow waits for one.
    for (const until = Date.now() + READY_MS; !breaker.strike(blow); await pause(250, null, { signal: stop }))
      if (Date.now() > until) throw new Error(`there was nobody to strike for ${READY_MS / 1_000} s: ${blow.kind}`);
    if (index % 10 === 9) say(status());
  }
}

function progress(crowd: Crowd, wallet: Wallet, violations: number, atS: number): string {
  const grants = new Set(crowd.errands.flatMap(({ grant }) => grant ?? [])).size;
  return (
    `${atS.toFixed(0).padStart(4)} s  -- ${crowd.errands.length} requests, ${grants} grants, ` +
    `${wallet.saved.length} credentials, ${wallet.tries} tries, ${violations} violations`
  );
}

/** Waits until every grant is over and every entry of the log has its place. */
async function converge(site: Site, from: number, fail: (text: string) => void): Promise<number | null> {
  const orders = `select id, 'order' as state from revocation where started_at is not null and finished_at is null`;
  const open = `select id, state, last_fault, attempts, due_at, lease_until from "grant" where state not in ('ended', 'failed') limit 5`;
  for (;;) {
    const left = [...(await site.postgres.query(open)), ...(await site.postgres.query(orders))];
    const [{ n } = { n: 0 }] = (await site.postgres.query('select count(*)::int as n from ledger_outbox')) as {
      n: number;
    }[];
    if (left.length === 0 && n === 0) return Date.now() - from;
    if (Date.now() - from > CONVERGE_MS) {
      const ready = await Promise.all(site.brokers.map((broker) => broker.readiness()));
      fail(`not over after ${CONVERGE_MS / 1_000} s: ${JSON.stringify(left)}, ${n} entries wait; ${ready.join(' ')}`);
      return null;
    }
    await pause(500);
  }
}

/** `at`: epoch milliseconds; absent: now. */
type Violate = (promise: Violation['promise'], text: string, at?: number) => void;

interface Seen {
  readonly wallet: Wallet;
  readonly crowd: Crowd;
  readonly breaker: Breaker;
  readonly violate: Violate;
}

async function judge(site: Site, records: Records, { wallet, crowd, breaker, violate }: Seen): Promise<string> {
  for (const { grant, place } of await wallet.tryAll())
    if (place === null || place.boundMs < LONGEST_SESSION_MS) violate('end', `${grant} works when everything is over`);
  for (const text of servedBesideGrants(wallet.saved, records, crowd.errands, breaker.restores)) violate('end', text);
  for (const text of servedAfterSaidEnd(wallet.saved, records, crowd.errands)) violate('end', text);
  for (const text of lost(records, crowd.errands, breaker.restores)) violate('loss', text);
  for (const { text, at } of site.brokers.flatMap((broker) => broker.crashes)) violate('crash', text, at);
  const found = (await (await fetch(`${site.url}/.well-known/curfew`)).json()) as { ledger: { vkey: string } };
  for (const text of logFaults(records, found.ledger.vkey)) violate('log', text);
  const audit = await auditVerify(site);
  if (!audit.ok) violate('log', `audit verify: ${audit.text}`);
  return audit.text;
}

function reportOf(wallet: Wallet, crowd: Crowd, breaker: Breaker, records: Records) {
  const known = new Set(records.grants.map((grant) => grant.id));
  const handedOut = wallet.saved.filter(({ place }) => place === null);
  const access = handedOut.filter(({ isCertificate }) => !isCertificate);
  const timesServed = (what: string) =>
    wallet.saved.reduce((sum, { place, servedAt }) => sum + (place?.what === what ? servedAt.length : 0), 0);
  const endAcked = new Map(
    crowd.errands.flatMap((one) =>
      one.endAckedAt === null || one.grant === null ? [] : [[one.grant, one.endAckedAt]],
    ),
  );
  const worst = (lags: readonly number[]) => lags.reduce((most, lag) => Math.max(most, lag), 0);
  const states: Record<string, number> = {};
  for (const { state } of records.grants) states[state] = (states[state] ?? 0) + 1;
  return {
    blows: breaker.counts,
    cloudFaults: breaker.cloudFaults,
    requests: crowd.errands.length,
    acknowledged: crowd.errands.filter((errand) => errand.request !== null).length,
    grants: records.grants.length,
    grantsByState: states,
    forgottenByRestores: new Set(
      crowd.errands.flatMap(({ grant }) => (grant === null || known.has(grant) ? [] : grant)),
    ).size,
    credentials: handedOut.length,
    servedOwnKeys: timesServed('the own key'),
    portalSessions: timesServed('the sign-in'),
    worstPortalLagMs: worstPlaceLag(
      wallet.saved.filter(({ place }) => place?.what === 'the sign-in'),
      records,
      crowd.errands,
      breaker.restores,
    ),
    worstTombstoneLagMs: worstPlaceLag(
      wallet.saved.filter(({ place }) => place?.what === 'a session' && place.boundMs === BOUND_MS),
      records,
      crowd.errands,
      breaker.restores,
    ),
    servedOnAzure: timesServed('the view'),
    worstAzureLagMs: worstPlaceLag(
      wallet.saved.filter(({ place }) => place?.what === 'the view'),
      records,
      crowd.errands,
      breaker.restores,
    ),
    tries: wallet.tries,
    served: wallet.saved.reduce((sum, saved) => sum + saved.served, 0),
    worstLagMs: worst(handedOut.map(({ lastServedAt, endsAt }) => (lastServedAt ?? 0) - endsAt)),
    certificates: wallet.saved.filter(({ isCertificate }) => isCertificate).length,
    certifiedSessions: wallet.saved.reduce((sum, one) => sum + (one.isCertificate ? one.served : 0), 0),
    worstCutLagMs: worst(
      access.map(({ grant, lastServedAt, endsAt }) => {
        const ackedAt = endAcked.get(grant);
        return ackedAt === undefined || lastServedAt === null ? 0 : Math.min(lastServedAt, endsAt) - ackedAt;
      }),
    ),
    callsWithoutAnswer: crowd.silences,
    serverErrors: crowd.failures,
    entries: records.entries.length,
    checkpoints: records.checkpoints.length,
  };
}
