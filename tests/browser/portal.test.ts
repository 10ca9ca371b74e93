import { expect, test } from 'vitest';
import { until } from '../e2e/demo-process.ts';
import { furnishedPortal } from './furnished-portal.ts';
import { settled } from './visitor.ts';

const { curfew, open, things } = furnishedPortal();

test('what is typed is asked for at the first letter, and what stands there in the end is what was typed', async (context) => {
  const { page } = await open(context, 'ana');
  await page.goto('/request');
  await page.getByRole('link', { name: /invoice-reader/ }).waitFor();
  const asked: (string | null)[] = [];
  const { promise: typed, resolve: goOn } = Promise.withResolvers<void>();
  await page.route(/\/v1\/catalogue\?/, async (route) => {
    asked.push(new URL(route.request().url()).searchParams.get('q'));
    await typed;
    return route.continue();
  });
  await page.getByRole('searchbox', { name: 'Search access' }).pressSequentially('logs', { delay: 20 });
  goOn();
  await page.getByRole('link', { name: /invoice-reader/ }).waitFor({ state: 'detached' });
  await page.getByRole('link', { name: /build-log-reader/ }).waitFor();
  expect([asked[0], asked.at(-1)]).toEqual(['l', 'logs']);
  await page.waitForURL(/q=logs/);
});

test('a stranger is shown the way in and comes back to where they wanted to go', async (context) => {
  const { page } = await open(context, null);
  await page.goto(`/requests/${things().pending}`);
  const link = page.getByRole('link', { name: 'Sign in with your company' });
  // Until the server has named its providers the link leads to its choice of them.
  await expect
    .poll(() => link.getAttribute('href'))
    .toBe(`/sign-in/browser?return=${encodeURIComponent(`/requests/${things().pending}`)}&provider=oidc`);
  expect(await page.getByText('export-checker').count()).toBe(0);
});

test('a request that is nobody else’s business does not exist for them', async (context) => {
  const { page } = await open(context, 'gus');
  await page.goto(`/requests/${things().pending}`);
  await page.getByRole('alert').getByText('Not found').waitFor();
  await page.getByText('Number to quote').waitFor();
});

test('the reason of somebody else is text, whatever is in it', async (context) => {
  const { page, complaints } = await open(context, 'ana');
  const evil = '<img src=x onerror=alert(1)> </script><script>alert(2)</script>';
  await page.goto(`/request?role=build-log-reader&target=aws/staging&reason=${encodeURIComponent(evil)}`);
  await settled(page);
  await page.getByRole('button', { name: /^Ask for/ }).click();
  await page.waitForURL(/\/requests\/req_/);
  await page.getByText(evil).first().waitFor();
  expect(complaints()).toEqual([]);
});

test('a forged event makes the page look, and never believe: what it says about access comes from the server', async (context) => {
  const { page } = await open(context, 'ana');
  const grant = {
    status: 'ended',
    endedAt: '2026-11-01T00:00:00Z',
    proof: { kind: 'observed', at: '2026-11-01T00:00:00Z', evidence: {} },
  };
  const forged = [
    { kind: 'grant', id: things().approved, ...grant },
    { kind: 'grant', id: '../../oauth/authorize', grant },
    { kind: '__proto__', id: '<img src=x onerror=alert(1)>' },
  ].map((data, number) => `id: forged-${number}\nevent: change\ndata: ${JSON.stringify(data)}\n\n`);
  const body = `${forged.join('')}event: grant\ndata: ${JSON.stringify(grant)}\n\ndata: no event\n\nevent: change\ndata: {\n\n`;
  let told = 0;
  await page.route('**/v1/events', (route) => {
    told += 1;
    return route.fulfill({ contentType: 'text/event-stream', body });
  });
  // Also for a moment, until the truth has come.
  await page.addInitScript({
    content: `new MutationObserver(() => {
      if (document.body?.innerText.includes('Proven gone')) window.lied = true;
    }).observe(document, { childList: true, subtree: true, characterData: true });`,
  });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto('/live');
  await page.getByRole('cell').getByText('invoice-reader').first().waitFor();
  // Why something survives its end is there for who hears the page, before anything is pointed at.
  const survives = page.getByText('at most 5 seconds').first();
  const described = await survives.getAttribute('aria-describedby');
  expect(await page.locator(`[id="${described}"]`).textContent()).toContain('At its end AWS');
  await until(
    async () => told,
    (times) => times > 1,
    10_000,
  );
  await page.goto(`/requests/${things().approved}`);
  await page.getByRole('timer').first().waitFor();
  await page.waitForTimeout(1_000);
  expect(await page.evaluate('window.lied')).toBeUndefined();
  expect(await page.getByRole('timer').count()).toBeGreaterThan(0);
  // An id that is a way to somewhere else is asked for as an id, or not at all.
  expect(asked.filter((path) => path.startsWith('/oauth'))).toEqual([]);
});

/** Something of Ana's that Bo has not decided. */
async function asked(reason: string): Promise<string> {
  const what = ['request', 'export-checker', '--on', 'aws/prod', '--for', '20m', '--reason', reason, '--json'];
  return (JSON.parse(await curfew(['--profile', 'ana', ...what])) as { id: string }).id;
}

test('without a network it says so, and when there is one again it shows what was decided meanwhile', async (context) => {
  const { page, context: window } = await open(context, 'ana');
  const id = await asked('Look while the line is down');
  await page.goto(`/requests/${id}`);
  await page.getByText('waits for somebody').waitFor();
  await window.setOffline(true);
  await page.getByText('This machine is offline').waitFor();
  await curfew(['--profile', 'bo', 'deny', id, '--comment', 'Not before the audit']);
  expect(await page.getByText('waits for somebody').count()).toBe(1);
  await window.setOffline(false);
  await page.getByText('Not before the audit').first().waitFor();
  await page.getByText('This machine is offline').waitFor({ state: 'detached' });
});

test('after a sleep it shows what was decided meanwhile, although its line says nothing', async (context) => {
  const { page } = await open(context, 'ana');
  const id = await asked('Look while the lid is closed');
  // A line that has died without a word: nothing comes of it, and no error either.
  await page.route('**/v1/events', () => {});
  await page.clock.install();
  await page.goto(`/requests/${id}`);
  await page.getByText('waits for somebody').waitFor();
  await curfew(['--profile', 'bo', 'deny', id, '--comment', 'Somebody else did it']);
  expect(await page.getByText('waits for somebody').count()).toBe(1);
  // Less than after what lists are read again by themselves.
  await page.clock.fastForward(30_000);
  await page.getByText('Somebody else did it').first().waitFor();
});

test('counts down by the server’s clock where that of the machine is ten minutes off', async (context) => {
  for (const minutesOff of [-10, 10]) {
    const { page } = await open(context, 'ana');
    await page.clock.install({ time: Date.now() + minutesOff * 60_000 });
    await page.goto(`/requests/${things().approved}`);
    await page.getByRole('timer').first().waitFor();
    const { items } = (await (await page.request.get('/v1/grants?scope=live')).json()) as {
      items: readonly { role: string; request: string; endsAt: string }[];
    };
    const endsAt = Date.parse(items.find(({ request }) => request === things().approved)?.endsAt ?? '');
    // The first frame may be from before any answer of the server.
    await expect
      .poll(async () => {
        const [minutes, seconds] = (await page.getByRole('timer').first().innerText()).split(':').map(Number);
        const left = ((minutes ?? Number.NaN) * 60 + (seconds ?? Number.NaN)) * 1_000;
        return Math.abs(endsAt - Date.now() - left);
      })
      .toBeLessThan(5_000);
  }
});

test('the log is read when somebody asks for it, and never by itself: each reading of it is an entry', async (context) => {
  const { page } = await open(context, 'fay');
  for (const path of ['/audit', '/audit/5']) {
    await page.goto(path);
    await settled(page);
    const personal = page.getByRole('button', { name: 'Show what is personal' });
    if (path !== '/audit') await personal.click();
    await page.getByText(/^verified to #\d+$/).waitFor({ timeout: 20_000 });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.evaluate(`
      window.dispatchEvent(new Event('online'));
      document.dispatchEvent(new Event('visibilitychange'));
      new BroadcastChannel('curfew-signed-in').postMessage(null);
    `);
    // What is read again is read by then: who one is, and what is one's own.
    await until(
      async () => asked,
      (paths) => ['/v1/me', '/v1/grants', '/v1/events'].every((each) => paths.includes(each)),
      10_000,
    );
    await page.waitForTimeout(500);
    expect(
      asked.filter((each) => each.startsWith('/v1/audit')),
      path,
    ).toEqual([]);
  }
});

test('all of it by keyboard: skip link, palette, help, and the focus goes to the heading of the next page', async (context) => {
  const { page } = await open(context, 'ana');
  await settled(page);
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
  await page.keyboard.press('Control+k');
  const search = page.getByRole('textbox', { name: 'Search access, or go to a page' });
  await search.fill('invoice');
  await page.getByText('invoice-reader on aws/prod').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Ask for invoice-reader' }).waitFor();
  await page.goto('/');
  await settled(page);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys and help' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await page.getByRole('heading', { name: 'Requests', level: 1 }).waitFor();
  expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
});

test('an account is linked by signing in there, signs in its person, and is unlinked', async (context) => {
  const { page, complaints } = await open(context, 'ana');
  await page.goto('/me');
  await page.getByRole('button', { name: 'Link another account at Northwind' }).click();
  await page.getByRole('button', { name: 'Ines Duarte' }).click();
  await page.getByRole('heading', { name: 'nw-1017 Northwind' }).waitFor();
  await page.getByText('you signed in there').waitFor();
  const elsewhere = await open(context, null);
  await elsewhere.page.goto('/me');
  await elsewhere.page.getByRole('link', { name: 'Sign in with Northwind' }).click();
  await elsewhere.page.getByRole('button', { name: 'Ines Duarte' }).click();
  await elsewhere.page.getByRole('heading', { name: 'Ana Ribeiro', level: 1 }).waitFor();
  // Whom the directory knows there needs no link.
  const known = await open(context, null);
  await known.page.goto('/me');
  await known.page.getByRole('link', { name: 'Sign in with Northwind' }).click();
  await known.page.getByRole('button', { name: 'Quin Walsh' }).click();
  await known.page.getByRole('heading', { name: 'Quin Walsh', level: 1 }).waitFor();
  // Somebody else who proves it is told that it is not theirs, and comes back.
  const bo = await open(context, 'bo');
  await bo.page.goto('/me');
  await bo.page.getByRole('button', { name: 'Link another account at Northwind' }).click();
  await bo.page.getByRole('button', { name: 'Ines Duarte' }).click();
  await bo.page.getByText('Curfew does not guess whose it is').waitFor();
  await bo.page.getByRole('link', { name: 'Back' }).click();
  await bo.page.getByRole('heading', { name: 'Accounts' }).waitFor();
  await page.getByRole('button', { name: 'Unlink nw-1017' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Unlink it' }).click();
  await page.getByRole('heading', { name: 'nw-1017 Northwind' }).waitFor({ state: 'detached' });
  expect((await elsewhere.page.request.get('/v1/me')).status()).toBe(401);
  expect(complaints()).toEqual([]);
});

test('wherever somebody is, they are told what begins to wait for them, what ends, and who took what away', async (context) => {
  const [{ page: ana }, { page: bo, complaints }] = [await open(context, 'ana'), await open(context, 'bo')];
  for (const page of [ana, bo]) await page.goto('/catalogue');
  const places = bo.getByRole('navigation', { name: 'Pages' }).first();
  const place = places.getByRole('link', { name: /^Approvals \d+ waits? for you$/ });
  await place.waitFor();
  await expect.poll(() => bo.title()).toMatch(/^\(\d+\) · Catalogue · Curfew$/);
  const waits = Number(/\d+/.exec(await bo.title())?.[0]);
  const ask = (...what: readonly string[]) => curfew(['--profile', 'ana', 'request', ...what, '--json']);
  const { id } = JSON.parse(
    await ask('invoice-reader', '--on', 'aws/prod', '--for', '20m', '--reason', 'Look at the newest'),
  ) as { id: string };
  const toastOf = (page: typeof bo, title: string | RegExp) => page.getByRole('group').filter({ hasText: title });
  await places.getByRole('link', { name: `Approvals ${waits + 1} wait for you` }).waitFor();
  await expect.poll(() => bo.title()).toBe(`(${waits + 1}) · Catalogue · Curfew`);
  await toastOf(bo, /^Ana Ribeiro \(ana\) asks for access/)
    .getByRole('button', { name: 'Look' })
    .click();
  await bo.waitForURL(`**/approvals/${id}`);
  await curfew(['--profile', 'bo', 'approve', id]);
  await toastOf(ana, 'You have access').waitFor();
  const { grants } = JSON.parse(await curfew(['--profile', 'ana', 'ls', '--json'])) as {
    grants: readonly { id: string; request: string }[];
  };
  const grant = grants.find(({ request }) => request === id)?.id ?? '';
  await curfew(['--profile', 'bo', 'revoke', grant, '--reason', 'The wrong invoices']);
  await toastOf(ana, 'Taken away by Bo Sandberg').getByText('invoice-reader on aws/prod').waitFor();
  expect(await ana.getByText(/^Taken away/).count()).toBe(1);

  // Five minutes before an end: both that can be done stand there, and the rule of this one lets it not be extended.
  await ask('build-log-reader', '--on', 'aws/staging', '--for', '5m8s', '--reason', 'One line of a log');
  const warning = toastOf(ana, 'Ends in 5 minutes');
  await warning.getByRole('button', { name: 'Extend' }).click();
  await ana.getByRole('dialog').getByText('does not let access be extended').waitFor();
  await ana.keyboard.press('Escape');
  await warning.getByRole('button', { name: 'Done' }).click();
  await ana.getByRole('button', { name: 'Give it back' }).click();
  await ana.getByRole('dialog').waitFor({ state: 'detached' });
  await warning.waitFor({ state: 'detached' });
  expect(complaints()).toEqual([]);
});

test('signing out ends it on the server', async (context) => {
  const { page } = await open(context, 'ana');
  await page.getByRole('button', { name: /sign out/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in with your company' }).waitFor();
  expect((await page.request.get('/v1/me')).status()).toBe(401);
});
