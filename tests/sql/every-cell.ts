import { sql } from 'kysely';
import { ledgerReads } from '../../src/api/bind-ledger.ts';
import { bindOperations } from '../../src/api/bind-operations.ts';
import { NOTIFICATIONS, type NotificationKind } from '../../src/core/notification.ts';
import type { RequestId } from '../../src/core/ids.ts';
import type { Result } from '../../src/core/result.ts';
import { asksUntil } from '../../src/core/revocation.ts';
import { after } from '../../src/core/time.ts';
import { AUTHORISATION, type Operation } from '../../src/operations/authorisation.ts';
import type { OperationRefusal } from '../../src/operations/refusal.ts';
import { meaningNow } from '../../src/operations/step-up.ts';
import type { Actor } from '../../src/operations/world.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { appNow, type Database } from '../../src/store/database.ts';
import { insertBrowserSession } from '../../src/store/browser-sessions.ts';
import { insertRecovery } from '../../src/store/passkey-recoveries.ts';
import { insertPasskey } from '../../src/store/passkeys.ts';
import { insertApproval } from '../../src/store/approvals.ts';
import { confirmRevocation, insertRevocation } from '../../src/store/revocations.ts';
import { insertProposal } from '../../src/store/proposals.ts';
import { accountBeside, ownerOf } from './account-beside.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { castOf, type About, type Cell } from './cell-cast.ts';
import { heldGrants } from './held-grants.ts';
import { giveRole } from './curfew-roles.ts';
import { MASTER_KEY, sequenceAll } from './ledger-under-test.ts';

/** What came of a try: it was allowed, it did not exist, or the code of the refusal. */
export type Came = 'allow' | 'hidden' | (string & {});

/**
 * One world for all cells. Ana asks and holds, Bo decides and answers for it, Jan has decided and is named by nobody, Hana has nothing to
 * do with it, and Fay is named for other things alone. Eli and Ada are admins.
 */
export interface Cells {
  readonly acme: AcmeOperations;
  readonly try: (cell: Cell) => Promise<Came>;
  /** The id of a thing of somebody's, made where there is none. */
  readonly thing: (about: About, of: string) => Promise<string>;
}

/** Operations after which their thing is not what it was. */
const SPENDS: ReadonlySet<Operation> = new Set([
  ...(['approveRequest', 'denyRequest', 'withdrawRequest', 'returnGrant', 'extendGrant', 'revokeGrant'] as const),
  ...(['confirmRevocation', 'liftRevocation', 'confirmProposal', 'refuseProposal'] as const),
  ...(['orderRevocation', 'endSession', 'signOut', 'removePasskey'] as const),
]);

export async function everyCell(database: Database): Promise<Cells> {
  const acme = await acmeOperations(database);
  const { world } = acme;
  const operations = bindOperations(world);
  const ledger = ledgerReads(world, MASTER_KEY);
  for (const key of ['eli', 'ada']) await giveRole(acme, key, 'admin');
  await giveRole(acme, 'elif', 'auditor');
  const things = new Map<string, string>();
  const asked: string[] = [];
  const doctor = acme.provider.doctor;
  Object.assign(acme.provider, {
    doctor: async (...[places, call]: Parameters<typeof doctor>) => {
      asked.push(...places.map(({ target }) => target.key));
      return doctor(places, call);
    },
  });

  /** Writes an order of somebody over somebody else, which acts. */
  async function orderOver(orderer: string, about: string, isConfirmed: boolean): Promise<string> {
    const [by, person, second] = [await acme.as(orderer), await acme.as(about), await acme.as('jan')];
    const id = newId(systemRandom, 'rev');
    await database.db.transaction().execute(async (trx) => {
      const now = await appNow(trx);
      const times = { orderedAt: now, startedAt: now, asksUntil: asksUntil(now) };
      const scope = { kind: 'person', person: person.person } as const;
      const given = { reason: 'stolen', orderedBy: by.person, reach: 'own', holds: false } as const;
      await insertRevocation(trx, { id, scope, ...times, ...given });
      if (isConfirmed) await confirmRevocation(trx, id, second.person, now);
    });
    return id;
  }

  /** Jan, whom the rules name for nothing, has said yes to a request. */
  async function saidByJan(request: RequestId): Promise<void> {
    const { person } = await acme.as('jan');
    const said = { id: newId(systemRandom, 'apr'), request, person, verdict: 'approve' as const, comment: null };
    const givenFor = [meaningNow(acme.rules.current(), { role: 'invoice-reader', target: 'aws/prod' })];
    const plain = { durationMs: null, givenFor, signed: null };
    await database.db
      .transaction()
      .execute(async (trx) => insertApproval(trx, { ...said, ...plain, at: await appNow(trx) }));
  }

  const make: Readonly<Record<About, (of: string) => Promise<string>>> = {
    nothing: async () => '',
    target: async () => 'aws/prod',
    async account(of) {
      const hash = () => systemRandom.bytes(32).toString('hex');
      const { person } = await acme.as(of);
      const id = newId(systemRandom, 'ses');
      await database.db.transaction().execute(async (trx) => {
        const now = await appNow(trx);
        const times = { createdAt: now, usedAt: now, rotatedAt: now, endsAt: after(now, 3_600_000) };
        const session = {
          id,
          person,
          ...times,
          authenticatedAt: null,
          mfaAt: null,
          csrf: 'c'.repeat(43),
          agent: 'a browser',
        };
        await insertBrowserSession(trx, session, { subject: hash(), session: null }, hash());
      });
      return id;
    },
    async passkey(of) {
      const { person } = await acme.as(of);
      const credential = systemRandom.bytes(32).toString('hex');
      const id = newId(systemRandom, 'pky');
      await database.db.transaction().execute(async (trx) => {
        const times = { createdAt: await appNow(trx), lastUsedAt: null, removedAt: null };
        const key = { credentialId: credential, credential, publicKey: 'none', counter: 0, synced: false };
        await insertPasskey(trx, { id, person, ...key, ...times, name: 'laptop', transports: [] });
      });
      return id;
    },
    async recovery(of) {
      const { person } = await acme.as(of);
      const id = newId(systemRandom, 'rcv');
      await database.db.transaction().execute(async (trx) => {
        const askedAt = await appNow(trx);
        await insertRecovery(trx, { id, person, askedAt, lapsesAt: after(askedAt, 3_600_000) });
      });
      return id;
    },
    scope: async (of) => of,
    async request(of) {
      // What an earlier cell ordered stops nobody here.
      await sql`delete from revocation_grant`.execute(database.db);
      await sql`delete from revocation`.execute(database.db);
      for (const name of things.keys()) if (/^(order|stop) /.test(name)) things.delete(name);
      const items = [{ role: 'invoice-reader', target: 'aws/prod' }];
      const asking = { items, durationMs: 900_000, reason: 'Check the invoice export' };
      const { id } = got(await operations.requestAccess(await acme.as(of), asking));
      await saidByJan(id);
      return id;
    },
    async grant(of) {
      const { person } = await acme.as(of);
      return (await heldGrants(acme, database, { person, count: 1, state: 'active' }))[0] ?? '';
    },
    async 'past-grant'(of) {
      const id = await make.grant(of);
      const grant = got(await operations.returnGrant(await acme.as(of), id as never));
      await saidByJan(grant.request);
      await acme.engine.pass('ends');
      return id;
    },
    async order(of) {
      const [orderer = '', about = ''] = {
        ana: ['ana', 'ana'],
        bo: ['bo', 'cem'],
        confirmed: ['bo', 'cem'],
        'against-fay': ['bo', 'fay'],
      }[of] ?? ['', ''];
      return orderOver(orderer, about, of === 'confirmed');
    },
    stop: async (of) => orderOver(of === 'bo' ? 'fay' : 'bo', of, false),
    async entry(of) {
      const id = await thing('request', of);
      await sequenceAll(database);
      const { rows } = await sql<{ seq: number }>`
        select seq from ledger_entry where request_id = ${id} and body like '%"kind":"request.submitted"%'`.execute(
        database.db,
      );
      return String(rows[0]?.seq ?? -1);
    },
    async proposal(of) {
      const [proposer = '', about = ''] = of.split(':');
      const [by, person] = [await acme.as(proposer), await acme.as(about)];
      const id = newId(systemRandom, 'prp');
      await database.db.transaction().execute(async (trx) => {
        const now = await appNow(trx);
        const proposed = { proposedBy: by.person, proposedAt: now, lapsesAt: after(now, 60_000) };
        const change = { action: 'appoint', role: 'auditor', person: person.person } as const;
        await insertProposal(trx, { id, ...change, ...proposed, reason: 'Somebody has to look', outcome: null });
      });
      return id;
    },
  };
  async function thing(about: About, of: string): Promise<string> {
    const kept = things.get(`${about} ${of}`) ?? (await make[about](of));
    things.set(`${about} ${of}`, kept);
    return kept;
  }

  /** Tries an operation on a thing. A list allows what is in it, and hides what is not. */
  async function run(operation: Operation, actor: Actor, id: string): Promise<Came> {
    const lists = { cursor: null, limit: 200 };
    const listed = (page: Result<{ readonly items: readonly { readonly id: string }[] }, OperationRefusal>): Came => {
      if (!page.ok) return cameOf(page);
      return page.value.items.some((item) => item.id === id) ? 'allow' : 'hidden';
    };
    const among = <One>(found: Result<readonly One[], OperationRefusal>, idOf: (one: One) => string): Came => {
      if (!found.ok) return cameOf(found);
      return found.value.some((one) => idOf(one) === id) ? 'allow' : 'hidden';
    };
    switch (operation) {
      // Nobody gets there by anything that the API can do.
      case 'forgetAccounts':
      case 'renewAdminCode':
        return operation in operations ? 'allow' : 'hidden';
      case 'previewRequest':
        return cameOf(await operations.previewRequest(actor, ASKING));
      case 'requestAccess':
        return cameOf(await operations.requestAccess(actor, ASKING));
      case 'listRequests':
        return listed(await operations.listRequests(actor, { ...lists, scope: 'all' }));
      case 'listGrants':
        return listed(await operations.listGrants(actor, { ...lists, scope: 'all' }));
      case 'showPastGrant':
        return cameOf(await operations.showGrant(actor, id as never));
      case 'listLive':
        return listed(await operations.listLive(actor, lists));
      case 'listRevocations':
        return listed(await operations.listRevocations(actor, { ...lists, list: 'all' }));
      case 'nameConfirmers': {
        const found = await operations.showRevocation(actor, id as never);
        return found.ok && found.value.confirmers !== null ? 'allow' : 'hidden';
      }
      case 'listStops':
        return among(await operations.listStops(actor), ({ order }) => order);
      case 'listAdministration': {
        const found = await operations.listAdministration(actor);
        if (!found.ok) return cameOf(found);
        return found.value.proposals.some((one) => one.id === id) ? 'allow' : 'hidden';
      }
      case 'listSessions':
        return among(await operations.listSessions(actor), ({ id }) => id);
      case 'listPasskeys':
        return listed(await operations.listPasskeys(actor));
      case 'renamePasskey':
        return cameOf(await operations.renamePasskey(actor, id as never, 'another name'));
      case 'passkeyOptions':
        return cameOf(await operations.passkeyOptions(actor, undefined));
      case 'registerPasskey':
        return cameOf(
          await operations.registerPasskey(actor, { name: 'none', response: { response: { clientDataJSON: 'AAAA' } } }),
        );
      case 'listRecoveries':
        return among(await operations.listRecoveries(actor), ({ id }) => id);
      case 'confirmRecovery': {
        const response = { id: 'AAAA', response: { authenticatorData: '', clientDataJSON: '', signature: '' } };
        return cameOf(await operations.confirmRecovery(actor, id as never, { document: '', response }));
      }
      case 'challengeDecision':
        return cameOf(await operations.challengeDecision(actor, id as never, {}));
      case 'listAccounts': {
        const found = await operations.listAccounts(actor);
        if (!found.ok) return cameOf(found);
        return (await ownerOf(database, id)) === actor.person && found.value.length > 0 ? 'allow' : 'hidden';
      }
      case 'linkAccount':
        return cameOf(await operations.linkAccount(actor, undefined));
      case 'unlinkAccount':
        return cameOf(await operations.unlinkAccount(actor, await accountBeside(acme, database, id)));
      case 'listFavourites':
        return cameOf(await operations.listFavourites(actor));
      case 'keepFavourites':
        return cameOf(await operations.keepFavourites(actor, []));
      case 'searchCatalogue': {
        const found = operations.searchCatalogue(actor, { q: 'reader', limit: 5 });
        return found.ok && found.value.items.length > 0 ? 'allow' : 'hidden';
      }
      case 'examineClouds':
        asked.length = 0;
        await operations.examineClouds(actor);
        return asked.includes(id) ? 'allow' : 'hidden';
      case 'showPolicy':
        return cameOf(operations.showPolicy(actor));
      case 'listConflicts': {
        const status = operations.showPolicy(actor);
        return status.ok && status.value.directory?.conflicts !== undefined ? 'allow' : 'hidden';
      }
      case 'exportEntries':
        return cameOf(await ledger.entries(actor, 0, 1));
      case 'readEntry': {
        const found = await ledger.entries(actor, Number(id), 1);
        return found.ok && found.value[0]?.body === null ? 'hidden' : cameOf(found);
      }
      case 'exportCheckpoints':
        return cameOf(await ledger.checkpoints(actor, 0, 1));
      case 'exportLatestCheckpoint':
        return cameOf(await ledger.latestCheckpoint(actor));
      case 'exportProof':
        return cameOf(await ledger.proof(actor, 0));
      case 'exportReconciliation':
        return cameOf(await ledger.reconciliation(actor, null, 1));
      case 'exportPersonal': {
        const found = await ledger.personal(actor, Number(id));
        return found.ok && found.value === null ? 'hidden' : cameOf(found);
      }
      case 'searchAudit': {
        const found = await operations.searchAudit(actor, { cursor: null, limit: 200, kind: 'request.submitted' });
        if (!found.ok) return cameOf(found);
        return found.value.items.some(({ seq }) => seq === Number(id)) ? 'allow' : 'hidden';
      }
      case 'claimAdministration':
        return cameOf(await operations.claimAdministration(actor, { code: 'wrong' }));
      case 'propose':
      case 'challengeProposing': {
        const changes = [
          { action: 'appoint', person: 'hugo', role: 'auditor' },
          { action: 'merge', person: 'cem', other: 'dia', grants: 'keep' },
          { action: 'release', account: await accountBeside(acme, database, '') },
        ] as const;
        const came: Came[] = [];
        for (const change of changes)
          came.push(cameOf(await operations[operation](actor, { ...change, reason: 'So' })));
        return came.find((one) => one !== 'allow') ?? 'allow';
      }
      case 'foreseeOrder':
        return cameOf(await operations.foreseeOrder(actor, { person: id === actor.key ? id : 'cem' }));
      case 'orderRevocation':
        return cameOf(
          await operations.orderRevocation(actor, { person: id === actor.key ? id : 'cem', reason: 'stolen' }),
        );
      case 'revokeGrant':
        return cameOf(await operations.revokeGrant(actor, id as never, { reason: 'over' }));
      case 'extendGrant':
      case 'previewExtension':
        return cameOf(
          await operations[operation](actor, id as never, { durationMs: 300_000, reason: 'It takes longer' }),
        );
      case 'liftRevocation':
        return cameOf(await operations.liftRevocation(actor, id as never, { reason: 'found again' }));
      case 'approveRequest':
      case 'denyRequest':
        return cameOf(await operations[operation](actor, id as never, {}));
      case 'showNotifications':
        return cameOf(await operations.showNotifications(actor));
      case 'saveNotifications':
        return cameOf(await operations.saveNotifications(actor, ALL_OFF));
      case 'muteRequest':
        return cameOf(await operations.muteRequest(actor, id as never, true));
      case 'issueCertificate':
        return cameOf(await operations.issueCertificate(actor, id as never, { publicKey: 'none' }));
      default:
        return cameOf(await operations[operation](actor, id as never));
    }
  }

  return {
    acme,
    thing,
    async try({ operation, role, relation }) {
      const { about } = AUTHORISATION[operation];
      const cast = castOf(about, role, relation);
      const id = await thing(about, cast.thing);
      const kind: Actor['kind'] = role === 'workload' || role === 'agent' ? role : 'person';
      const roles = role === 'auditor' || role === 'admin' ? [role] : [];
      const actor: Actor = { ...(await acme.as(cast.who)), kind, roles };
      const came = await run(operation, actor, id);
      if (came === 'allow' && SPENDS.has(operation)) things.clear();
      return came;
    },
  };
}

const ALL_OFF = Object.fromEntries(NOTIFICATIONS.map((kind) => [kind, false])) as Record<NotificationKind, boolean>;

const ASKING = {
  items: [{ role: 'build-log-reader', target: 'aws/staging' }],
  durationMs: 900_000,
  reason: 'Look why the build fails',
};

/** A refusal that is not the table's says that it was allowed, and could not be done now. */
const STATE_CODES: ReadonlySet<string> = new Set([
  ...['request-refused', 'cannot-be-provided', 'too-many-pending', 'provider-fault', 'console-not-available'],
  ...['revocation-under-way', 'already-confirmed', 'needs-another-admin', 'proposal-lapsed', 'nothing-to-claim'],
  ...[
    'already-ordered',
    'already-proposed',
    'role-unchanged',
    'access-stopped',
    'passkey-required',
    'step-up-required',
    'recovery-required',
  ],
  ...['sign-in-too-old', 'challenge-over', 'same-person'],
]);

function cameOf(
  outcome: { readonly ok: true } | { readonly ok: false; readonly refusal: { readonly code: string } },
): Came {
  if (outcome.ok || STATE_CODES.has(outcome.refusal.code)) return 'allow';
  return outcome.refusal.code === 'not-found' ? 'hidden' : outcome.refusal.code;
}
