import type { Browser, BrowserContext, Page } from 'playwright-core';
import { until } from '../tests/e2e/demo-process.ts';
import { visit } from '../tests/browser/visitor.ts';

/** Somebody with a session, of whom any number of fresh browsers can be had. */
export interface SignedIn {
  readonly browser: Browser;
  readonly base: string;
  readonly state: Awaited<ReturnType<BrowserContext['storageState']>>;
}

export async function signedIn(browser: Browser, base: string, person: string): Promise<SignedIn> {
  const { context } = await visit(browser, base, person);
  const state = await context.storageState();
  await context.close();
  return { browser, base, state };
}

/** A window that has nothing in its cache. */
export async function openWindow({ browser, base, state }: SignedIn, sought = 'h1'): Promise<Page> {
  const context = await browser.newContext({
    baseURL: base,
    storageState: state,
    viewport: { width: 1280, height: 860 },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.addInitScript({ content: WATCH.replace('SOUGHT', () => JSON.stringify(sought)) });
  return page;
}

/**
 * Runs in the page. `readyAt`: the first frame in which what is `sought` stands there, in milliseconds since the navigation began. `typedAt` and `shownAt`: when the last key went down, and the first frame in which the first result is what was awaited.
 */
const WATCH = `
  window.bench = { sought: SOUGHT, readyAt: null, awaited: null, typedAt: null, shownAt: null, events: [] };
  addEventListener('keydown', (event) => { window.bench.typedAt = event.timeStamp; }, true);
  const look = () => {
    const { bench } = window;
    const main = document.querySelector('main');
    if (bench.readyAt === null && main?.querySelector(bench.sought)) bench.readyAt = performance.now();
    if (bench.awaited !== null && bench.shownAt === null) {
      const first = main?.querySelector('ul a');
      if (first?.textContent.includes(bench.awaited)) bench.shownAt = performance.now();
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  new PerformanceObserver((list) => {
    for (const { interactionId, duration, name } of list.getEntries())
      if (interactionId !== 0) window.bench.events.push({ interactionId, duration, name });
  }).observe({ type: 'event', durationThreshold: 16, buffered: true });
`;

interface Seen {
  readonly readyAt: number | null;
  readonly typedAt: number | null;
  readonly shownAt: number | null;
  readonly events: readonly { readonly interactionId: number; readonly duration: number }[];
}

const seen = (page: Page): Promise<Seen> => page.evaluate('window.bench');

/** Goes there so many times, with an empty cache each time, until what is `sought` (a selector, within `main`) stands there. */
export async function shownAfter(
  who: SignedIn,
  path: string,
  sought: string,
  visits: number,
): Promise<{ readonly readyMs: readonly number[]; readonly scripts: readonly string[] }> {
  const readyMs: number[] = [];
  let scripts: readonly string[] = [];
  for (let n = 0; n < visits; n += 1) {
    const page = await openWindow(who, sought);
    await page.goto(path);
    const { readyAt } = await until(
      () => seen(page),
      (bench) => bench.readyAt !== null,
      60_000,
    );
    readyMs.push(readyAt ?? Number.NaN);
    scripts = await page.evaluate(
      `performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname).filter((path) => path.endsWith('.js'))`,
    );
    await page.context().close();
  }
  return { readyMs, scripts: [...new Set(scripts)].filter((path) => path !== '/portal/theme.js') };
}

/** Types words into the search as somebody types, and measures from the last key to the frame that shows what it finds. */
export async function keystrokes(
  who: SignedIn,
  words: readonly string[],
): Promise<{ readonly shownMs: readonly number[]; readonly answerMs: readonly number[] }> {
  const page = await openWindow(who);
  const samples: number[] = [];
  await page.goto('/request');
  const field = page.getByRole('searchbox', { name: 'Search access' });
  await field.waitFor();
  for (const word of words) {
    await field.fill('');
    await page.waitForTimeout(500);
    await field.pressSequentially(word.slice(0, -1), { delay: 90 });
    await page.waitForTimeout(90);
    await page.evaluate(`Object.assign(window.bench, { awaited: ${JSON.stringify(word)}, shownAt: null })`);
    await field.press(word.slice(-1));
    const { typedAt, shownAt } = await until(
      () => seen(page),
      (bench) => bench.shownAt !== null,
      10_000,
    );
    samples.push((shownAt ?? Number.NaN) - (typedAt ?? Number.NaN));
    await page.evaluate('Object.assign(window.bench, { awaited: null })');
  }
  const answerMs: readonly number[] = await page.evaluate(
    `performance.getEntriesByType('resource').filter((one) => one.name.includes('/v1/catalogue')).map((one) => one.duration)`,
  );
  await page.context().close();
  return { shownMs: samples, answerMs };
}

/** Sorts and sifts ten thousand rows, like somebody who looks for one of them. */
export function sortAndSift(who: SignedIn, rounds: number): Promise<readonly number[]> {
  return interactions(who, rounds, async (page) => {
    await page.goto('/live');
    await page.getByText(/^1\d{4} held by/).waitFor({ timeout: 60_000 });
    for (const head of ['Who', 'What', 'Ends', 'Ends']) {
      await page.getByRole('columnheader').getByRole('button', { name: head }).click();
      await page.waitForTimeout(200);
    }
    await page.getByLabel('Show only').pressSequentially('operator-17 a0', { delay: 90 });
    await page.waitForTimeout(300);
  });
}

/** Goes from page to page, opens a request, a dialog and the palette. */
export function lookAround(who: SignedIn, rounds: number): Promise<readonly number[]> {
  return interactions(who, rounds, async (page, round) => {
    await page.goto('/');
    await page.getByRole('timer').first().waitFor();
    for (const place of ['Requests', 'Catalogue', 'Home', 'Request', 'Me', 'Requests']) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: place, exact: true }).click();
      await page.locator('main h1').waitFor();
      await page.waitForTimeout(300);
    }
    await page
      .getByRole('link', { name: /build-log-reader/ })
      .nth(round % 3)
      .click();
    await page.getByRole('button', { name: 'Use' }).click();
    await page.waitForTimeout(300);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('textbox', { name: 'Search access, or go to a page' });
    await palette.pressSequentially('operator', { delay: 90 });
    await page.keyboard.press('Escape');
    await page.waitForTimeout(300);
  });
}

/**
 * One sample for each thing that is pressed or typed, as the browser itself takes them: from the input to the next frame. It reports none
 * that took less than 16 ms, so that what is printed is worse than what people have.
 */
async function interactions(
  who: SignedIn,
  rounds: number,
  act: (page: Page, round: number) => Promise<void>,
): Promise<readonly number[]> {
  const page = await openWindow(who);
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await act(page, round);
    const longest = new Map<number, number>();
    for (const { interactionId, duration } of (await seen(page)).events)
      longest.set(interactionId, Math.max(longest.get(interactionId) ?? 0, duration));
    samples.push(...longest.values());
  }
  await page.context().close();
  return samples;
}
