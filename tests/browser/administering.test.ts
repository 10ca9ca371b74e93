import { expect, test } from 'vitest';
import { demoInChromium } from './demo-in-chromium.ts';
import { settled, visit } from './visitor.ts';

const { base, chromium, curfew } = demoInChromium({ signedIn: ['eli'] });

test('an admin proposes, nothing changes, and the second person finds it on their home page and confirms', async (context) => {
  const opened = chromium(context);
  const eli = await visit(opened, base(), 'eli');
  await eli.page.getByRole('link', { name: 'Administration' }).first().click();
  const form = eli.page.getByRole('form', { name: 'Propose a change' });
  await form.waitFor();
  expect(await form.getByRole('radio', { checked: true }).count()).toBe(0);
  await form.getByRole('button', { name: 'Propose it' }).click();
  await form.getByText('Choose one.').waitFor();
  await form.getByText('Say why: whoever confirms it reads this').waitFor();
  await form.getByRole('radio', { name: /Appoint somebody/ }).check();
  await form.getByRole('radio', { name: /Auditor/ }).check();
  await form.getByLabel('Whom').fill('jan');
  await form.getByLabel('Why').fill('The audit of November');
  await form.getByRole('button', { name: 'Propose it' }).press('Enter');
  const card = eli.page.getByRole('article', { name: 'Appoint Jan Kowalski (jan) as auditor' });
  await card.getByText('They decide nothing by it.', { exact: false }).waitFor();
  expect(await card.getByRole('button', { name: 'Confirm' }).count()).toBe(0);
  await card.getByText('Needs Jan Kowalski (jan).').waitFor();

  // Where there is no other admin, whom it is about accepts it. Until then they see nothing more than before.
  const jan = await visit(opened, base(), 'jan', { theme: 'dark', width: 360 });
  // What stands on this page is another thing than what it would change, as if something had happened since.
  let isOld = true;
  await jan.page.route('**/v1/administration', async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace(/"changesVersion":"\w+"/, isOld ? '"changesVersion":"old"' : '$&');
    await route.fulfill({ response: answer, body });
  });
  await jan.page.reload();
  expect(await jan.page.getByRole('link', { name: 'Administration', exact: true }).count()).toBe(0);
  await jan.page.getByRole('link', { name: 'Appoint Jan Kowalski (jan) as auditor' }).click();
  await jan.page.getByText('The audit of November').waitFor();
  await jan.page.getByText('Needs you.').waitFor();
  expect(await jan.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  expect(await jan.page.getByRole('form', { name: 'Propose a change' }).count()).toBe(0);
  expect(((await (await jan.page.request.get('/v1/me')).json()) as { roles: string[] }).roles).toEqual(['member']);
  isOld = false;
  await jan.page.getByRole('button', { name: 'Confirm' }).click();
  await jan.page.getByRole('alert').getByText('What this would change is different by now').waitFor();
  // It was read again, and is confirmed as it stands now.
  await jan.page.getByRole('button', { name: 'Confirm' }).click();
  await jan.page.getByText('Nothing is proposed').waitFor();
  await jan.page.getByText('Jan Kowalski', { exact: true }).waitFor();
  expect(((await (await jan.page.request.get('/v1/me')).json()) as { roles: string[] }).roles).toEqual([
    'member',
    'auditor',
  ]);
  expect([eli.complaints(), jan.complaints()]).toEqual([[], []]);
  await eli.context.close();
  await jan.context.close();
});

test('a proposal is withdrawn by who made it, and shows an auditor what it would change without a button', async (context) => {
  const opened = chromium(context);
  const { page: eli } = await visit(opened, base(), 'eli');
  await eli.goto('/administration');
  await settled(eli);
  const form = eli.getByRole('form', { name: 'Propose a change' });
  await form.getByRole('radio', { name: /Appoint somebody/ }).check();
  await form.getByRole('radio', { name: /Admin/ }).check();
  await form.getByLabel('Whom').fill('ivo');
  await form.getByLabel('Why').fill('Somebody has to be there in December.\nIvo is.');
  await form.getByRole('button', { name: 'Propose it' }).click();
  const name = 'Appoint Ivo Horvat (ivo) as admin';
  await eli.getByRole('article', { name }).waitFor();
  const { page: fay } = await visit(opened, base(), 'fay');
  await fay.goto('/administration');
  const seen = fay.getByRole('article', { name });
  // In the lines in which it was written.
  const reason = seen.getByRole('blockquote');
  await reason.waitFor();
  expect(await reason.innerText()).toBe('Somebody has to be there in December.\nIvo is.');
  expect(await seen.getByRole('button').count()).toBe(0);
  await eli.getByRole('article', { name }).getByRole('button', { name: 'Withdraw' }).click();
  await eli.getByRole('article', { name }).waitFor({ state: 'detached' });
  await seen.waitFor({ state: 'detached', timeout: 5_000 });
  await fay.reload();
  await fay.getByText('Nothing is proposed').waitFor();
  await eli.context().close();
  await fay.context().close();
});

test('accounts that two persons claim stand before admins and auditors, and before nobody else', async (context) => {
  const opened = chromium(context);
  const look = async (key: string, conflicts: readonly object[]) => {
    const { page } = await visit(opened, base(), key);
    await page.route('**/v1/policy', async (route) => {
      const response = await route.fetch();
      const status = (await response.json()) as { directory: object };
      const json = { ...status, directory: { ...status.directory, conflicts } };
      await route.fulfill({ response, json });
    });
    await page.goto('/administration');
    await page.getByRole('heading', { name: 'Who looks after Curfew', exact: true }).waitFor();
    return page;
  };
  const claim = { account: `lnk_${'c'.repeat(20)}`, person: 'ana', claimedBy: 'bo', since: new Date().toISOString() };
  for (const key of ['eli', 'fay']) {
    const page = await look(key, [claim]);
    const shown = page.getByRole('region', { name: 'Accounts that are not clear' });
    await shown.getByText(`bo claims an account of ana: ${claim.account}`).waitFor();
    await page.context().close();
  }
  const none = await look('eli', []);
  await none.getByRole('region', { name: 'Accounts that are not clear' }).getByText('None').waitFor();
  const member = await look('hal', [claim]);
  expect(await member.getByRole('region', { name: 'Accounts that are not clear' }).count()).toBe(0);
  await none.context().close();
  await member.context().close();
});

test('two persons of one name, or of one that only looks it, are told apart before one of them is confirmed', async (context) => {
  const opened = chromium(context);
  for (const person of ['kai', 'lea']) {
    await curfew([
      '--profile',
      'eli',
      'admin',
      'appoint',
      person,
      '--as',
      'auditor',
      '--reason',
      'The audit of December',
    ]);
  }
  const { page: fay } = await visit(opened, base(), 'fay');
  // The second one has a Cyrillic letter, which is seen by nobody.
  await fay.route('**/v1/administration', async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replaceAll('Lea Fischer', 'K\u0430i Nakamura');
    await route.fulfill({ response: answer, body });
  });
  await fay.goto('/administration');
  await settled(fay);
  const titles = await fay.getByRole('heading', { name: /^Appoint/ }).allInnerTexts();
  expect(titles.map((title) => title.replace('\u0430', 'a')).toSorted()).toEqual([
    'Appoint Kai Nakamura (kai) as auditor',
    'Appoint Kai Nakamura (lea) as auditor',
  ]);
  expect(await fay.getByText('Eli Navarro (eli)', { exact: true }).count()).toBe(2);
  await fay.context().close();
});
