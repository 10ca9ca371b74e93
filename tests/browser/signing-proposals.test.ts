import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { until } from '../e2e/demo-process.ts';
import { withAuthenticator } from './authenticator.ts';
import { demoInChromium } from './demo-in-chromium.ts';
import { settled, visit, WIDTHS } from './visitor.ts';

const { base, chromium, curfew } = demoInChromium({ signedIn: ['eli', 'ivo'] });

/** Eli proposes to appoint somebody. */
async function proposed(person: string, role: 'admin' | 'auditor', reason: string): Promise<string> {
  const args = ['admin', 'appoint', person, '--as', role, '--reason', reason, '--json'];
  return (JSON.parse(await curfew(['--profile', 'eli', ...args])) as { id: string }).id;
}

let appointed: Promise<void> | null = null;

/** Ivo and Mia look after Curfew too, as they were appointed before anybody had a passkey. */
function admins(): Promise<void> {
  appointed ??= (async () => {
    for (const person of ['ivo', 'mia'])
      await curfew(['--profile', 'ivo', 'admin', 'confirm', await proposed(person, 'admin', 'Two of us are on leave')]);
  })();
  return appointed;
}

async function registers(page: Page): Promise<void> {
  await withAuthenticator(page);
  await page.goto('/me');
  await page.getByLabel('Name of the new passkey').fill('Laptop');
  await page.getByRole('button', { name: 'Register a passkey' }).click();
  await page.getByRole('heading', { name: 'Laptop' }).waitFor();
}

/** Nothing is cut off, at either width. */
async function fits(page: Page): Promise<void> {
  const before = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 740 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  }
  if (before !== null) await page.setViewportSize(before);
}

test('an admin who has a passkey confirms with it what another proposed, and the log proves it', async (context) => {
  const opened = chromium(context);
  await admins();
  const { page: ivo, complaints } = await visit(opened, base(), 'ivo');
  await registers(ivo);
  await proposed('jan', 'auditor', 'The audit of November');
  await ivo.goto('/administration');
  await settled(ivo);
  const card = ivo.getByRole('article', { name: 'Appoint Jan Kowalski (jan) as auditor' });
  const confirm = card.getByRole('button', { name: 'Confirm with passkey' });
  await confirm.waitFor();
  await fits(ivo);
  const sent: string[] = [];
  ivo.on('request', (request) => {
    if (request.method() === 'POST') sent.push(new URL(request.url()).pathname.split('/').at(-1) ?? '');
  });
  await confirm.click();
  await ivo.getByText('Nothing is proposed').waitFor();
  await ivo.getByText('proposed by Eli Navarro (eli), confirmed by Ivo Horvat (ivo)').last().waitFor();
  expect(sent).toEqual(['challenge', 'confirm']);
  // The entry has its place in the log a moment later.
  const verify = () => curfew(['--profile', 'eli', 'audit', 'verify']);
  await until(verify, (said) => said.includes('1 decision verified by its passkey'), 20_000);
  expect(complaints()).toEqual([]);
  await ivo.context().close();
});

test('an admin whose passkey is gone reads why they cannot confirm, and is led to the recovery', async (context) => {
  const opened = chromium(context);
  await admins();
  const { page: mia, complaints } = await visit(opened, base(), 'mia');
  await registers(mia);
  await mia.getByRole('button', { name: 'Remove', exact: true }).click();
  await mia.getByRole('button', { name: 'Remove it' }).click();
  await mia.getByText('You have no passkey').waitFor();
  const id = await proposed('kai', 'auditor', 'The audit of December');
  await mia.goto('/administration');
  await settled(mia);
  const card = mia.getByRole('article', { name: 'Appoint Kai Nakamura (kai) as auditor' });
  await card.getByRole('button', { name: 'Confirm' }).click();
  const refused = card.getByRole('alert');
  await refused.getByText('You had a passkey and have none', { exact: false }).waitFor();
  await refused.getByText('Nothing was changed.').waitFor();
  await fits(mia);
  // The way there is a button, and not an address to copy.
  expect(await refused.innerText()).not.toContain('http');
  await refused.getByRole('link', { name: 'Go to the recovery' }).click();
  await mia.getByRole('button', { name: 'I lost all my passkeys' }).waitFor();
  const { proposals } = JSON.parse(await curfew(['--profile', 'eli', 'admin', 'list', '--json'])) as {
    readonly proposals: readonly { readonly id: string }[];
  };
  expect(proposals.map((one) => one.id)).toEqual([id]);
  expect(complaints()).toEqual([]);
  await mia.context().close();
});
