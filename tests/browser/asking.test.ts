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

/** Held back, as on a machine that has much to do: what lets the address follow what is typed. */
const HOLD_ADDRESS = `{
  const held = new Map();
  const set = window.setTimeout.bind(window);
  const clear = window.clearTimeout.bind(window);
  let last = -1;
  window.setTimeout = (call, ms, ...rest) => (ms === 400 ? (held.set(--last, call), last) : set(call, ms, ...rest));
  window.clearTimeout = (id) => (held.delete(id) ? undefined : clear(id));
  window.letAddressFollow = () => { const calls = [...held.values()]; held.clear(); for (const call of calls) call(); return calls.length; };
}`;

test('a click on a result right after typing is not taken back to the search', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  await page.addInitScript(HOLD_ADDRESS);
  // What was typed has settled, and is drawn by the time of the click, or is about to be.
  for (const tasks of [0, 1, 2]) {
    await page.goto('/request');
    await page.getByRole('searchbox', { name: 'Search access' }).fill('invoice');
    await page.getByRole('link', { name: /^invoice-reader on aws\/prod/ }).waitFor();
    const settledNow = await page.evaluate(`(async () => {
      const task = () => new Promise((done) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = done;
        port2.postMessage(null);
      });
      const links = [...document.querySelectorAll('main a')];
      const result = links.find((link) => link.textContent.startsWith('invoice-reader on aws/prod'));
      const settled = window.letAddressFollow();
      for (let n = 0; n < ${tasks}; n += 1) await task();
      result.click();
      return settled;
    })()`);
    expect([tasks, settledNow]).toEqual([tasks, 1]);
    await page.getByRole('heading', { name: 'Ask for invoice-reader' }).waitFor();
    await page.getByRole('textbox', { name: 'Reason' }).fill('It stays');
    expect(new URL(page.url()).searchParams.get('role')).toBe('invoice-reader');
  }
  expect(complaints()).toEqual([]);
  await page.context().close();
});
