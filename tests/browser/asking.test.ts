import { expect, test } from 'vitest';
import { until } from '../e2e/demo-process.ts';
import { demoInChromium } from './demo-in-chromium.ts';
import { settled, visit } from './visitor.ts';

const { base, chromium, curfew } = demoInChromium({ signedIn: ['ana', 'bo'] });

const asks = async (...what: readonly string[]): Promise<string> =>
  (JSON.parse(await curfew(['--profile', 'ana', 'request', ...what, '--json'])) as { id: string }).id;

test('whoever has what they ask for, or waits for it, reads so before they send it, and can go on', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  const already = page.getByRole('list', { name: 'You have this already' });
  const form = '/request?role=invoice-reader&target=aws/prod';
  await page.goto(form);
  await page.getByText(/1 of .*Bo Sandberg/).waitFor();
  expect(await already.count()).toBe(0);

  const id = await asks('invoice-reader', '--on', 'aws/prod', '--for', '30m', '--reason', 'Check the October export');
  await already.getByText(/^You asked for this at .* wait for 1 of .*Bo Sandberg \(bo[,)]/).waitFor();
  await already.getByRole('link', { name: 'Look at that request' }).click();
  await page.waitForURL(`**/requests/${id}`);

  // What happens after the page has read it, and before it listens, is told by nobody.
  let listen = (): void => {};
  const held = new Promise<void>((resolve) => (listen = resolve));
  await page.route('**/v1/events', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${form}&also=build-log-reader@aws/staging`);
  await already.getByText(/^You asked for invoice-reader on aws\/prod at /).waitFor();
  await curfew(['--profile', 'bo', 'approve', id]);
  await until(
    () => curfew(['--profile', 'ana', 'ls', '--json']),
    (text) => text.includes('"active"'),
    20_000,
  );
  // Until the last that is told of it is told.
  await page.waitForTimeout(2_000);
  listen();
  // Of several the one that is held is named.
  await already.getByText(/^You hold invoice-reader on aws\/prod until /).waitFor();
  expect(await already.getByRole('listitem').count()).toBe(1);
  await already.getByRole('link', { name: 'Extend it instead' }).click();
  await page.waitForURL(`**/requests/${id}`);

  // Without a reason nothing is sent, and it is said where the reason belongs.
  await page.getByRole('button', { name: 'Extend', exact: true }).click();
  const dialog = page.getByRole('dialog');
  // What can be had, and who decides, stands there first; a ticket is asked for by rules that want one.
  await dialog.getByText(/^The rules let it be extended once more, to \d\d:\d\d at the latest\./).waitFor();
  await dialog.getByText(/^1 of .*Bo Sandberg \(bo/).waitFor();
  expect(await dialog.getByLabel('Ticket').count()).toBe(0);
  await dialog.getByRole('button', { name: 'Ask for it' }).click();
  await dialog.getByText('Say why.').waitFor();
  expect(await dialog.getByRole('alert').count()).toBe(0);
  expect(await page.evaluate('document.activeElement.getAttribute("aria-invalid")')).toBe('true');
  await page.keyboard.press('Escape');

  // Nothing is forbidden by it.
  await page.goto(form);
  await already.waitFor();
  await page.getByRole('textbox', { name: 'Reason' }).fill('Check it once more');
  await page.getByRole('button', { name: /^Ask for \d/ }).click();
  await page.waitForURL((url) => /^\/requests\/req_/.test(url.pathname) && !url.pathname.endsWith(id));
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('a start that has passed is said once, where it stands, and nothing is sent', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') sent.push(new URL(request.url()).pathname);
  });
  await page.goto('/request?role=build-log-reader&target=aws/staging&at=2020-01-01T09:00:00Z');
  await settled(page);
  const passed = page.getByText('That has passed.', { exact: false });
  await passed.waitFor();
  await page.getByRole('textbox', { name: 'Reason' }).fill('The nightly build fails');
  await page.getByRole('button', { name: /^Ask/ }).click();
  expect(await page.evaluate('document.activeElement.type')).toBe('datetime-local');
  expect([await passed.count(), await page.getByRole('alert').count(), sent]).toEqual([1, 0, []]);
  // What the server alone knows to be wrong is said once as well: beside the form before it is sent, and at the button after.
  await page.getByLabel(/Begins at/).fill('2036-01-01T09:00');
  const refused = page.getByText('ahead.', { exact: false });
  await page.getByRole('article', { name: 'What would happen' }).getByRole('alert').waitFor();
  await page.getByRole('button', { name: /^Ask/ }).click();
  await until(
    () => page.getByRole('article', { name: 'What would happen' }).getByRole('alert').count(),
    (count) => count === 0,
    20_000,
  );
  expect([await refused.count(), await page.getByRole('alert').count()]).toEqual([1, 1]);
  expect(complaints()).toEqual([]);
  await page.context().close();
});

/** Held back, as on a machine that has much to do: what lets the address follow what is typed, by how long that waits. */
const holdAddress = (ms: number) => `{
  const HELD_MS = ${ms};
  const held = new Map();
  const set = window.setTimeout.bind(window);
  const clear = window.clearTimeout.bind(window);
  let last = -1;
  window.setTimeout = (call, ms, ...rest) => (ms === HELD_MS ? (held.set(--last, call), last) : set(call, ms, ...rest));
  window.clearTimeout = (id) => (held.delete(id) ? undefined : clear(id));
  window.letAddressFollow = () => { const calls = [...held.values()]; held.clear(); for (const call of calls) call(); return calls.length; };
}`;

/** Lets the address follow, and in the same breath or a task or two later presses the first link whose words begin so; how often it followed. */
const followAndPress = (words: string, tasks: number) => `(async () => {
  const task = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(null);
  });
  const result = [...document.querySelectorAll('main a')].find((link) => link.textContent.startsWith(${JSON.stringify(words)}));
  const settled = window.letAddressFollow();
  for (let n = 0; n < ${tasks}; n += 1) await task();
  result.click();
  return settled;
})()`;

test('a click on a result right after typing is not taken back to the search, nor to the catalogue', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  const other = await page.context().newPage();
  await page.addInitScript(holdAddress(400));
  // What was typed has settled, and is drawn by the time of the click, or is about to be.
  for (const tasks of [0, 1, 2]) {
    await page.goto('/request');
    await page.getByRole('searchbox', { name: 'Search access' }).fill('invoice');
    await page.getByRole('link', { name: /^invoice-reader on aws\/prod/ }).waitFor();
    expect([tasks, await page.evaluate(followAndPress('invoice-reader on aws/prod', tasks))]).toEqual([tasks, 1]);
    await page.getByRole('heading', { name: 'Ask for invoice-reader' }).waitFor();
    await page.getByRole('textbox', { name: 'Reason' }).fill('It stays');
    expect(new URL(page.url()).searchParams.get('role')).toBe('invoice-reader');
  }
  await other.addInitScript(holdAddress(120));
  for (const tasks of [0, 1, 2]) {
    await other.goto('/catalogue');
    await other.getByRole('link', { name: 'invoice-reader' }).first().waitFor();
    await other.getByRole('searchbox', { name: 'Search' }).fill('invoice');
    expect(await other.evaluate(followAndPress('invoice-reader', tasks))).toBeGreaterThan(0);
    await other.getByRole('heading', { name: 'invoice-reader', level: 1 }).waitFor();
    await other.waitForTimeout(300);
    expect(new URL(other.url()).pathname).toBe('/catalogue/invoice-reader');
  }
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('the page in the navigation clears its search, and going back brings it again', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  for (const [path, name, label] of [
    ['/request', 'Search access', 'Request'],
    ['/catalogue', 'Search', 'Catalogue'],
  ] as const) {
    await page.goto(path);
    const search = page.getByRole('searchbox', { name, exact: true });
    // Key by key: what is typed while the address follows stays as it is.
    await search.pressSequentially('invoice', { delay: 90 });
    await page.waitForURL(`**${path}?q=invoice`);
    expect(await search.inputValue()).toBe('invoice');
    const link = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: label, exact: true });
    await link.click();
    await page.waitForURL(`**${path}`);
    await until(
      () => search.inputValue(),
      (words) => words === '',
      5_000,
    );
    // It stays clear.
    await page.waitForTimeout(600);
    expect([await search.inputValue(), new URL(page.url()).search]).toEqual(['', '']);
    await page.goBack();
    await page.waitForURL(`**${path}?q=invoice`);
    expect(await search.inputValue()).toBe('invoice');
  }
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('what has a star is at hand, at home and in the palette before a word is typed', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  await page.goto('/request?role=build-log-reader&target=aws/staging');
  const star = page.getByRole('button', { name: 'Keep build-log-reader on aws/staging at hand' });
  await star.click();
  await until(
    () => star.getAttribute('aria-pressed'),
    (pressed) => pressed === 'true',
    5_000,
  );
  await page.goto('/');
  await page
    .getByRole('region', { name: 'At hand' })
    .getByRole('link', { name: /build-log-reader/ })
    .waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByText('build-log-reader on aws/staging').waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Ask for build-log-reader' }).waitFor();
  expect(new URL(page.url()).searchParams.get('target')).toBe('aws/staging');
  expect(complaints()).toEqual([]);
  await page.context().close();
});
