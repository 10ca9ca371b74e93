import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { demoInChromium } from './demo-in-chromium.ts';
import { settled, visit } from './visitor.ts';

const { base, chromium } = demoInChromium();

test('several things in one request: added with the keys, one left out, previewed as one, carried by the command and the link, sent once', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  await page.goto('/request?role=invoice-reader&target=aws/prod');
  await settled(page);
  const outlook = page.getByRole('article', { name: 'What would happen' });
  await outlook.getByText(/1 of .*Bo Sandberg/).waitFor();
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

test('who wants it at a time and says none gets nothing at once; a time of their own choice is taken; a console opens beside, or the page says that the browser held it back', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'tom');
  await page.goto('/request?role=build-log-reader&target=aws/staging&at=tomorrow');
  await settled(page);
  await page.getByRole('textbox', { name: 'Reason' }).fill('The nightly build fails');
  const press = (): Promise<void> => page.getByRole('button', { name: /^Ask/ }).click();
  await press();
  const begins = page.getByLabel(/Begins at/);
  await page.getByText('Say when it is to begin').waitFor();
  expect(await begins.evaluate('document.activeElement.type')).toBe('datetime-local');
  await page.getByText('Other', { exact: true }).click();
  const length = page.getByRole('textbox', { name: 'For' });
  await length.fill('');
  await press();
  await page.getByText('Write it as 15m, 1h or 1h30m.').waitFor();
  await length.fill('20m');
  await begins.fill('2036-01-01T09:00');
  const now = page.getByText('As soon as it is approved', { exact: true });
  await now.click();
  await page.getByText('At a time', { exact: true }).click();
  await press();
  await page.getByText('Say when it is to begin').waitFor();
  expect(page.url()).toContain('/request?');
  await now.click();
  await page.getByRole('button', { name: 'Ask for 20m' }).click();
  await page.waitForURL(/\/requests\/req_/);
  const id = page.url().split('/').at(-1) ?? '';
  expect(await (await page.request.get(`/v1/requests/${id}`)).json()).toMatchObject({ durationMs: 1_200_000 });
  await page.getByRole('button', { name: 'Use', exact: true }).click();
  const console = page.getByRole('button', { name: 'Open the console of the cloud' });
  await page.context().route(
    ({ origin }) => origin !== base(),
    (route) => route.fulfill({ body: 'The console of the cloud' }),
  );
  const [opened] = await Promise.all([page.context().waitForEvent('page'), console.click()]);
  await opened.getByText('The console of the cloud').waitFor();
  expect(await opened.evaluate('window.opener')).toBeNull();
  await page.evaluate('window.open = () => null');
  await console.click();
  await page.getByText('Your browser held the window back').waitFor();
  expect(complaints()).toEqual([]);
  await page.context().close();
});

/** Ends somebody's sign-in as another machine of theirs would. */
async function endSession(page: Page): Promise<void> {
  const { csrf } = (await (await page.request.get('/v1/me')).json()) as { csrf: string };
  const { items } = (await (await page.request.get('/v1/me/sessions')).json()) as {
    items: readonly { id: string; current: boolean }[];
  };
  const id = items.find(({ current }) => current)?.id ?? '';
  const answer = await page.request.delete(`/v1/me/sessions/${id}`, {
    headers: { 'x-curfew-csrf': csrf, origin: base() },
  });
  expect(answer.status()).toBe(200);
}

test('a sign-in that ends hides the page and loses nothing that was typed, also in a dialog; the same person goes on', async (context) => {
  const { page } = await visit(chromium(context), base(), 'ana');
  await page.goto('/request?role=build-log-reader&target=aws/staging');
  await settled(page);
  const reason = page.getByRole('textbox', { name: 'Reason' });
  await reason.fill('Half a sentence about the');
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('textbox', { name: 'Search access, or go to a page' });
  await palette.fill('invoi');
  await endSession(page);
  await page.getByRole('heading', { name: 'Your sign-in has ended' }).waitFor({ timeout: 60_000 });
  expect([await reason.isVisible(), await palette.isVisible()]).toEqual([false, false]);
  const [other] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('link', { name: 'Sign in again' }).click(),
  ]);
  await other.getByRole('button', { name: /Ana Ribeiro/ }).click();
  await other.getByRole('heading', { name: 'You are signed in again' }).waitFor();
  await palette.waitFor();
  expect([await palette.inputValue(), await reason.inputValue()]).toEqual(['invoi', 'Half a sentence about the']);
  await page.keyboard.press('Escape');
  await reason.fill('Half a sentence about the nightly build');
  await page.getByRole('button', { name: /^Ask for \d/ }).click();
  await page.waitForURL(/\/requests\/req_/);
  await page.context().close();
});

test('whoever signs in instead sees nothing of what somebody else typed', async (context) => {
  const { page } = await visit(chromium(context), base(), 'ana');
  await page.goto('/request?role=build-log-reader&target=aws/staging');
  await settled(page);
  await page.getByRole('textbox', { name: 'Reason' }).fill('Ana’s affair');
  await endSession(page);
  await page.getByRole('heading', { name: 'Your sign-in has ended' }).waitFor({ timeout: 60_000 });
  const other = await page.context().newPage();
  await other.goto('/sign-in/browser?hint=bo&return=/signed-in');
  await other.getByRole('heading', { name: 'You are signed in again' }).waitFor();
  await page.getByRole('heading', { name: 'My access' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/');
  await page.getByRole('button', { name: /Bo Sandberg/ }).waitFor();
  await page.context().close();
});

test('five minutes before the end it is said, with the way to a new sign-in beside the page', async (context) => {
  const { page } = await visit(chromium(context), base(), 'ana');
  let leftMs = 4 * 60_000;
  await page.route('**/v1/me', async (route) => {
    const answer = await route.fetch();
    const me = (await answer.json()) as object;
    await route.fulfill({
      response: answer,
      json: { ...me, sessionEndsAt: new Date(Date.now() + leftMs).toISOString() },
    });
  });
  await page.goto('/');
  await page.getByText(/Your sign-in ends at \d\d:\d\d/).waitFor();
  const link = page.getByRole('link', { name: 'Sign in again' });
  expect([await link.getAttribute('target'), await link.getAttribute('href')]).toEqual([
    '_blank',
    '/sign-in/browser?return=%2Fsigned-in',
  ]);
  // Somebody signed in beside it: there is time again, and nothing to say.
  leftMs = 12 * 3_600_000;
  const other = await page.context().newPage();
  await other.goto('/signed-in');
  await page.getByText(/Your sign-in ends at/).waitFor({ state: 'detached' });
  await page.context().close();
});

test('what a page reads by itself is no use of the session, and what somebody does is', async (context) => {
  const { page, context: window } = await visit(chromium(context), base(), 'ana');
  await settled(page);
  const unattended: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/v1/grants')) unattended.push(request.headers()['x-curfew-unattended']);
  });
  // What was gone and is back may have hidden a change, so everything is read again.
  const readAgain = async (): Promise<readonly (string | undefined)[]> => {
    unattended.length = 0;
    const answer = page.waitForResponse('**/v1/grants?**');
    await page.evaluate("dispatchEvent(new Event('online'))");
    await answer;
    return [...unattended];
  };
  await readAgain();
  expect(await readAgain()).toEqual(['1']);
  let used: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/v1/') && !request.url().endsWith('/v1/events'))
      used.push(request.headers()['x-curfew-unattended']);
  });
  await page.mouse.move(200, 200);
  await readAgain();
  // The first of them says that somebody was there, for all.
  expect(used.filter((one) => one === undefined)).toHaveLength(1);
  used = [];
  await readAgain();
  expect(used.filter((one) => one === undefined)).toEqual([]);
  await window.close();
});
