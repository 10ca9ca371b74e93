import { expect, test } from 'vitest';
import { demoInChromium } from './demo-in-chromium.ts';
import { settled, visit } from './visitor.ts';

const { base, chromium, curfew } = demoInChromium({ signedIn: ['ana', 'bo'] });

async function ask(duration: string, why: string): Promise<string> {
  const args = ['request', 'invoice-reader', '--on', 'aws/prod', '--for', duration, '--reason', why, '--json'];
  return (JSON.parse(await curfew(['--profile', 'ana', ...args])) as { id: string }).id;
}

test('what went wrong with a yes is not said again where a shorter one is about to be given', async (context) => {
  const id = await ask('20m', 'Read the invoices of April');
  const { page } = await visit(chromium(context), base(), 'bo');
  await page.route('**/approve', (route) =>
    route.fulfill({ status: 500, contentType: 'application/problem+json', json: { status: 500, code: 'internal' } }),
  );
  await page.goto(`/approvals/${id}`);
  await settled(page);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByRole('button', { name: 'Shorter…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('For how long').fill('10m');
  expect(await page.getByRole('alert').count()).toBe(0);
  await dialog.getByRole('button', { name: 'Approve this long' }).click();
  await dialog.getByRole('alert').waitFor();
  await page.context().close();
});
