import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { until } from '../e2e/demo-process.ts';
import { withAuthenticator } from './authenticator.ts';
import { barriers, furnishedPortal } from './furnished-portal.ts';
import { PAGES } from './pages.ts';
import { EXAMINED, settled } from './visitor.ts';

/** A dozen dialogs, on a machine that does other things as well. */
const EXAMINATION_MS = 240_000;

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

for (const look of EXAMINED) {
  test(
    `no dialog has a barrier (axe), nor a menu, nor what covers a page; ${look.theme}, ${look.width} px`,
    async (context) => {
      const pressed = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).first();
      const examine = async (page: Page, name: string): Promise<void> => {
        const shown = page.locator('[role="dialog"], [role="menu"]');
        await shown.waitFor();
        expect(await barriers(page), name).toEqual([]);
        await page.keyboard.press('Escape');
        await shown.waitFor({ state: 'detached' });
      };
      const dialogs: readonly (readonly [string, string, readonly (string | RegExp)[]])[] = [
        ['bo', `/approvals/${things().pending}`, ['Deny…', 'Shorter…', /theme, zone, sign out$/]],
        ['bo', '/live', [/^Stop /]],
        ['ana', `/requests/${things().approved}`, ['Use', 'Extend', 'Done']],
        ['eli', `/orders/${things().ofCem}`, ['Lift this order…']],
      ];
      for (const [person, path, buttons] of dialogs) {
        const { page } = await open(context, person, look);
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
        if (path === '/live' && look.width === 360) {
          await pressed(page, 'More').click();
          await examine(page, 'More');
        }
      }
      // Who has a passkey registers another with it alone, and it is gone with its window.
      const { page } = await open(context, look.width === 360 ? 'finn' : 'bo', look);
      const card = async (): Promise<void> => {
        await page.goto(`/approvals/${await signed()}`);
        await settled(page);
        await page
          .getByText(/passkey/)
          .first()
          .waitFor();
        expect(await barriers(page), 'a card that takes a passkey').toEqual([]);
      };
      await card();
      await withAuthenticator(page);
      await page.goto('/me');
      await settled(page);
      await page.getByLabel('Name of the new passkey').fill(`Device of ${look.width} px`);
      await pressed(page, 'Register a passkey').click();
      await page.getByRole('heading', { name: `Device of ${look.width} px` }).waitFor();
      for (const name of ['Rename', 'Remove']) {
        await pressed(page, name).click();
        await examine(page, name);
      }
      await card();
      await page.context().clearCookies();
      await page.getByRole('heading', { name: 'Your sign-in has ended' }).waitFor({ timeout: 60_000 });
      expect(await barriers(page), 'what covers a page').toEqual([]);
    },
    EXAMINATION_MS,
  );
}

/** Asks for what is agreed to with a passkey alone. */
async function signed(): Promise<string> {
  const what = ['invoice-publisher', '--on', 'aws/prod', '--for', '20m', '--ticket', 'FIN-218'];
  const args = ['--profile', 'ana', 'request', ...what, '--reason', 'Replace the wrong invoice of October', '--json'];
  return (JSON.parse(await curfew(args)) as { id: string }).id;
}
