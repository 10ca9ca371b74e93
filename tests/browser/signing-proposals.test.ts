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

test('an admin who has a passkey confirms and proposes with it, and the log proves both', async (context) => {
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
  await until(verify, (said) => said.includes('1 signature verified by its passkey'), 20_000);

  // What he proposes takes it, too, so that nobody else does it by signing in as him.
  const form = ivo.getByRole('form', { name: 'Propose a change' });
  const propose = form.getByRole('button', { name: 'Propose with passkey' });
  await propose.waitFor();
  await form.getByRole('radio', { name: /Appoint somebody/ }).check();
  await form.getByRole('radio', { name: /Auditor/ }).check();
  await form.getByLabel('Whom').fill('lea');
  await form.getByLabel('Why').fill('The audit of January');
  await fits(ivo);
  sent.length = 0;
  await propose.click();
  await ivo.getByRole('article', { name: 'Appoint Lea Fischer (lea) as auditor' }).waitFor();
  expect(sent).toEqual(['challenge', 'proposals']);
  await until(verify, (said) => said.includes('2 signatures verified by their passkeys'), 20_000);
  const args = ['admin', 'appoint', 'hal', '--as', 'admin', '--reason', 'Somebody else signs in as him'];
  await expect(curfew(['--profile', 'ivo', ...args])).rejects.toThrow(/proposing this takes it[^]*\/administration/);
  expect(complaints()).toEqual([]);
  await ivo.context().close();
});

test('an admin whose passkey is gone reads why they can neither confirm nor propose, and is led to the recovery', async (context) => {
  const opened = chromium(context);
  await admins();
  const { page: mia, complaints } = await visit(opened, base(), 'mia', { theme: 'dark', width: 360 });
  await registers(mia);
  await mia.getByRole('button', { name: 'Remove', exact: true }).click();
  await mia.getByRole('button', { name: 'Remove it' }).click();
  await mia.getByText('You have no passkey').waitFor();
  const id = await proposed('kai', 'auditor', 'The audit of December');
  await mia.goto('/administration');
  await settled(mia);
  const card = mia.getByRole('article', { name: 'Appoint Kai Nakamura (kai) as auditor' });
  // Before anything is pressed, and where it is.
  const why = 'You had a passkey and have none, and a sign-in alone is not enough.';
  const form = mia.getByRole('form', { name: 'Propose a change' });
  await form.getByText(why).first().waitFor();
  await form.getByRole('button', { name: 'Propose it', description: why }).waitFor();
  await card.getByText('Two others can vouch for you', { exact: false }).waitFor();
  await fits(mia);
  let sent = 0;
  mia.on('request', (request) => (sent += request.method() === 'POST' ? 1 : 0));
  const reason = mia.getByRole('tooltip').getByText(why);
  // What moves under a finger on a busy machine is touched again.
  for (let tries = 0; tries < 5 && !(await reason.isVisible()); tries += 1) {
    await card.getByRole('button', { name: 'Confirm', description: why }).tap({ force: true });
    await reason.waitFor({ timeout: 5_000 }).catch(() => {});
  }
  await reason.waitFor();
  expect(sent).toBe(0);
  await card.getByRole('link', { name: 'Go to the recovery' }).tap();
  await mia.getByRole('button', { name: 'I lost all my passkeys' }).waitFor();
  const { proposals } = JSON.parse(await curfew(['--profile', 'eli', 'admin', 'list', '--json'])) as {
    readonly proposals: readonly { readonly id: string }[];
  };
  expect(proposals.map((one) => one.id)).toContain(id);
  expect(complaints()).toEqual([]);
  await mia.context().close();
});
