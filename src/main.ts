import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApi } from './api/create-api.ts';
import { ledgerReads } from './api/bind-ledger.ts';
import { bindOperations } from './api/bind-operations.ts';
import { createHealthApi } from './api/create-health-api.ts';
import { PORTAL_DIR } from './api/pages/portal.ts';
import type { ApiParts, DemoPage, HealthParts } from './api/parts.ts';
import { createEngine, type Engine } from './engine/engine.ts';
import { PACE, type EnginePorts } from './engine/ports.ts';
import { upkeep } from './engine/upkeep.ts';
import { createAccessTokens } from './identity/access-tokens.ts';
import { createAuthorizationServer } from './identity/authorization-server.ts';
import { parseBaseUrl, type BaseUrl } from './identity/base-url.ts';
import type { Companies } from './identity/companies.ts';
import { createCompanyProvider } from './identity/company-provider.ts';
import { attestationPolicy } from './identity/passkeys/attestation-policy.ts';
import { createPasskeyCeremony } from './identity/passkeys/ceremony.ts';
import { directoriesOf, keptPeople } from './identity/directory/sources.ts';
import { parseDirectory } from './identity/directory/yaml-directory.ts';
import { loadIdentityKeys } from './identity/keys.ts';
import { openTelling, type Telling } from './integrations/mail/telling.ts';
import { createAppend } from './ledger/append.ts';
import { sequenceAll, type LedgerHealth } from './ledger/keep-sequencing.ts';
import { createSigner, type LogSigner } from './ledger/note.ts';
import { COMPANY_ACCOUNTS } from './operations/account-holder.ts';
import { endAtCompany, openBrowserSession } from './operations/browser-sessions.ts';
import { carryOutOpen } from './operations/carry-out-revocation.ts';
import { createChanges } from './operations/changes.ts';
import { issueAdminCode } from './operations/claim-administration.ts';
import { endDeparted } from './operations/departures.ts';
import { lastSweeps } from './operations/examine-clouds.ts';
import { hearOthers } from './operations/hear-others.ts';
import { endSignInsAt } from './operations/linked-accounts.ts';
import { linkProven } from './operations/link-proven.ts';
import { endCliSignIn } from './operations/own-sessions.ts';
import { findKnownPerson, signIn } from './operations/sign-in.ts';
import { lagMs, readinessChecks } from './operations/check-readiness.ts';
import { createEpochWatch, type EpochWatch } from './operations/watch-epoch.ts';
import { recheckGrant } from './operations/recheck-grant.ts';
import { openRules, problemLines } from './operations/reload-rules.ts';
import { createTallies, type Tallies } from './operations/tallies.ts';
import type { Actor, World } from './operations/world.ts';
import { openProviders, type SimulatedClouds } from './open-providers.ts';
import { systemClock, type Clock } from './platform/clock.ts';
import { createCorrectedClock } from './platform/corrected-clock.ts';
import { ConfigProblem, type Config, type FurtherSignInConfig } from './platform/config.ts';
import { makeEd25519Pem, openKeyFiles, type KeyFiles } from './platform/key-files.ts';
import type { Log } from './platform/log.ts';
import { newId, systemRandom } from './platform/random.ts';
import { repeat } from './platform/repeat.ts';
import { readSourceFiles } from './platform/source-files.ts';
import { openWitnessFile, WITNESS_FILE } from './platform/witness-file.ts';
import { parseTargets } from './posture/inventory.ts';
import type { AwsProviderOptions } from './providers/aws/index.ts';
import { createEndSigner } from './providers/signed-end.ts';
import { appNow, openEmbedded, openPostgres, type Database } from './store/database.ts';
import { countLiveGrants, markReissue } from './store/grants.ts';
import { markInstallation } from './store/installation.ts';
import { headSize } from './store/ledger-entries.ts';
import { lastPolicySources } from './store/policy-versions.ts';

/** A running broker. */
export interface Broker {
  readonly url: string;
  /** The code with which the first admin is claimed, for the console and nothing else. `null`: there is or was one. */
  readonly adminCode: { readonly code: string; readonly expiresAt: string } | null;
  /** Finishes what is under way and stops; safe to call twice. */
  close(): Promise<void>;
}

/** Makes people of the demo admin and auditor, with the code for the first admin. */
export type AppointDemoPeople = (
  operations: ApiParts['operations'],
  signIn: (key: string) => Promise<Actor>,
  code: string,
) => Promise<void>;

/** What only the demo may pass: simulated surroundings. `serve` has no way to. */
export interface DemoParts extends SimulatedClouds {
  readonly people: readonly { readonly key: string; readonly name: string; readonly title: string }[];
  readonly pages?: readonly DemoPage[];
  /** Absent: nobody is claimed to be an admin, and the code is given back as everywhere. */
  readonly appoint?: AppointDemoPeople;
}

export interface BrokerParts {
  readonly config: Config;
  readonly log: Log;
  /** The operator says that the database was restored from a backup. */
  readonly restored?: boolean;
  readonly demo?: DemoParts;
}

/** How often rules are read again, and the log is given its places when nobody asked for it sooner. */
const RELOAD_MS = 2_000;
/** How often this machine's clock is compared with the database's. */
const COMPARE_CLOCKS_MS = 1_000;
const SEQUENCE_MS = 250;
/** How often it is looked whether the database was restored. */
const WATCH_EPOCH_MS = 1_000;
/** How often is looked what other processes wrote into the log; with its places, listeners hear of it within a second. */
const HEAR_MS = 500;
/** How often orders of the kill switch are gone on with. Time to zero is read from the grants, so this does not lengthen it. */
const CARRY_OUT_MS = 500;
const DAY_MS = 86_400_000;
const MAX_PENDING = 20;

/** The composition root: the only file that knows everybody. Starts a broker; what was started is stopped when a later part fails. */
export async function startBroker(parts: BrokerParts): Promise<Broker> {
  const { config, log } = parts;
  const stopping = new AbortController();
  const stops: (() => Promise<void>)[] = [];
  let closed: Promise<void> | null = null;
  const close = () =>
    (closed ??= (async () => {
      stopping.abort();
      for (const stop of stops.toReversed()) await stop();
    })());
  try {
    const base = baseUrlOf(config);
    const keys = openKeyFiles(join(config.dataDir, 'keys'), systemRandom);
    const database =
      config.databaseUrl === null
        ? await openEmbedded(join(config.dataDir, 'database'))
        : await openPostgres(config.databaseUrl);
    stops.push(() => database.close());
    await requireOwnData(database, parts.demo !== undefined);
    // The log keeps the name it was born with: another one would be another log, whatever address the broker has by then.
    const origin = keys.loadOrCreate('ledger-origin', () => `${new URL(config.baseUrl).host}/log`);
    const signer = createSigner(origin, keys.loadOrCreate('ledger.pem', makeEd25519Pem));
    const clock = createCorrectedClock(systemClock);
    const compareClocks = async () => {
      const askedAt = systemClock.now();
      const theirs = await appNow(database.db);
      const tookMs = systemClock.now() - askedAt;
      // An answer that took long says little about when it was right.
      if (tookMs <= COMPARE_CLOCKS_MS) clock.correct(Math.round(askedAt + tookMs / 2 - theirs));
    };
    await compareClocks();
    const tallies = createTallies();
    const telling = openTelling(config, log);
    const { world, engine, enginePorts, reload } = await assemble(parts, database, keys, clock, tallies);
    const witness = openWitnessFile(join(config.dataDir, WITNESS_FILE), systemRandom);
    const epochs = createEpochWatch(world, witness, signer.vkey);
    // Before anything is started or answered: what a restored database says is not relied on.
    await (parts.restored === true ? epochs.restored() : epochs.look());
    const ledgerHealth: LedgerHealth = { contradicts: null };
    const background = Promise.all([
      config.role === 'api' ? engine.runUnrecorded(stopping.signal) : engine.run(stopping.signal),
      repeat(SEQUENCE_MS, stopping.signal, log, () => sequenceAll(database.db, signer, ledgerHealth, log)),
      repeat(RELOAD_MS, stopping.signal, log, reload),
      repeat(WATCH_EPOCH_MS, stopping.signal, log, async () => void (await epochs.look())),
      repeat(COMPARE_CLOCKS_MS, stopping.signal, log, compareClocks),
      telling.run(world, stopping.signal),
      repeat(CARRY_OUT_MS, stopping.signal, log, () => carryOutOpen(world).then(() => endDeparted(world))),
      config.role === 'api' ? null : upkeep(enginePorts, stopping.signal),
      // Nobody listens to an engine.
      config.role === 'engine' ? null : repeat(HEAR_MS, stopping.signal, log, hearOthers(world)),
    ]);
    stops.push(async () => void (await background));
    const seen = { ledger: ledgerHealth, epochs };
    const health = healthParts(log, base, database, { world, engine, telling }, tallies, seen);
    const app = await (config.role === 'engine'
      ? createHealthApi(health)
      : createApi(apiParts(parts, health, telling, database, world, signer, keys, epochs)));
    stops.push(() => app.close());
    const adminCode = config.role === 'engine' ? null : await firstAdmin(world, parts);
    // Ends do not wait for this, people do.
    if (config.role !== 'engine') await endSignInsAt(world, config.furtherSignIns ?? []);
    await app.listen({ host: config.host, port: config.port });
    return { url: config.baseUrl, adminCode, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Data of the demo holds people without passwords; it is never served as if it were real, nor real data as a demo. */
async function requireOwnData(database: Database, demo: boolean): Promise<void> {
  if ((await markInstallation(database.db, demo)) === demo) return;
  throw new ConfigProblem(
    demo
      ? 'This database belongs to a real installation; the demo does not touch it. Set CURFEW_DATA_DIR to another folder.'
      : 'This database was made by the demo and is never served as real. Set CURFEW_DATA_DIR or DATABASE_URL to another one.',
  );
}

/** Makes the code for the first admin. The demo uses it at once; everybody else has to read it on the console. */
async function firstAdmin(world: World, { demo, config }: BrokerParts): Promise<Broker['adminCode']> {
  const made = await issueAdminCode(world);
  if (made === null || demo?.appoint === undefined) return made;
  const admitted = async (key: string): Promise<Actor> => {
    const { issuer } = config.signIn;
    const own = { accounts: COMPANY_ACCOUNTS, use: 'sign-in' } as const;
    const named = { ...own, issuer, subject: key, email: null, emailVerified: false };
    const just = { id: newId(world.random, 'ses'), authenticatedAt: world.clock.now() };
    const person = await signIn(world, { ...named, companySession: null, begunAt: just.authenticatedAt });
    if (!person.ok) throw new Error(`${key} is nobody of the demo`);
    return { kind: 'person', person: person.value, key, roles: [], context: { via: 'demo' }, signIn: just };
  };
  await demo.appoint(bindOperations(world), admitted, made.code);
  return null;
}

/** Puts operations and engine together over one database. */
async function assemble(parts: BrokerParts, database: Database, keys: KeyFiles, clock: Clock, tallies: Tallies) {
  const { config, log, demo } = parts;
  const changes = createChanges();
  const onCut: AwsProviderOptions['onCut'] = async ({ account, role, at }) => {
    for (const id of await markReissue(database.db, account, role, at)) changes.publish({ kind: 'grant', id, at });
  };
  const endSigner = createEndSigner(keys.loadOrCreate('ends.pem', makeEd25519Pem));
  const providers = await openProviders(config, demo, { endSigner, onCut });
  const rules = await openRules(
    {
      read: () => readSourceFiles(config.rulesDir),
      parseTargets,
      parseDirectory,
      available: new Set(providers.keys()),
      lastInForce: () => lastPolicySources(database.db),
      directories: directoriesOf(config),
      snapshots: keptPeople(database.db, personalDataKey(keys), systemRandom),
    },
    () => clock.now(),
  );
  if (!rules.ok)
    throw new ConfigProblem(`The rules in ${config.rulesDir} are unsound:\n${problemLines(rules.refusal)}`);
  const append = createAppend(personalDataKey(keys), systemRandom);
  const world: World = {
    db: database.db,
    clock,
    random: systemRandom,
    rules: rules.value,
    providers,
    changes,
    log,
    countAlarm: tallies.alarms.count,
    countFinding: tallies.findings.count,
    countDirectoryAlarm: tallies.directory.count,
    append,
    passkeys: createPasskeyCeremony(baseUrlOf(config), attestationPolicy(config.passkeys)),
    wake: (what) => engine.wake(what),
    endUnrecorded: (grant, cause, by) => engine.endUnrecorded(grant, cause, by),
    lapsesAfterMs: DAY_MS,
    maxPending: MAX_PENDING,
  };
  const enginePorts: EnginePorts = {
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    node: systemRandom.bytes(12).toString('hex'),
    providers,
    recheck: (grant) => recheckGrant(world, grant),
    countFinding: tallies.findings.count,
    append,
    publish: (change) => changes.publish(change),
    log,
  };
  const engine: Engine = createEngine(enginePorts);
  await rules.value.begin(world);
  return { world, engine, enginePorts, reload: async () => void (await rules.value.reload(world)) };
}

/** The configured address of this broker, refused in words that say what was given. */
function baseUrlOf(config: Config): BaseUrl {
  try {
    return parseBaseUrl(config.baseUrl);
  } catch (error) {
    throw new ConfigProblem(`CURFEW_BASE_URL: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function healthParts(
  log: Log,
  base: BaseUrl,
  database: Database,
  { world, engine, telling }: { readonly world: World; readonly engine: Engine; readonly telling: Telling },
  tallies: Tallies,
  { ledger, epochs }: { readonly ledger: LedgerHealth; readonly epochs: EpochWatch },
): HealthParts {
  return {
    operations: bindOperations(world, telling.examine),
    checks: readinessChecks({
      db: database.db,
      clock: systemClock,
      rules: world.rules,
      maxClockOffsetMs: PACE.maxClockOffsetMs,
      unrecorded: () => engine.unrecorded(),
      logContradicts: () => ledger.contradicts,
      epoch: () => epochs.current(),
      sendsMail: telling.sends,
    }),
    metrics: {
      grants: async () => Object.fromEntries(await countLiveGrants(database.db)),
      ledgerSize: () => headSize(database.db),
      engineLagMs: async () => lagMs(database.db),
      policyAlarms: () => tallies.alarms.counts,
      findings: () => tallies.findings.counts,
      ...(telling.sends ? { notifications: () => telling.counts } : {}),
      directoryAlarms: () => tallies.directory.counts,
      sweepers: () => lastSweeps(world),
    },
    base,
    log,
    clock: world.clock,
    random: systemRandom,
  };
}

/** The key under which the keys of persons are wrapped. */
function personalDataKey(keys: KeyFiles): Buffer {
  const text = keys.loadOrCreate('personal-data.key', () => systemRandom.bytes(32).toString('base64'));
  return Buffer.from(text, 'base64');
}

/** The company's own provider and the further ones. */
function companiesOf({ signIn: own, furtherSignIns = [] }: Config, clock: Clock): Companies {
  const open = (settings: FurtherSignInConfig) => {
    const { name, title, issuer, clientId, clientSecretFile, freshSignIn = 'verified', use = 'sign-in' } = settings;
    const secret = clientSecretFile === null ? {} : { clientSecret: readFileSync(clientSecretFile, 'utf8').trim() };
    return createCompanyProvider({ name, title, issuer, clientId, ...secret, freshSignIn, use }, clock);
  };
  return [open({ ...own, name: COMPANY_ACCOUNTS, title: 'your company' }), ...furtherSignIns.map(open)];
}

function apiParts(
  parts: BrokerParts,
  health: HealthParts,
  telling: Telling,
  database: Database,
  world: World,
  signer: LogSigner,
  keys: KeyFiles,
  epochs: EpochWatch,
): ApiParts {
  const { config, log, demo } = parts;
  const { base } = health;
  // Tokens are made by a library that knows this machine's clock alone, and are judged by the same.
  const tokensBy = { base, clock: systemClock, epoch: epochs.ids };
  const authorizationServer = createAuthorizationServer({
    ...tokensBy,
    db: database.db,
    keys: loadIdentityKeys(keys, systemRandom),
    companies: companiesOf(config, world.clock),
    people: {
      admit: async (identity) => {
        const admitted = await signIn(world, identity);
        return admitted.ok ? admitted : { ok: false, refusal: { detail: admitted.refusal.detail } };
      },
      find: (id) => findKnownPerson(world, id),
    },
    endAtCompany: (logout) => endAtCompany(world, logout),
    endSignIn: (id, cause) => endCliSignIn(world, id, cause),
    linkProven: async (session, identity) => {
      const linked = await linkProven(world, session, identity);
      if (linked.ok) return linked;
      const { detail, hint = '' } = linked.refusal;
      return { ok: false, refusal: { detail: `${detail} ${hint}`.trim() } };
    },
    openSession: (identity, browser) => openBrowserSession(world, { ...identity, ...browser }),
    random: systemRandom,
    log,
  });
  return {
    ...health,
    operations: bindOperations(world, telling.examine),
    tokens: createAccessTokens({ ...tokensBy, verificationKeys: authorizationServer.verificationKeys }),
    authorizationServer,
    ledger: ledgerReads(world, personalDataKey(keys)),
    db: database.db,
    version: '0.1.0',
    logKey: { origin: signer.origin, vkey: signer.vkey },
    aws: config.aws === null ? null : { region: config.aws.region, endpointUrl: demo?.awsEndpoint ?? null },
    publicLive: demo !== undefined,
    demo: demo ?? null,
    portalDir: PORTAL_DIR,
    trustedProxies: config.trustedProxies,
  };
}
