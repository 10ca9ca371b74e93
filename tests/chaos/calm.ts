import { setTimeout as pause } from 'node:timers/promises';
import { readingWith, signedInAs } from './people/tries.ts';
import type { Crowd, Errand, RoleName } from './people/crowd.ts';
import { AZURE_MS, type Saved, type Wallet } from './people/wallet.ts';
import type { Site } from './site/site.ts';
import { ACCOUNT, ADMIN_ROLE, BYSTANDER, OWNED_SET, PERMISSION_SET } from './site/world.ts';

const CALM_S = 10;
const CALM_CERTIFIED_S = 30;
const CALM_ASSIGNED_S = 60;
/** In calm weather a returned credential is refused within this time. */
const CUT_MS = 10_000;
/** And what Identity Center gives, which AWS changes one at a time: behind everybody whose access ends after the storm. */
const ASSIGNED_MS = 60_000;
/** Longer than any session that was ever handed out. */
const AN_HOUR_MS = 3_600_000 + 60_000;

interface Calm {
  readonly crowd: Crowd;
  readonly wallet: Wallet;
  readonly site: Site;
}

/** A broker that survives by refusing everything would hold every promise about ends. So everything must work as on the first day. */
export async function tryItOut(calm: Calm): Promise<readonly string[]> {
  // On places that nobody has been at: where access has just ended another one waits until nothing can land there any more.
  const [person = ''] = calm.site.people.newcomers;
  const faults = await Promise.all([
    keys(calm, person),
    certificate(calm, person),
    assigned(calm, person, 'auditor'),
    assigned(calm, person, 'analyst'),
    onAzure(calm, person),
    bystander(calm),
  ]);
  return faults.flat().map((fault) => `in calm weather ${fault}`);
}

async function keys(calm: Calm, person: string): Promise<readonly string[]> {
  const { crowd, wallet } = calm;
  const errand = await begun(calm, person, 'reader', CALM_S);
  if (typeof errand === 'string') return [errand];
  const saved = await crowd.fetchKeys(person, errand.grant);
  if (saved === null) return ['no credential was handed out'];
  if ((await wallet.works(saved)) !== true) return ['the credential of an active grant is refused'];
  if (!(await crowd.end(person, errand, 'return'))) return ['a grant cannot be given back'];
  return (await untilRefused(calm, [saved], CUT_MS)) ? [] : [servedFor('a credential', CUT_MS)];
}

async function certificate(calm: Calm, person: string): Promise<readonly string[]> {
  const { crowd, wallet } = calm;
  const errand = await begun(calm, person, 'robot-5', CALM_CERTIFIED_S);
  if (typeof errand === 'string') return [errand];
  const saved = await crowd.fetchCertificate(person, errand.grant);
  if (saved === null) return ['no certificate was handed out'];
  if ((await wallet.works(saved)) !== true) return ['the certificate of an active grant makes no session'];
  const session = wallet.savedOf(errand.grant).at(-1);
  if (session === undefined || session === saved || (await wallet.works(session)) !== true)
    return ['the session of a good certificate is refused'];
  if (!(await crowd.end(person, errand, 'return'))) return ['a grant of a certificate cannot be given back'];
  if (!(await untilRefused(calm, [session], CUT_MS))) return [servedFor('the session of a certificate', CUT_MS)];
  // The revocation list comes second and may be refused: then the certificate makes sessions that can do nothing.
  await wallet.works(saved);
  const sessions = wallet.savedOf(errand.grant).filter(({ isCertificate }) => !isCertificate);
  return (await untilRefused(calm, sessions, 0))
    ? []
    : ['a certificate that was given back makes a session that works'];
}

/** What Identity Center gives: asked for, used, and given back. */
async function assigned(calm: Calm, person: string, role: 'auditor' | 'analyst'): Promise<readonly string[]> {
  const { crowd, wallet } = calm;
  const portal = wallet.saved.find(
    ({ place }) => place?.what === 'the sign-in' && place.person === person && place.role === role,
  );
  const errand = await begun(calm, person, role, CALM_ASSIGNED_S);
  if (typeof errand === 'string') return [errand];
  if (portal === undefined || (await wallet.works(portal)) !== true) return [`the portal gives ${role} no session`];
  const session = wallet.sessionsOf(person, role).at(-1);
  if (session === undefined || (await wallet.works(session)) !== true)
    return [`the session of an active grant of ${role} is refused`];
  if (!(await crowd.end(person, errand, 'return'))) return [`a grant of ${role} cannot be given back`];
  const over = role === 'auditor' ? [portal, session] : [portal];
  return (await untilRefused(calm, over, ASSIGNED_MS)) ? [] : [servedFor(`what ${role} gives`, ASSIGNED_MS)];
}

/** What a broker gives on Azure, and takes away: asked for, used, and given back. */
async function onAzure(calm: Calm, person: string): Promise<readonly string[]> {
  const { crowd, wallet } = calm;
  const view = wallet.saved.find(({ place }) => place?.what === 'the view' && place.person === person);
  const errand = await begun(calm, person, 'clerk', CALM_ASSIGNED_S);
  if (typeof errand === 'string') return [errand];
  if (view === undefined || !(await untilServed(calm, view, AZURE_MS)))
    return ['what a grant on Azure gives is refused'];
  if (!(await crowd.end(person, errand, 'return'))) return ['a grant on Azure cannot be given back'];
  return (await untilRefused(calm, [view], AZURE_MS)) ? [] : [servedFor('what a grant on Azure gives', AZURE_MS)];
}

async function untilServed({ wallet }: Calm, saved: Saved, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; ; await pause(500)) {
    if ((await wallet.works(saved)) === true) return true;
    if (Date.now() >= until) return false;
  }
}

/** Somebody whom others have assigned the same permission sets has them still, and nothing denies them. */
async function bystander({ site }: Calm): Promise<readonly string[]> {
  const cloud = { url: site.cloud.url, aheadMs: 0, handler: null };
  const faults: string[] = [];
  for (const set of [PERMISSION_SET, OWNED_SET]) {
    const { keys: got } = await signedInAs(cloud, BYSTANDER, set, ACCOUNT).attempt();
    const works = got !== undefined && (await readingWith(cloud, got).attempt()).answer === 'served';
    if (!works) faults.push(`somebody else cannot use ${set}, which is assigned to them by hand`);
  }
  return faults;
}

async function begun(
  { crowd, site }: Calm,
  person: string,
  role: RoleName,
  seconds: number,
): Promise<(Errand & { readonly grant: string }) | string> {
  const errand = await crowd.request(person, role, seconds, `calm-${role}-${Date.now()}`);
  if (errand.request === null) return `a request of ${role} was not answered`;
  const endsAt = await crowd.untilActive(person, errand, ASSIGNED_MS);
  const { grant } = errand;
  if (endsAt !== null && grant !== null) return Object.assign(errand, { grant });
  const why = await Promise.all(site.brokers.map((broker) => broker.readiness()));
  return `a grant of ${role} did not become active: ${why.join(' ')}`;
}

async function untilRefused({ wallet }: Calm, all: readonly Saved[], withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; ; await pause(500)) {
    const served = await Promise.all(all.map((saved) => wallet.works(saved)));
    if (served.every((one) => one === false)) return true;
    if (Date.now() >= until) return false;
  }
}

const servedFor = (what: string, ms: number): string => `${what} was served ${ms} ms after it was given back`;

/**
 * The cloud's clock goes on by more than an hour, when the last session has expired that anybody ever got: nothing at all may work any more,
 * also of what may outlive its grant. The brokers are not asked, and have no part in it.
 */
export async function anHourLater({ wallet, site }: Pick<Calm, 'wallet' | 'site'>): Promise<readonly string[]> {
  await wallet.rest();
  await site.cloud.moveClock(AN_HOUR_MS);
  wallet.moveClock(AN_HOUR_MS);
  const cloud = { url: site.cloud.url, aheadMs: AN_HOUR_MS, handler: null };
  // If a new session were refused, refusals would say nothing.
  const control = await readingWith(cloud, await site.cloud.sessionOf(ADMIN_ROLE)).attempt();
  if (control.answer !== 'served') return ['an hour later the cloud refuses everybody'];
  return (await wallet.tryAll()).map(({ grant }) => `${grant} works an hour after everything is over`);
}
