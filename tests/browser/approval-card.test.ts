import { expect, test } from 'vitest';
import { until } from '../e2e/demo-process.ts';
import { demoInChromium } from './demo-in-chromium.ts';
import { settled, visit } from './visitor.ts';

const { base, chromium, curfew } = demoInChromium({ signedIn: ['ana', 'bo', 'tom'] });

const MINUTE = 60_000;
/** As the browser of a visitor has it. */
const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'Europe/Berlin' } as const;
/** What the command line says of what somebody holds. */
interface Live {
  readonly id: string;
  readonly request: string;
  readonly status: string;
  readonly endsAt: string;
}

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

  // A word goes with a whole yes as well, and stands where it is read.
  await page.unroute('**/approve');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Say a word with your yes' }).click();
  await page.getByLabel('A word with your yes').fill('Mind the load on the replica.');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('“Mind the load on the replica.”').waitFor();
  await page.getByRole('link', { name: 'All about this request' }).click();
  await page.getByRole('listitem').filter({ hasText: 'approval.given' }).getByText('Mind the load').waitFor();
  await page.context().close();
});

test('the card of an extension says by how much it moves the end, and less of it is asked for as that', async (context) => {
  const asked = await ask('20m', 'Compare the invoices of June');
  await curfew(['--profile', 'bo', 'approve', asked]);
  const live = async () =>
    (JSON.parse(await curfew(['--profile', 'ana', 'ls', '--json'])) as { grants: Live[] }).grants.find(
      ({ request, status }) => request === asked && status === 'active',
    );
  const grant = await until(live, (found) => found !== undefined, 20_000);
  const args = ['extend', grant?.id ?? '', '--for', '30m', '--reason', 'July is missing', '--json'];
  const { id } = JSON.parse(await curfew(['--profile', 'ana', ...args])) as { id: string };
  const clock = (ms: number) => new Intl.DateTimeFormat('en-GB', CLOCK).format(Date.parse(grant?.endsAt ?? '') + ms);
  const { page, complaints } = await visit(chromium(context), base(), 'bo');
  await page.goto(`/approvals/${id}`);
  await settled(page);
  const card = page.getByRole('article', { name: 'The request' });
  // What is to be kept is not what they hold beside it.
  await card.getByText('Nobody else').waitFor();
  expect(await card.getByText(/^invoice-reader on aws.prod until/).count()).toBe(1);
  await card.getByText(`30 minutes longer: until ${clock(30 * MINUTE)} CET instead of ${clock(0)} CET`).waitFor();
  expect(await card.getByText('if the last yes came now').count()).toBe(0);
  await page.getByRole('button', { name: 'Shorter…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(`asked for 30 minutes longer than ${clock(0)}`).waitFor();
  await dialog.getByLabel('By how much longer').fill('15m');
  await dialog.getByText(`This would be until ${clock(15 * MINUTE)}`).waitFor();
  await dialog.getByRole('button', { name: 'Approve this much longer' }).click();
  await card.getByText('yes, for at most 15 minutes longer').waitFor();
  await until(
    live,
    (found) => Date.parse(found?.endsAt ?? '') === Date.parse(grant?.endsAt ?? '') + 15 * MINUTE,
    20_000,
  );
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('whoever has decided is at what came of it, hears it, and goes on with what stood behind it', async (context) => {
  const ids = [];
  for (const month of ['January', 'February', 'March', 'May']) ids.push(await ask('15m', `Read what came in ${month}`));
  const [, second, third, fourth] = ids;
  const { page, complaints } = await visit(chromium(context), base(), 'bo');
  await page.goto(`/approvals/${second}`);
  await settled(page);
  // What reads out stands there before there is anything to say.
  await page.evaluate(
    `document.querySelectorAll('[aria-live=polite], [role=status]').forEach((one) => one.setAttribute('data-before', ''))`,
  );
  await page.keyboard.press('a');
  await page.keyboard.press('Enter');
  await page.getByText('Bo Sandberg (bo) said yes').waitFor();
  await page.locator('main :focus').filter({ hasText: 'was the last to speak' }).waitFor();
  expect(await page.locator('[data-before]').filter({ hasText: 'was the last to speak' }).count()).toBe(1);
  await page.locator('[data-before]').getByText('You said yes', { exact: true }).waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
  await page.keyboard.press('j');
  await page.getByRole('heading', { level: 2 }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/approvals/${third}`);

  // And after a dialog.
  await page.keyboard.press('d');
  await page.keyboard.press('Enter');
  await page.getByLabel('Why not').fill('Ask for the copy');
  await page.getByRole('button', { name: 'Deny', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.locator('main :focus').filter({ hasText: 'Denied' }).waitFor();
  await page.keyboard.press('j');
  await page.getByText('Read what came in May').waitFor();
  expect(new URL(page.url()).pathname).toBe(`/approvals/${fourth}`);

  // Whoever has not been at the buttons stays where they are.
  await page.getByRole('button', { name: 'Mute e-mails' }).focus();
  await curfew(['--profile', 'bo', 'approve', fourth ?? '', '--yes']);
  await page.getByText('Bo Sandberg (bo) said yes').waitFor();
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Mute e-mails');
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('what cannot be pressed says why to who hears it, and to a thumb that presses it; and a tier says what it means', async (context) => {
  const args = [
    'request',
    'payments-db-operator',
    '--on',
    'aws/prod',
    '--for',
    '30m',
    '--reason',
    'The replica lags behind',
  ];
  const asked = await curfew(['--profile', 'tom', ...args, '--ticket', 'PAY-42', '--json']);
  const { page, complaints } = await visit(chromium(context), base(), 'rami', { theme: 'dark', width: 360 });
  await page.goto(`/approvals/${(JSON.parse(asked) as { id: string }).id}`);
  await settled(page);
  await page.getByRole('article', { name: 'The request' }).getByText('changes production', { exact: true }).waitFor();
  const shorter = page.getByRole('button', { name: 'Shorter…', description: 'You need a passkey to say yes.' });
  await shorter.waitFor();
  expect(await page.getByRole('tooltip').count()).toBe(0);
  await shorter.tap({ force: true });
  await page.getByRole('tooltip').getByText('You need a passkey to say yes.').waitFor();
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.getByRole('heading', { level: 1 }).tap();
  await page.getByRole('tooltip').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Register a passkey' }).waitFor();
  // Registering another is refused to who had one: they are led to those who vouch for them.
  await page.route('**/v1/me/passkeys', (route) => route.fulfill({ json: { items: [], needsRecovery: true } }));
  await page.reload();
  await page.getByRole('button', { name: 'Approve', description: /^You had a passkey and have none/ }).waitFor();
  await page.getByRole('link', { name: 'Go to the recovery' }).waitFor();
  expect(await page.getByRole('link', { name: 'Register a passkey' }).count()).toBe(0);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  expect(complaints()).toEqual([]);
  await page.context().close();
});
