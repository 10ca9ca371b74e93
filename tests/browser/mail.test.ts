import { beforeAll, expect, test } from 'vitest';
import { until } from '../e2e/demo-process.ts';
import { barriers } from './furnished-portal.ts';
import { demoInChromium } from './demo-in-chromium.ts';
import { smallTargets } from './small-targets.ts';
import { LOOKS, visit } from './visitor.ts';

const { chromium, base, curfew } = demoInChromium({ signedIn: ['ana'] });

/** Ana asks, and those who can decide are told. */
beforeAll(async () => {
  try {
    base();
  } catch {
    // There is no browser, and every test is skipped with the reason.
    return;
  }
  await curfew([
    '--profile',
    'ana',
    'request',
    'invoice-reader',
    '--on',
    'aws/prod',
    '--reason',
    'Check the November export',
  ]);
  await until(
    async () => (await fetch(`${base()}/demo/mail`)).text(),
    (html) => html.includes('Please decide'),
    30_000,
  );
}, 60_000);

test('the e-mail of the demo: by keys from the list to a message, one view at a time; a link leads into the portal', async (context) => {
  const visitor = await visit(chromium(context), base(), null);
  const { page } = visitor;
  page.setDefaultTimeout(10_000);
  await page.goto('/demo/mail');
  const [first] = await page.locator('main h2 a').allTextContents();
  await page.locator('main h2 a').first().focus();
  await page.keyboard.press('Enter');
  await page.locator('h1', { hasText: first ?? 'nothing' }).waitFor();
  const frame = page.frameLocator('iframe');
  await frame.getByText('You get this because').waitFor();
  expect(await page.locator('pre, dl').count()).toBe(0);

  const views = page.getByRole('navigation', { name: 'How it is shown' });
  for (const [name, only] of [
    ['As text', 'pre'],
    ['Headers', 'dl'],
    ['As HTML', 'iframe'],
  ] as const) {
    await views.getByRole('link', { name }).focus();
    await page.keyboard.press('Enter');
    await page.locator(only).waitFor();
    expect(await page.locator('iframe, pre, dl').count()).toBe(1);
    expect(await views.locator('[aria-current=page]').allTextContents()).toEqual([name]);
  }

  // As in a mail program: the portal opens beside it, as itself.
  const opens = page.context().waitForEvent('page');
  await frame.getByRole('link').first().click();
  const portal = await opens;
  await portal.getByRole('main').waitFor();
  await portal
    .getByRole('link', { name: /sign in/i })
    .or(portal.getByRole('button', { name: /sign in/i }))
    .first()
    .waitFor();
  expect(visitor.complaints()).toEqual([]);
  await visitor.context.close();
});

for (const look of LOOKS)
  test(`no barrier (axe), nothing sideways, nothing too small: ${look.theme}, ${look.width} px`, async (context) => {
    const visitor = await visit(chromium(context), base(), null, look);
    const { page } = visitor;
    page.setDefaultTimeout(10_000);
    for (const path of ['/demo/mail', '/demo/mail/1', '/demo/mail/1/text', '/demo/mail/1/headers']) {
      await page.goto(path);
      // Axe waits for ever for an answer from a frame in which no script may run; what it would say of the frame is whether it has a title.
      expect(await page.locator('iframe:not([title])').count()).toBe(0);
      await page.evaluate("document.querySelector('iframe')?.remove()");
      expect(await barriers(page), path).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), path).toBeLessThanOrEqual(0);
      if (look.width === 360) expect(await smallTargets(page), path).toEqual([]);
      expect(visitor.complaints(), path).toEqual([]);
    }
    await visitor.context.close();
  });
