import { expect, test } from 'vitest';
import { demoInChromium } from './demo-in-chromium.ts';
import { smallTargets } from './small-targets.ts';
import { settled, visit } from './visitor.ts';

const { base, chromium, curfew } = demoInChromium({ signedIn: ['ana', 'bo'] });

test('before the request is sent it says what it takes, and that nobody could sign it yet', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'tom');
  await page.goto('/request?role=payments-db-operator&target=aws/prod');
  const outlook = page.getByRole('article', { name: 'What would happen' });
  await outlook.getByText('A passkey: whoever agrees signs with theirs.').waitFor();
  await outlook.getByText(/Too few .* a passkey: .*Rami Haddad.* none/).waitFor();
  await outlook.getByText('Too few can agree yet').waitFor();
  // What takes no passkey does not speak of one.
  await page.goto('/request?role=invoice-reader&target=aws/prod');
  await outlook.getByRole('status').waitFor();
  expect(await outlook.getByText(/passkey/).count()).toBe(0);
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('people who are older than they should be are spoken of wherever somebody asks, decides or looks', async (context) => {
  const args = ['request', 'invoice-reader', '--on', 'aws/prod', '--for', '15m', '--reason', 'Check one invoice'];
  const { id } = JSON.parse(await curfew(['--profile', 'ana', ...args, '--json'])) as { id: string };
  const opened = chromium(context);
  const words = 'People of "export" are as of 20 Nov 2026, 10:30:00 CET.';
  for (const [person, path] of [
    ['ana', '/request?role=invoice-reader&target=aws/prod'],
    ['ana', `/requests/${id}`],
    ['bo', `/approvals/${id}`],
  ] as const) {
    const { page, complaints } = await visit(opened, base(), person);
    await page.goto(path);
    await settled(page);
    expect(await page.getByText('as of').count(), path).toBe(0);
    await page.route(/\/v1\/requests\/(preview|req_\w+(\/explanation)?)$/, async (route) => {
      const answer = await route.fetch();
      const stale = ['People of "export" are as of 2026-11-20T09:30:00.000Z.'];
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), stale } });
    });
    await page.reload();
    await page.getByText(words).waitFor();
    expect(complaints(), path).toEqual([]);
    await page.context().close();
  }
});

test('the page of a request says what the cloud will be told, what it was told, and with what result', async (context) => {
  const args = ['request', 'invoice-reader', '--on', 'aws/prod', '--for', '15m', '--reason', 'Read the evidence'];
  const { id } = JSON.parse(await curfew(['--profile', 'ana', ...args, '--json'])) as { id: string };
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  await page.goto(`/requests/${id}`);
  const calls = page.getByRole('region', { name: 'Calls to the cloud' });
  await calls.getByText('Will be called').waitFor();
  await calls.getByText(/If it begins now: AssumeRole/).waitFor();
  await curfew(['--profile', 'bo', 'approve', id]);
  await calls.getByText('They were answered, and the access can be used.').waitFor();
  await calls.getByText('Planned').waitFor();
  await calls.getByText(/^At its time: look whether it has ended by itself/).waitFor();
  await calls.getByText('As the log has it').click();
  await calls.getByText(/"fingerprints"/).waitFor();
  await page.getByRole('button', { name: 'Done', exact: true }).click();
  await page.getByRole('button', { name: 'Give it back' }).click();
  await calls.getByText('Its end began (returned).').waitFor();
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('a request for one role on two targets names both, and is asked for again as a whole', async (context) => {
  const args = ['request', 'invoice-reader', '--on', 'aws/prod', '--for', '15m', '--reason', 'Compare two accounts'];
  const { id } = JSON.parse(await curfew(['--profile', 'ana', ...args, '--json'])) as { id: string };
  await curfew(['--profile', 'bo', 'deny', id, '--comment', 'Not today']);
  const { page, complaints } = await visit(chromium(context), base(), 'ana', { theme: 'dark', width: 360 });
  await page.route(`**/v1/requests/${id}`, async (route) => {
    const response = await route.fetch();
    const request = (await response.json()) as { items: readonly object[] };
    const items = [request.items[0], { ...request.items[0], target: 'aws/staging' }];
    return route.fulfill({ response, json: { ...request, items } });
  });
  await page.goto(`/requests/${id}`);
  await settled(page);
  const asked = page.getByRole('article', { name: 'What was asked' });
  expect((await asked.getByRole('term').allTextContents()).slice(0, 2)).toEqual(['Access, 1', 'Access, 2']);
  await asked.getByText('invoice-reader on aws/staging').first().waitFor();
  const again = page.getByRole('link', { name: 'Ask again' });
  // What looks like a button is measured for a thumb (`smallTargets`), whichever kind it is.
  expect(await again.getAttribute('data-kind')).toBe('plain');
  expect(await smallTargets(page)).toEqual([]);
  await again.click();
  await page.getByRole('heading', { name: 'Ask for 2 things' }).waitFor();
  const items = page.getByRole('list', { name: 'What is asked for' }).getByRole('listitem');
  await items.getByText('on aws/staging').waitFor();
  expect([await items.count(), new URL(page.url()).searchParams.get('duration')]).toEqual([2, '15m']);
  expect(complaints()).toEqual([]);
  await page.context().close();
});
