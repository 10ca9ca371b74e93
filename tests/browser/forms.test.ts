import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';
import { demoPlace, type DemoPlace } from '../e2e/demo-process.ts';
import { chromiumOrReason } from './chromium.ts';
import { settled, visit } from './visitor.ts';

let browser: Browser | string = '';
let place: DemoPlace | null = null;
let base = '';

beforeAll(async () => {
  browser = await chromiumOrReason();
  if (typeof browser === 'string') return;
  place = await demoPlace();
  base = (await place.start()).url;
}, 120_000);
afterAll(async () => {
  await place?.remove();
  if (typeof browser !== 'string') await browser.close();
});

/** Skips the test, with the reason, where there is no browser. */
const chromium = (context: TestContext): Browser => (typeof browser === 'string' ? context.skip(browser) : browser);

test('several things in one request: added with the keys, one left out, previewed as one, carried by the command and the link, sent once', async (context) => {
  const { page, complaints } = await visit(chromium(context), base, 'ana');
  await page.goto('/request?role=invoice-reader&target=aws/prod');
  await settled(page);
  const outlook = page.getByRole('article', { name: 'What would happen' });
  await outlook.getByText('1 of Bo Sandberg').waitFor();
  const reason = page.getByRole('textbox', { name: 'Reason' });
  await reason.fill('Compare the export with the invoices');
  for (const [words, found] of [
    ['nightly exports', /export-checker on aws\/prod/],
    ['build log', /build-log-reader on aws\/staging/],
  ] as const) {
    await page.getByRole('button', { name: 'Add another' }).press('Enter');
    await page.getByRole('searchbox', { name: 'Add another' }).fill(words);
    await page.getByRole('list', { name: 'Found' }).getByRole('button').first().getByText(found).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('searchbox', { name: 'Add another' }).waitFor({ state: 'detached' });
  }
  await page.getByRole('heading', { name: 'Ask for 3 things' }).waitFor();
  // Nothing that was typed is lost by it, and nothing was sent.
  expect(await reason.inputValue()).toBe('Compare the export with the invoices');
  await outlook.getByText('invoice-reader@aws/prod export-checker@aws/prod build-log-reader@aws/staging').waitFor();
  await outlook.getByText('export-checker: What can survive').waitFor();
  await page.getByRole('button', { name: 'Leave out invoice-reader on aws/prod' }).click();
  await page.getByRole('heading', { name: 'Ask for 2 things' }).waitFor();

  // The link is the same form for whoever opens it, without the reason.
  await page.getByRole('button', { name: 'Copy the link' }).click();
  const link = (await page.evaluate('navigator.clipboard.readText()')) as string;
  const other = await page.context().newPage();
  await other.goto(link);
  await other.getByRole('heading', { name: 'Ask for 2 things' }).waitFor();
  const listed = other.getByRole('list', { name: 'What is asked for' }).getByRole('listitem');
  await listed.nth(1).waitFor();
  expect(await listed.count()).toBe(2);
  expect(await other.getByRole('textbox', { name: 'Reason' }).inputValue()).toBe('');
  await other.close();

  await page.getByRole('button', { name: /^Ask for \d/ }).click();
  await page.waitForURL(/\/requests\/req_/);
  const id = page.url().split('/').at(-1) ?? '';
  const made = (await (await page.request.get(`/v1/requests/${id}`)).json()) as { items: { role: string }[] };
  expect(made.items.map(({ role }) => role)).toEqual(['export-checker', 'build-log-reader']);
  expect(complaints()).toEqual([]);
  await page.context().close();
});
