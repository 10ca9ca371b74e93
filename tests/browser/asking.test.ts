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
  await page.getByText('1 of Bo Sandberg').waitFor();
  expect(await already.count()).toBe(0);

  const id = await asks('invoice-reader', '--on', 'aws/prod', '--for', '30m', '--reason', 'Check the October export');
  await already.getByText(/^You asked for this at .* wait for 1 of .*Bo Sandberg \(bo\)/).waitFor();
  await already.getByRole('link', { name: 'Look at that request' }).click();
  await page.waitForURL(`**/requests/${id}`);

  await curfew(['--profile', 'bo', 'approve', id]);
  await page.goto(`${form}&also=build-log-reader@aws/staging`);
  // Of several the one that is held is named.
  await already.getByText(/^You hold invoice-reader on aws\/prod until /).waitFor();
  expect(await already.getByRole('listitem').count()).toBe(1);
  await already.getByRole('link', { name: 'Extend it instead' }).click();
  await page.waitForURL(`**/requests/${id}`);

  // Without a reason nothing is sent, and it is said where the reason belongs.
  await page.getByRole('button', { name: 'Extend', exact: true }).click();
  const dialog = page.getByRole('dialog');
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
