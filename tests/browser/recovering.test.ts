import type { Browser, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { withAuthenticator } from './authenticator.ts';
import { demoInChromium } from './demo-in-chromium.ts';
import { settled, visit, type Look } from './visitor.ts';

const { base, chromium } = demoInChromium();

async function withPasskey(opened: Browser, person: string, look?: Look): Promise<Page> {
  const { page } = await visit(opened, base(), person, look);
  await withAuthenticator(page);
  await page.goto('/me');
  await page.getByLabel('Name of the new passkey').fill(`Key of ${person}`);
  await page.getByRole('button', { name: 'Register a passkey' }).click();
  await page.getByRole('heading', { name: `Key of ${person}` }).waitFor();
  return page;
}

async function vouch(page: Page, code: string): Promise<void> {
  await page.goto('/');
  await page.getByRole('link', { name: 'Rami Haddad (rami) lost all passkeys' }).click();
  const card = page.getByRole('article', { name: 'Recovery of Rami Haddad (rami)' });
  // The code is heard, not read: it stands nowhere on this page.
  expect(await card.innerText()).not.toContain(code);
  await card.getByLabel(/The code that Rami/).fill('WRONG1');
  await card.getByRole('button', { name: 'Vouch with my passkey' }).click();
  await card.getByText('That is not the code on their page.').waitFor();
  await card.getByLabel(/The code that Rami/).fill(code.toLowerCase());
  await card.getByRole('button', { name: 'Vouch with my passkey' }).click();
}

test('two colleagues hear a code and vouch; whoever lost the passkeys is signed out, comes back, and has a new one', async (context) => {
  const opened = chromium(context);
  const rami = await withPasskey(opened, 'rami');
  const who = await withPasskey(opened, 'fay');
  const second = await withPasskey(opened, 'gus', { theme: 'dark', width: 360 });
  await second.goto('/');
  await settled(second);

  await rami.goto('/me');
  await rami.getByRole('link', { name: 'I lost all my passkeys' }).click();
  await rami.getByText('Key of rami').waitFor();
  await rami.getByRole('button', { name: 'I lost all my passkeys' }).click();
  await rami.getByText('2 have to vouch').waitFor();
  const code = await rami.getByLabel('Your code').innerText();
  // On a page that is open it shows at once.
  await second.getByRole('link', { name: 'Rami Haddad (rami) lost all passkeys' }).waitFor({ timeout: 5_000 });
  expect(code).toMatch(/^\w{6}$/);

  await vouch(who, code);
  await who.getByText('you vouched', { exact: true }).waitFor();
  await rami.getByText('one more has to vouch').waitFor({ timeout: 5_000 });
  await vouch(second, code);
  expect(await second.evaluate('document.documentElement.scrollWidth')).toBe(360);
  // It is confirmed: it waits for nobody any more.
  await second.getByRole('article', { name: 'Recovery of Rami Haddad (rami)' }).waitFor({ state: 'detached' });

  await rami.getByText('Your sign-in has ended').waitFor({ timeout: 60_000 });
  await rami.goto('/sign-in/browser?hint=rami&return=/recovery');
  await settled(rami);
  await rami.getByText('Your old passkeys are removed.').waitFor();
  // The device has forgotten nothing; to the server its key is none any more.
  await rami.getByLabel('Name of the new passkey').fill('New phone');
  await rami.getByRole('button', { name: 'Register a passkey' }).click();
  await rami.getByText('you have a passkey again').waitFor();
  await rami.getByRole('link', { name: 'Your passkeys' }).click();
  await rami.getByRole('heading', { name: 'New phone' }).waitFor();
  expect(await rami.getByRole('heading', { name: 'Key of rami' }).count()).toBe(0);
  for (const page of [rami, who, second]) await page.context().close();
});

test('a recovery that was begun is taken back, and whoever never had a passkey is told so', async (context) => {
  const page = await withPasskey(chromium(context), 'bo');
  await page.goto('/recovery');
  await page.getByRole('button', { name: 'I lost all my passkeys' }).click();
  await page.getByText('2 have to vouch').waitFor();
  await page.getByRole('button', { name: 'Take it back' }).click();
  await page.getByRole('button', { name: 'I lost all my passkeys' }).waitFor();
  await page.context().close();
  const { page: jan } = await visit(chromium(context), base(), 'jan');
  await jan.goto('/recovery');
  await jan.getByRole('button', { name: 'I lost all my passkeys' }).click();
  await jan.getByRole('alert').getByText('You never had a passkey').waitFor();
  await jan.getByRole('link', { name: 'Register a passkey' }).waitFor();
  await jan.context().close();
});
