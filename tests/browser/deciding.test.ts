import type { Browser, Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { until } from '../e2e/demo-process.ts';
import { withAuthenticator } from './authenticator.ts';
import { demoInChromium } from './demo-in-chromium.ts';
import { settled, visit } from './visitor.ts';

const { base, chromium, curfew } = demoInChromium({ signedIn: ['ana', 'bo'] });

async function ask(duration: string, why: string): Promise<string> {
  const args = ['request', 'invoice-reader', '--on', 'aws/prod', '--for', duration, '--reason', why, '--json'];
  return (JSON.parse(await curfew(['--profile', 'ana', ...args])) as { id: string }).id;
}

async function statusOf(id: string): Promise<string> {
  const shown = JSON.parse(await curfew(['--profile', 'ana', 'why', id, '--json'])) as { request: { status: string } };
  return shown.request.status;
}

/** Opens the page of an approval for somebody whom no event reaches, as on a line that has just gone. */
async function unaware(chromium: Browser, person: string, id: string): Promise<Page> {
  const { page } = await visit(chromium, base(), person);
  await page.route('**/v1/events', (route) => route.abort());
  await page.goto(`/approvals/${id}`);
  await settled(page);
  return page;
}

test('from the queue to a yes with the keys; looking decides nothing', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'bo');
  const first = await ask('15m', 'Check the October export');
  const second = await ask('20m', 'Check the November export');
  await page.goto('/approvals');
  await settled(page);
  await page.keyboard.press('j');
  await page.getByText('Check the October export').waitFor();
  expect(new URL(page.url()).pathname).toBe(`/approvals/${first}`);
  await page.keyboard.press('j');
  await page.getByText('Check the November export').waitFor();
  await page.keyboard.press('k');
  await page.getByText('Check the October export').waitFor();
  await page.reload();
  await settled(page);
  await page.keyboard.press('a');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Approve');
  expect([await statusOf(first), await statusOf(second)]).toEqual(['pending', 'pending']);
  await page.keyboard.press('Enter');
  await page.getByText('Bo Sandberg (bo) said yes').waitFor();
  expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
  expect([await statusOf(first), await statusOf(second)]).toEqual(['approved', 'pending']);
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('two at once make one decision, and the second reads who was first', async (context) => {
  const opened = chromium(context);
  const id = await ask('25m', 'Look at one invoice');
  const [bo, hal] = [await unaware(opened, 'bo', id), await unaware(opened, 'hal', id)];
  await bo.getByRole('button', { name: 'Approve' }).click();
  await bo.getByText('Bo Sandberg (bo) said yes').waitFor();
  await hal.getByRole('button', { name: 'Deny…' }).click();
  await hal.getByLabel('Why not').fill('Not today');
  await hal.getByRole('button', { name: 'Deny', exact: true }).click();
  await hal.getByText('Bo Sandberg (bo) said yes at').waitFor();
  expect(await hal.getByText('Not today').count()).toBe(0);
  expect(await statusOf(id)).toBe('approved');
  await bo.context().close();
  await hal.context().close();
});

test('two people whose names look the same are told apart where one decides: on the home page, in the inbox and on the approval', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'bo');
  const [own, others] = [await ask('35m', 'Look at one order'), await ask('40m', 'Look at another order')];
  // The second asker has another key, and a name that begins with a Cyrillic letter.
  const alike = { key: 'anna.r', name: '\u0410na Ribeiro' };
  await page.route(/\/v1\/requests(\?|\/req_)/, async (route) => {
    const answer = await route.fetch();
    const body = (await answer.json()) as { id?: string; items?: { id?: string }[] };
    const changed = (one: { id?: string }) => (one.id === others ? { ...one, requester: alike } : one);
    const json = body.id === undefined ? { ...body, items: body.items?.map(changed) } : changed(body);
    await route.fulfill({ response: answer, json });
  });
  const both = ['Ana Ribeiro (ana)', `${alike.name} (${alike.key})`];
  await page.goto('/');
  for (const name of both) await page.getByRole('main').getByText(name).first().waitFor();
  await page.goto('/approvals');
  const queue = page.getByRole('navigation', { name: 'Waiting for you' });
  for (const name of both) await queue.getByText(name).first().waitFor();
  for (const [n, id] of [own, others].entries()) {
    await page.goto(`/approvals/${id}`);
    await page.getByRole('heading', { name: `${both[n]} asks for invoice-reader on aws/prod` }).waitFor();
  }
  await page.unrouteAll({ behavior: 'wait' });
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('what waits for somebody is found behind all that waits for others, on the home page and among the approvals', async (context) => {
  const { page } = await visit(chromium(context), base(), 'bo');
  await ask('55m', 'Look for the invoices of June');
  // As where the newest pages of what waits have nothing for Bo.
  await page.route(/\/v1\/requests\?.*scope=waiting/, async (route) => {
    const url = new URL(route.request().url());
    if (!url.searchParams.has('cursor')) return route.fulfill({ json: { items: [], nextCursor: 'on' } });
    url.searchParams.delete('cursor');
    return route.fulfill({ response: await route.fetch({ url: url.href }) });
  });
  for (const path of ['/', '/approvals']) {
    await page.goto(path);
    const place = path === '/' ? page.getByRole('main') : page.getByRole('navigation', { name: 'Waiting for you' });
    await place
      .getByText(/invoice-reader on aws\/prod/)
      .first()
      .waitFor();
  }
  await page.context().close();
});

test('a no on a phone needs a reason, and nothing is wider than the phone', async (context) => {
  const { page } = await visit(chromium(context), base(), 'bo', { theme: 'dark', width: 360 });
  const id = await ask('30m', `Look at ${'x'.repeat(300)}`);
  await page.goto(`/approvals/${id}`);
  await settled(page);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  await page.getByRole('button', { name: 'Deny…' }).click();
  await page.getByRole('button', { name: 'Deny', exact: true }).click();
  await page.getByText('Say why: whoever asked reads it.').waitFor();
  expect(await statusOf(id)).toBe('pending');
  await page.getByLabel('Why not').fill('Use the copy in staging');
  await page.getByRole('button', { name: 'Deny', exact: true }).click();
  // Not what was typed, but what the server says was said.
  await page.getByRole('listitem').getByText('Use the copy in staging').waitFor();
  expect(await statusOf(id)).toBe('denied');
  await page.context().close();
});

test('access is stopped with a reason, and is ending then', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'bo');
  const id = await ask('45m', 'Look at the invoices of May');
  await curfew(['--profile', 'bo', 'approve', id]);
  await page.goto('/live');
  await settled(page);
  await page.getByLabel('Show only').fill('ana invoice-reader');
  // Approved a moment ago: it comes by the stream when it starts. What ends last is the one of 45 minutes.
  await page.getByRole('button', { name: 'Ends' }).click();
  const row = page.getByRole('row').nth(1);
  await row.getByText(/^4[345]:/).waitFor();
  await row.getByRole('button', { name: 'Stop invoice-reader on aws/prod of Ana Ribeiro' }).click();
  await page.getByRole('button', { name: 'Stop it' }).click();
  await page.getByText('Say why: the log keeps it.').waitFor();
  await page.getByLabel('Why').fill('The invoices of May are closed');
  await page.getByRole('button', { name: 'Stop it' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('cell').getByText('ending…').waitFor();
  expect(await page.getByRole('cell').getByText('proven').count()).toBe(0);
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('ten thousand rows are a table of which only what is seen is drawn', async (context) => {
  const { page } = await visit(chromium(context), base(), 'bo');
  const [like] = ((await (await page.request.get('/v1/live')).json()) as { items: readonly object[] }).items;
  const now = Date.now();
  const rows = Array.from({ length: 10_000 }, (_, index) => ({
    ...like,
    id: `grt_${String(index).padStart(20, 'a')}`,
    status: 'active',
    endsAt: new Date(now + (index + 1) * 60_000).toISOString(),
    person: { key: `p${index}`, name: `Person ${index}` },
    role: `role-${index % 7}`,
  }));
  const { promise: seen, resolve: goOn } = Promise.withResolvers<void>();
  await page.route(/\/v1\/live\?/, async (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
    if (from > 0) await seen;
    const items = rows.slice(from, from + 2_000);
    const nextCursor = from + 2_000 < rows.length ? String(from + 2_000) : null;
    return route.fulfill({ json: { items, nextCursor, now: new Date().toISOString() } });
  });
  await page.goto('/live');
  // Whoever comes sees the first of them before the last has come.
  await page.getByText('So far: 2000 held by 2000 people.').waitFor();
  await page.getByText('(p0)', { exact: true }).waitFor();
  goOn();
  await page.getByText(/^10000 held by 10000 people\.$/).waitFor();
  const table = page.getByRole('table', { name: 'Live access' });
  expect(await table.getAttribute('aria-rowcount')).toBe('10001');
  expect(await page.getByRole('row').count()).toBeLessThan(60);
  await page.getByRole('button', { name: 'Ends' }).click();
  await page.getByText('(p9999)', { exact: true }).waitFor();
  // The page grows while its rows are measured on the way: its end is further down then.
  await until(
    async () => {
      await page.keyboard.press('End');
      return page.getByText('(p0)', { exact: true }).count();
    },
    (count) => count > 0,
    30_000,
  );
  await page.getByLabel('Show only').fill('person 4321');
  await page.getByText('1 of 10000 rows are shown.').waitFor();
  await page.context().close();
});

test('the catalogue has no last row that cannot be reached: it is read as one goes down, and narrowed at the server', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  const [like] = ((await (await page.request.get('/v1/catalogue')).json()) as { items: readonly object[] }).items;
  const asked: URLSearchParams[] = [];
  await page.route(/\/v1\/catalogue\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    asked.push(query);
    const total = query.get('provider') === 'gcp' ? 3 : 1_000;
    const from = Number(query.get('cursor') ?? 0);
    const items = Array.from({ length: Math.min(200, total - from) }, (_, n) => ({
      ...like,
      role: `role-${from + n}`,
    }));
    const nextCursor = from + 200 < total ? String(from + 200) : null;
    return route.fulfill({ json: { items, nextCursor, total } });
  });
  await page.goto('/catalogue');
  await page.getByText('1000 roles on targets, 200 of them read so far').waitFor();
  expect(await page.getByRole('row').count()).toBeLessThan(60);
  // The page grows a moment after what was read, so the end of a moment ago may be pressed for.
  const goneDownTo = (shown: Locator) =>
    until(
      async () => {
        await page.keyboard.press('End');
        return shown.count();
      },
      (count) => count > 0,
      30_000,
    );
  await goneDownTo(page.getByText('1000 roles on targets', { exact: true }));
  await goneDownTo(page.getByRole('link', { name: 'role-999', exact: true }));
  expect([...new Set(asked.map((query) => Number(query.get('cursor') ?? 0)))]).toEqual([0, 200, 400, 600, 800]);
  expect(await page.getByRole('table').getAttribute('aria-rowcount')).toBe('1001');
  await page.keyboard.press('Home');
  await page.getByText('Google', { exact: true }).click();
  await page.getByText('3 roles on targets', { exact: true }).waitFor();
  expect(new URL(page.url()).searchParams.get('provider')).toBe('gcp');
  expect(asked.at(-1)?.get('provider')).toBe('gcp');
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('a request is muted where it is decided or looked at, is listed with one’s own things, and heard of again', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'bo');
  const muted = async () => {
    const { muted: all } = (await (await page.request.get('/v1/me/notifications')).json()) as {
      muted: readonly { id: string }[];
    };
    return all.map(({ id }) => id);
  };
  const id = await ask('35m', 'Read the invoices of March');
  await page.goto(`/approvals/${id}`);
  await page.getByRole('button', { name: 'Mute e-mails' }).click();
  await page.getByRole('button', { name: 'Tell me again' }).waitFor();
  expect(await muted()).toEqual([id]);
  await page.goto(`/requests/${id}`);
  await page.getByRole('button', { name: 'Tell me again' }).click();
  await page.getByRole('button', { name: 'Mute e-mails' }).click();
  await page.getByRole('button', { name: 'Tell me again' }).waitFor();
  await page.goto('/me');
  await page.getByText('for Ana Ribeiro').waitFor();
  await page.getByRole('link', { name: 'invoice-reader on aws/prod' }).waitFor();
  await page.getByRole('button', { name: 'Tell me again (of invoice-reader on aws/prod)' }).click();
  await page.getByText('Of these requests you are told nothing').waitFor({ state: 'detached' });
  expect(await muted()).toEqual([]);
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('whoever has a passkey uses it before an account is linked', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'hal');
  await withAuthenticator(page);
  await page.goto('/me');
  await page.getByLabel('Name of the new passkey').fill('Laptop');
  await page.getByRole('button', { name: 'Register a passkey' }).click();
  await page.getByRole('heading', { name: 'Laptop' }).waitFor();
  await page.getByText(/never used/).waitFor();
  await page.getByRole('button', { name: 'Link another account at Northwind' }).click();
  await page.getByRole('button', { name: 'Wen Zhao' }).click();
  await page.getByRole('heading', { name: 'nw-1108 Northwind' }).waitFor();
  await page
    .getByText(/used last/)
    .first()
    .waitFor();
  await page.getByText(/never used/).waitFor({ state: 'detached' });
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('home says that it cannot read what waits, whichever part of it, and does not take it for nothing', async (context) => {
  const { page } = await visit(chromium(context), base(), 'eli');
  // A page that begins to listen reads again by itself what has failed.
  await page.route('**/v1/events', () => {});
  const waiting = page.getByRole('region', { name: 'Waiting for you' });
  for (const path of [
    /\/v1\/requests\?.*scope=waiting/,
    /\/v1\/revocations\?/,
    /\/v1\/passkey-recoveries$/,
    /\/v1\/administration$/,
  ]) {
    await page.goto('/');
    await settled(page);
    expect(await page.getByRole('alert').count(), String(path)).toBe(0);
    await page.route(path, (route) =>
      route.fulfill({ status: 500, contentType: 'application/problem+json', json: { status: 500, code: 'internal' } }),
    );
    await page.reload();
    await waiting.getByRole('alert').waitFor({ timeout: 20_000 });
    expect(await page.getByRole('alert').count(), String(path)).toBe(1);
    await page.unroute(path);
    await waiting.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  }
  await page.context().close();
});

test('on a phone what waits comes before what is held, and what goes wrong with a yes lies over nothing', async (context) => {
  const id = await ask('15m', 'Read one more invoice');
  const { page } = await visit(chromium(context), base(), 'bo', { theme: 'light', width: 360 });
  await page.goto('/');
  await settled(page);
  const waiting = await page.getByRole('region', { name: 'Waiting for you' }).boundingBox();
  const held = await page.getByText('You hold no access').boundingBox();
  expect(waiting?.y ?? Infinity).toBeLessThan(held?.y ?? 0);
  await page.route('**/approve', (route) =>
    route.fulfill({ status: 500, contentType: 'application/problem+json', json: { status: 500, code: 'internal' } }),
  );
  await page.goto(`/approvals/${id}`);
  await settled(page);
  await page.getByRole('button', { name: 'Approve' }).click();
  const failure = page.getByRole('alert');
  await failure.waitFor();
  const [box, approve] = [
    await failure.boundingBox(),
    await page.getByRole('button', { name: 'Approve' }).boundingBox(),
  ];
  expect((box?.y ?? Infinity) + (box?.height ?? 0)).toBeLessThan(approve?.y ?? 0);
  expect(box?.y ?? -1).toBeGreaterThan(0);
  // It scrolls away with the request, and the buttons stay.
  await page.evaluate('window.scrollTo(0, 0)');
  expect((await failure.boundingBox())?.y ?? 0).toBeGreaterThan(
    (await page.getByRole('button', { name: 'Approve' }).boundingBox())?.y ?? 0,
  );
  await page.context().close();
});

test('the card says of each item what survives its end, not of the first one alone', async (context) => {
  const id = await ask('15m', 'Compare two exports');
  const { page } = await visit(chromium(context), base(), 'bo');
  await page.route(`**/v1/requests/${id}`, async (route) => {
    const response = await route.fetch();
    const request = (await response.json()) as { items: { target: string; residual: object | null }[] };
    const [first] = request.items;
    const other = { ...first, target: 'aws/staging', residual: { maxMs: null, words: 'tokens live on' } };
    return route.fulfill({ response, json: { ...request, items: [first, other] } });
  });
  await page.goto(`/approvals/${id}`);
  await page.getByRole('term').filter({ hasText: 'After invoice-reader on aws/prod' }).waitFor();
  await page.getByRole('term').filter({ hasText: 'After invoice-reader on aws/staging' }).waitFor();
  // Why, for each of them, where the rest of the small print is.
  await page.getByText('By which rule, what the cloud is told, and what survives').click();
  await page.getByText('After invoice-reader on aws/staging: tokens live on').waitFor();
  await page.context().close();
});
