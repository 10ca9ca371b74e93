import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { until } from '../e2e/demo-process.ts';
import { withAuthenticator } from './authenticator.ts';
import { barriers, furnishedPortal } from './furnished-portal.ts';
import { PAGES } from './pages.ts';
import { inTheme, settled } from './visitor.ts';

/** A dozen dialogs, on a machine that does other things as well. */
const EXAMINATION_MS = 240_000;

const PHONE = { theme: 'dark', width: 360 } as const;

const { open, things, curfew } = furnishedPortal();

test('each page says that it cannot read, and does not take it for nothing; no barrier (axe)', async (context) => {
  // An admin, whose pages read the most.
  const { page } = await open(context, 'eli');
  const nothing = page.locator('main [class*="_empty_"]');
  await page.goto('/catalogue?q=zzzzz');
  await nothing.waitFor();
  await page.route(/\/v1\/(?!me$)/, (route) =>
    route.request().method() === 'GET'
      ? route.fulfill({
          status: 500,
          contentType: 'application/problem+json',
          json: { status: 500, code: 'internal' },
        })
      : route.continue(),
  );
  await page.clock.install();
  // A page of each kind: what it is about makes no difference where nothing of it can be read.
  const kinds = new Map(
    PAGES.filter(({ person, name }) => person !== null && name !== 'signed-in').map((one) => [
      one
        .path(things())
        .replace(/\w+_[a-z2-7]{20}/, ':id')
        .replace(/=[^&]*/g, ''),
      one,
    ]),
  );
  expect(kinds.size).toBeGreaterThan(14);
  let examined = 0;
  for (const { name, path } of kinds.values()) {
    await page.goto(path(things()));
    await page.locator('h1').first().waitFor();
    await until(
      async () => {
        // What is tried again waits seconds before.
        await page.clock.fastForward(2_500);
        return page.locator('main').getByRole('alert').count();
      },
      (count) => count > 0,
      10_000,
    ).catch((error: unknown) => {
      throw new Error(`${name} says nothing`, { cause: error });
    });
    await page.clock.fastForward(2_500);
    expect(await nothing.count(), name).toBe(0);
    expect(await page.locator('main').innerText(), name).not.toMatch(/nothing waits/i);
    // They are made of the same parts, so that some of them are enough.
    examined += 1;
    if (examined % 4 === 1) expect(await barriers(page), name).toEqual([]);
  }
});

test(
  'no dialog has a barrier (axe), nor a menu, nor what covers a page; light at 1280 px and dark at 360 px',
  async (context) => {
    // Of several the first that can be pressed: what somebody may not stop says why, and opens nothing.
    const pressed = (page: Page, name: string | RegExp) =>
      page.getByRole('button', { name, exact: true, disabled: false }).first();
    /** What is open is looked at both ways while it is open: to open it again takes longer than the second look. */
    const inBoth = async (page: Page, name: string): Promise<void> => {
      expect(await barriers(page), name).toEqual([]);
      await inTheme(page, 'dark');
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await barriers(page), `${name}, dark at 360 px`).toEqual([]);
      await inTheme(page, 'light');
      await page.setViewportSize({ width: 1280, height: 860 });
    };
    const examine = async (page: Page, name: string): Promise<void> => {
      const shown = page.locator('[role="dialog"], [role="menu"]');
      await shown.waitFor();
      await inBoth(page, name);
      await page.keyboard.press('Escape');
      await shown.waitFor({ state: 'detached' });
    };
    const dialogs: readonly (readonly [string, string, readonly (string | RegExp)[]])[] = [
      ['bo', `/approvals/${things().pending}`, ['Deny…', 'Shorter…', /theme, zone, sign out$/]],
      ['bo', '/live', [/^Stop /]],
      ['ana', `/requests/${things().approved}`, ['Use', 'Extend', 'Done']],
      ['eli', `/orders/${things().ofCem}`, ['Lift this order…']],
    ];
    const { page: finn } = await open(context, 'finn', PHONE);
    for (const [person, path, buttons] of dialogs) {
      const { page } = await open(context, person);
      await page.goto(path);
      await settled(page);
      for (const name of buttons) {
        await pressed(page, name).click();
        await examine(page, String(name));
      }
      for (const key of path === '/live' ? ['Control+k', '?'] : []) {
        await page.keyboard.press(key);
        await examine(page, key);
      }
    }
    await pressed(finn, 'More').click();
    await finn.getByRole('menu').waitFor();
    expect(await barriers(finn), 'More').toEqual([]);
    // Who has a passkey registers another with it alone, and it is gone with its window.
    const { page } = await open(context, 'bo');
    const card = async (): Promise<void> => {
      await page.goto(`/approvals/${await signed()}`);
      await settled(page);
      await page
        .getByText(/passkey/)
        .first()
        .waitFor();
      await inBoth(page, 'a card that takes a passkey');
    };
    await card();
    await withAuthenticator(page);
    await page.goto('/me');
    await settled(page);
    await page.getByLabel('Name of the new passkey').fill('Device of a test');
    await pressed(page, 'Register a passkey').click();
    await page.getByRole('heading', { name: 'Device of a test' }).waitFor();
    for (const name of ['Rename', 'Remove']) {
      await pressed(page, name).click();
      await examine(page, name);
    }
    await card();
    await page.context().clearCookies();
    // As when somebody comes back to the tab.
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await page.getByRole('heading', { name: 'Your sign-in has ended' }).waitFor();
    await inBoth(page, 'what covers a page');
  },
  EXAMINATION_MS,
);

/** Asks for what is agreed to with a passkey alone. */
async function signed(): Promise<string> {
  const what = ['invoice-publisher', '--on', 'aws/prod', '--for', '20m', '--ticket', 'FIN-218'];
  const args = ['--profile', 'ana', 'request', ...what, '--reason', 'Replace the wrong invoice of October', '--json'];
  return (JSON.parse(await curfew(args)) as { id: string }).id;
}
