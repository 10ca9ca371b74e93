import { expect, test } from 'vitest';
import { acmeFiles } from '../../tests/acme-world.ts';
import { fakeProvider } from '../../tests/sql/fake-provider.ts';
import { parseId } from '../core/ids.ts';
import { instant } from '../core/time.ts';
import { parseDirectory } from '../identity/directory/yaml-directory.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { loadPolicy } from '../policy/load.ts';
import { parseTargets } from '../posture/inventory.ts';
import { searchCatalogue, type CatalogueQuery } from './search-catalogue.ts';
import type { World } from './world.ts';

const NOW = instant(Date.parse('2026-11-19T14:00:00Z'));

/** Searches as somebody in Acme, with more documents beside Acme's own. */
function search(
  key: string,
  q: string,
  more: readonly object[] = [],
  limit = 20,
  rest: Omit<CatalogueQuery, 'q' | 'limit'> = {},
) {
  const text = more.map((one) => JSON.stringify(one)).join('\n---\n');
  const files = [...acmeFiles(), ...(more.length === 0 ? [] : [{ path: 'more.yaml', text }])];
  const directory = parseDirectory(files, NOW);
  if (!directory.ok) throw new Error(JSON.stringify(directory.refusal.slice(0, 3)));
  const targets = parseTargets(files, directory.value);
  if (!targets.ok) throw new Error(JSON.stringify(targets.refusal.slice(0, 3)));
  const available = new Set(['aws'] as const);
  const policy = loadPolicy(files, { directory: directory.value, targets: targets.value, available });
  if (!policy.ok) throw new Error(JSON.stringify(policy.refusal.slice(0, 3)));
  const inForce = { policy: policy.value, directory: directory.value, loadedAt: NOW, problems: [] };
  const world = {
    clock: { ...systemClock, now: () => NOW },
    log: silentLog,
    providers: new Map([['aws' as const, fakeProvider()]]),
    rules: { current: () => inForce },
  } as unknown as World;
  const person = parseId('per', `per_${'a'.repeat(20)}`);
  if (person === null) throw new Error('no id');
  const actor = { kind: 'person', person, key, roles: [], context: { via: 'api' } } as const;
  const found = searchCatalogue(world, actor, { q, limit, ...rest });
  if (!found.ok) throw new Error(found.refusal.detail);
  return found.value;
}

const role = (name: string) => ({
  kind: 'role',
  name,
  tier: 2,
  owner: 'group:finance',
  description: 'A reader of something.',
  aws: { method: 'assume-role', role: `curfew/${name}` },
});
const unoffered = Array.from({ length: 120 }, (_, n) => role(`a-reader-${n}`));

test('what can be had is found among hundreds of roles that nobody offers', () => {
  for (const q of ['', 'reader']) {
    const { items, total } = search('ana', q, unoffered);
    expect(items.filter((item) => item.requestable).map((item) => `${item.role} ${item.target}`)).toContain(
      'invoice-reader aws/prod',
    );
    expect(items.filter((item) => item.role.startsWith('a-reader'))).toEqual([]);
    expect(total).toBe(search('ana', q).total);
  }
});

test('what nobody offers is listed when nothing else matches, with whom to ask, and all of it is counted', () => {
  const accounts = search('ana', 'a-reader-7', unoffered.slice(0, 8)).total;
  const { items, total } = search('ana', 'a-reader', unoffered, 5);
  expect(items).toHaveLength(5);
  expect(items[0]).toMatchObject({ requestable: false, path: 'refused' });
  expect(total).toBe(120 * accounts);
});

test('targets on which a guardrail denies do not hide the one on which it does not', () => {
  const many = Array.from({ length: 1_000 }, (_, n) => ({
    key: `aws/a-${String(n).padStart(4, '0')}`,
    kind: 'account',
    native: String(600_000_000_000 + n),
    description: 'One of many',
    labels: { env: n >= 500 && n < 600 ? 'open' : 'closed' },
  }));
  const { items } = search('ana', 'a-reader', [
    role('a-reader'),
    { kind: 'targets', targets: Object.fromEntries(many.map(({ key, ...target }) => [key, target])) },
    { kind: 'policy', name: 'many', who: { groups: ['data-engineers'] }, roles: ['a-reader'], targets: 'all' },
    { kind: 'guardrail', name: 'closed', deny: 'target.labels["env"] == "closed"', targets: { env: 'closed' } },
  ]);
  expect(items).toHaveLength(20);
  expect(items.every((item) => item.requestable)).toBe(true);
});

test('every word must match, in the role or in the target, and a name is a better match than a description', () => {
  expect(search('ana', 'invoice staging').items.filter((item) => item.requestable)).toEqual([]);
  expect(search('ana', 'INVOICE-reader  prod').items[0]).toMatchObject({ role: 'invoice-reader', target: 'aws/prod' });
  expect(search('ana', 'no-such-thing')).toEqual({ items: [], total: 0, nextCursor: null });
});

const DENIED =
  'An error occurred (AccessDenied) when calling the PutObject operation: User: arn:aws:sts::444455556666:assumed-role/dev/ana ' +
  'is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::acme-invoices/2026-10.csv" because no identity-based ' +
  'policy allows the s3:PutObject action';

test('the words of a refusal find what would have allowed it, and nothing that would not', () => {
  const found = search('ana', DENIED).items.map(({ role, target }) => `${role} ${target}`);
  expect(found).toEqual(['invoice-publisher aws/prod']);
  const read = search('ana', DENIED.replaceAll('PutObject', 'GetObject')).items.map(({ role }) => role);
  expect(read.slice(0, 2).sort()).toEqual(['invoice-publisher', 'invoice-reader']);
});

test.each([
  ['a bucket', 'arn:aws:s3:::acme-invoices', 'invoice-reader'],
  ['something in it', 'arn:aws:s3:::acme-invoices/2026-10.csv', 'invoice-reader'],
  ['an action', 's3:ListBucket', 'invoice-reader'],
])('%s that is pasted alone finds who may touch it', (_, pasted, role) => {
  expect(
    search('ana', pasted)
      .items.slice(0, 3)
      .map((item) => item.role),
  ).toContain(role);
});

test('a name or an action that is copied out of a mail, with the joiners that keep it from being a link, finds what it names', () => {
  const dots = { ...role('a-reader'), description: 'Reads sales.eu:prod.' };
  expect(search('ana', 'sales.\u2060eu:\u2060prod', [dots]).items[0]?.role).toBe('a-reader');
  expect(search('ana', 's3:\u2060ListBucket').items.map((item) => item.role)).toContain('invoice-reader');
});

test('an ARN of an account is looked for in that account alone', () => {
  const inProd = search('ana', 'logs:GetLogEvents arn:aws:logs:us-east-1:444455556666:log-group:builds');
  expect(inProd.items.filter(({ target }) => target !== 'aws/prod')).toEqual([]);
});

test('what nobody allows is searched for by its words, and does not fail', () => {
  expect(search('ana', 'arn:aws:sqs:eu-north-1:999999999999:nothing-here').items).toEqual([]);
  expect(search('ana', 'invoice').items[0]?.role).toBe('invoice-reader');
});

test('in the order of names all of it comes page by page, each once, also what a rule refuses', () => {
  const many = Array.from({ length: 30 }, (_, n) => role(`b-reader-${String(n).padStart(2, '0')}`));
  const policy = {
    kind: 'policy',
    name: 'many',
    who: { groups: ['data-engineers'] },
    roles: many.map(({ name }) => name),
    targets: 'all',
  };
  const more = [...many, policy];
  const whole = search('ana', 'b-reader', more, 200, { order: 'name' });
  expect(whole.items.length).toBe(whole.total);
  expect(whole.nextCursor).toBeNull();
  const names = whole.items.map((item) => `${item.role} ${item.target}`);
  expect(names).toEqual([...names].sort((a, b) => a.localeCompare(b)));
  const paged: string[] = [];
  let cursor: string | null = null;
  let pages = 0;
  do {
    const page = search('ana', 'b-reader', more, 7, { order: 'name', ...(cursor === null ? {} : { cursor }) });
    expect(page.total).toBe(whole.total);
    paged.push(...page.items.map((item) => `${item.role} ${item.target}`));
    cursor = page.nextCursor;
    pages += 1;
    expect(pages, 'a cursor that does not move').toBeLessThan(1_000);
  } while (cursor !== null);
  expect(paged).toEqual(names);
  expect(pages).toBe(Math.ceil(names.length / 7));
});

test('one role and one cloud are asked for at the server, in either order', () => {
  for (const order of ['best', 'name'] as const) {
    const one = search('ana', '', [], 200, { order, role: 'invoice-reader' });
    expect(new Set(one.items.map((item) => item.role))).toEqual(new Set(['invoice-reader']));
    const cloud = search('ana', '', [], 200, { order, provider: 'gcp' });
    expect(new Set(cloud.items.map((item) => item.provider))).toEqual(new Set(['gcp']));
    expect(cloud.total).toBe(cloud.items.length);
  }
});

test('a role and a target by their whole names are found among as many as contain them, and alone', () => {
  const letters = [...'abcdefghijklmn'];
  const roles = ['reader', ...letters.map((letter) => `${letter}-reader`)];
  const targets = ['aws/shop', ...['a', 'b', 'c', 'd'].map((letter) => `aws/shop-${letter}`)];
  const account = { kind: 'account', parent: 'aws/acme', description: 'A shop', owners: ['group:platform-leads'] };
  const labels = { env: 'shop', team: 'platform' };
  const inventory = Object.fromEntries(
    targets.map((key, n) => [key, { ...account, labels, native: String(700_000_000_000 + n) }]),
  );
  const rule = { who: { people: ['ana'] }, roles, targets: { env: 'shop' }, duration: { default: '15m', max: '1h' } };
  const more = [
    ...roles.map(role),
    { kind: 'targets', targets: inventory },
    { kind: 'policy', name: 'shops', description: 'Reading shops.', ...rule },
  ];
  // By its words alone it is one of 75, of which a page has 50.
  expect(search('ana', 'reader aws/shop', more, 50).total).toBe(75);
  for (const order of ['best', 'name'] as const) {
    const found = search('ana', '', more, 1, { role: 'reader', target: 'aws/shop', order });
    expect(found).toMatchObject({
      total: 1,
      items: [{ role: 'reader', target: 'aws/shop', maxDurationMs: 3_600_000 }],
    });
  }
  const offeredToNobody = search('bo', '', more, 1, { role: 'reader', target: 'aws/shop' });
  expect(offeredToNobody).toMatchObject({ total: 1, items: [{ role: 'reader', requestable: false, tier: 2 }] });
  for (const nowhere of [
    { role: 'reade', target: 'aws/shop' },
    { role: 'reader', target: 'aws/sho' },
  ])
    expect(search('ana', '', more, 1, nowhere)).toEqual({ items: [], total: 0, nextCursor: null });
});

test('a cursor that we did not make is refused, and one whose role is gone goes on after it', () => {
  expect(() => search('ana', '', [], 5, { order: 'name', cursor: 'nonsense' })).toThrow('not made by us');
  const [first] = search('ana', '', [], 5, { order: 'name', cursor: 'export-checkes@aws/zzz' }).items;
  expect((first?.role ?? '').localeCompare('export-checkes')).toBeGreaterThan(0);
});
