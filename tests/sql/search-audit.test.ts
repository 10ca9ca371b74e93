import { beforeEach, expect, test } from 'vitest';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { orderRevocation } from '../../src/operations/revoke-many.ts';
import { searchAudit, type AuditQuery } from '../../src/operations/search-audit.ts';
import type { Actor } from '../../src/operations/world.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll } from './ledger-under-test.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

/** All that is about the request, newest first: the asking alone names the role. */
const STORY = ['grant.scheduled', 'request.approved', 'approval.given', 'request.submitted'];

eachDatabase('the search of the log', (current) => {
  let acme: AcmeOperations;
  let auditor: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    auditor = { ...(await acme.as('fay')), roles: ['auditor'] };
    const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
    got(await approveRequest(acme.world, await acme.as('bo'), id, { comment: 'Secret words' }));
    await sequenceAll(current());
  });

  const search = async (query: Partial<AuditQuery>, actor = auditor) =>
    got(await searchAudit(acme.world, actor, { cursor: null, limit: 200, ...query }));
  const kinds = async (query: Partial<AuditQuery>, actor = auditor) =>
    (await search(query, actor)).items.map(({ kind }) => kind);

  test('finds by words of the facts, of kinds and of names, all of which must hold, and says it in a sentence', async () => {
    expect(await kinds({ q: 'invoice' })).toEqual(STORY);
    expect(await kinds({ q: 'invoice-reader approval' })).toEqual(['approval.given']);
    expect(await kinds({ q: 'Invoice submit' })).toEqual(['request.submitted']);
    expect(await kinds({ q: 'sandberg approval' })).toEqual(['approval.given']);
    expect(await kinds({ q: 'invoice nothing' })).toEqual([]);
    expect(await kinds({ q: "'; drop table person & | ! :* (" })).toEqual([]);
    // What people wrote is not in the log, and is not searched.
    expect(await kinds({ q: 'secret' })).toEqual([]);
    const [asked] = (await search({ kind: 'request.submitted' })).items;
    expect(asked).toMatchObject({ actor: { key: 'ana' }, late: false, covered: true });
    expect(asked?.sentence).toBe('Ana Ribeiro asked for it: invoice-reader@aws/prod');
    const [said] = (await search({ kind: 'approval' })).items;
    expect(said?.sentence).toBe('Bo Sandberg said yes (Ana Ribeiro)');
  });

  test('finds by ids and by numbers of entries, in the words or beside them', async () => {
    const [scheduled] = (await search({ kind: 'grant.scheduled' })).items;
    const { request, grant } = scheduled?.subjects ?? {};
    expect(await kinds({ q: request ?? '' })).toEqual(STORY);
    expect(await kinds({ q: ` ${request?.toUpperCase()}, approval` })).toEqual(['approval.given']);
    expect(await kinds({ q: grant ?? '' })).toEqual(['grant.scheduled']);
    expect(await kinds({ q: `${request} ${grant}` })).toEqual(['grant.scheduled']);
    expect((await search({ q: `#${scheduled?.seq}` })).items).toEqual([scheduled]);
    expect(await kinds({ q: `#${scheduled?.seq} #1` })).toEqual([]);
    expect(await kinds({ q: `req_${'a'.repeat(20)}` })).toEqual([]);
    expect(await kinds({ q: `req_${'a'.repeat(20)} ${request}` })).toEqual([]);
    const bo = (await acme.as('bo')).person;
    expect(await kinds({ q: `${bo} approval` })).toEqual(['approval.given']);
    expect(await kinds({ q: `${bo} ${(await acme.as('ana')).person}` })).toEqual([]);
    const order = got(
      await orderRevocation(acme.world, await acme.as('bo'), { person: 'ana', reason: 'A stolen laptop' }),
    );
    await sequenceAll(current());
    expect(await kinds({ q: order.id })).toContain('revocation.ordered');
    expect(await kinds({ q: `rev_${'a'.repeat(20)}` })).toEqual([]);
  });

  test('narrows by kind, person and time, in pages that leave nothing out', async () => {
    const all = (await search({})).items;
    const paged: number[] = [];
    for (let cursor: number | null = null, first = true; first || cursor !== null; first = false) {
      const page = await search({ cursor, limit: 2 });
      paged.push(...page.items.map(({ seq }) => seq));
      cursor = page.nextCursor === null ? null : Number(page.nextCursor);
    }
    expect(paged).toEqual(all.map(({ seq }) => seq));
    expect(paged).toEqual([...paged].sort((a, b) => b - a));
    expect(await kinds({ person: 'bo', kind: 'approval' })).toEqual(['approval.given']);
    expect(await kinds({ person: 'nobody' })).toEqual([]);
    const now = acme.world.clock.now();
    expect(await kinds({ from: now })).toEqual([]);
    expect(await kinds({ to: now })).toHaveLength(all.length);
    expect(code(await searchAudit(acme.world, auditor, { cursor: null, limit: 1, kind: 'grants' }))).toBe(
      'invalid-input',
    );
  });

  test('shows others what they did, what is about them, and what they decided; all of a request that they name and may see', async () => {
    const request = (await search({ kind: 'request.submitted' })).items[0]?.subjects.request as AuditQuery['request'] &
      string;
    const [bo, hal, gus] = [await acme.as('bo'), await acme.as('hal'), await acme.as('gus')];
    expect(await kinds({ q: 'invoice' }, bo)).toEqual(STORY);
    // Named for it at its submission, and Bo was quicker.
    expect(await kinds({ q: 'invoice' }, hal)).toEqual([]);
    expect(await kinds({ q: 'invoice', request }, hal)).toEqual(STORY);
    expect(await kinds({ q: `invoice ${request}` }, hal)).toEqual(STORY);
    expect(await kinds({ q: request }, gus)).toEqual([]);
    expect(await kinds({ request }, gus)).toEqual([]);
    expect(new Set(await kinds({}, gus))).toEqual(new Set([]));
  });

  test('does not tell anybody that somebody wants their access stopped', async () => {
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    got(await orderRevocation(acme.world, bo, { person: 'ana', reason: 'Her laptop was stolen' }));
    await sequenceAll(current());
    expect(await kinds({ kind: 'revocation' }, ana)).toEqual([]);
    expect((await kinds({ kind: 'revocation' }, bo)).length).toBeGreaterThan(0);
    expect((await kinds({ kind: 'revocation' })).length).toBeGreaterThan(0);
    expect(await kinds({ kind: 'request' }, ana)).toContain('request.submitted');
  });

  test('is an entry itself, and is found by its kind alone', async () => {
    await search({ q: 'invoice' });
    await sequenceAll(current());
    expect(await kinds({})).not.toContain('ledger.read');
    const [read] = (await search({ kind: 'ledger.read' })).items;
    expect(read?.sentence).toBe('Fay Okafor read the log (search)');
    expect((await search({ q: `#${read?.seq}` })).items).toEqual([read]);
  });

  test('is said for each thing that it finds, also where another began with the same one and found as many', async () => {
    const [scheduled] = (await search({ q: 'invoice', limit: 1 })).items;
    const found = [
      await kinds({ q: 'invoice', cursor: scheduled?.seq ?? 0, limit: 2 }),
      await kinds({ kind: 'request', limit: 2 }),
    ];
    expect(found).toEqual([
      ['request.approved', 'approval.given'],
      ['request.approved', 'request.submitted'],
    ]);
    // The same again is no other.
    await kinds({ kind: 'request', limit: 2 });
    await sequenceAll(current());
    expect(await kinds({ kind: 'ledger.read' })).toHaveLength(3);
  });
});
