import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { until } from '../e2e/demo-process.ts';
import { barriers, furnishedPortal } from './furnished-portal.ts';
import { PAGES } from './pages.ts';
import { settled } from './visitor.ts';

const { open, things } = furnishedPortal();

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

test('no dialog has a barrier (axe)', async (context) => {
  const dialogs: Readonly<Record<string, readonly [string, readonly string[]]>> = {
    bo: [`/approvals/${things().pending}`, ['Deny…', 'Shorter…']],
    ana: [`/requests/${things().approved}`, ['Use', 'Extend']],
  };
  const examine = async (page: Page, name: string): Promise<void> => {
    await page.getByRole('dialog').waitFor();
    expect(await barriers(page), name).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  for (const [person, [path, buttons]] of Object.entries(dialogs)) {
    const { page } = await open(context, person);
    await page.goto(path);
    await settled(page);
    for (const name of buttons) {
      await page.getByRole('button', { name, exact: true }).first().click();
      await examine(page, name);
    }
    if (person !== 'bo') continue;
    await page.goto('/live');
    await page
      .getByRole('button', { name: /^Stop / })
      .first()
      .click();
    await examine(page, 'Stop');
    for (const key of ['Control+k', '?']) {
      await page.keyboard.press(key);
      await examine(page, key);
    }
  }
});
