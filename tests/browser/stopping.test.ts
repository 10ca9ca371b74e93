import { expect, test } from 'vitest';
import { until } from '../e2e/demo-process.ts';
import { demoInChromium } from './demo-in-chromium.ts';
import { settled, visit } from './visitor.ts';

const { base, chromium, curfew } = demoInChromium({ signedIn: ['ana', 'cem', 'eli'] });

/** Something that begins by rule, and holds. */
async function holds(person: string): Promise<void> {
  const what = ['build-log-reader', '--on', 'aws/staging', '--for', '30m', '--reason', 'Look at one build'];
  await curfew(['--profile', person, 'request', ...what]);
  await until(
    () => curfew(['--profile', person, 'ls', '--json']),
    (text) => (JSON.parse(text) as { grants: { status: string }[] }).grants.some((one) => one.status === 'active'),
    20_000,
  );
}

async function orders(person: string): Promise<readonly { id: string; status: string }[]> {
  const text = await curfew(['--profile', person, 'orders', '--all', '--json']);
  return (JSON.parse(text) as { items: readonly { id: string; status: string }[] }).items;
}

test('somebody is stopped from Live with the keys: nothing is chosen beforehand, looking orders nothing, and it counts down to the proof', async (context) => {
  await holds('cem');
  // Whoever may not stop it reads so before a reason is written.
  const { page: gus } = await visit(chromium(context), base(), 'gus');
  await gus.goto('/live');
  const stop = gus.getByRole('button', { name: /^Stop build-log-reader on aws\/staging of Cem/ });
  await stop.click({ force: true });
  expect(await stop.getAttribute('aria-disabled')).toBe('true');
  await gus
    .getByRole('tooltip')
    .getByText('Who decides about it, or answers for the role or the target, can')
    .waitFor();
  expect(await gus.getByRole('dialog').count()).toBe(0);
  await gus.context().close();
  const { page, complaints } = await visit(chromium(context), base(), 'eli');
  // Who is stopped has their home page open all the while, and reads it there by themselves.
  const { page: cem } = await visit(chromium(context), base(), 'cem', { theme: 'dark', width: 360 });
  await cem.getByRole('article', { name: 'build-log-reader on aws/staging' }).waitFor();
  const stops = cem.getByRole('list', { name: 'What stops your access' });
  expect(await stops.count()).toBe(0);
  await page.goto('/live');
  await page.getByRole('link', { name: 'Stop access…' }).click();
  await page.getByRole('heading', { name: 'Stop access', level: 1 }).waitFor();
  expect(await page.getByRole('radio', { checked: true }).count()).toBe(1); // Which list is shown; of the form none.
  await page.getByRole('button', { name: 'Stop access' }).click();
  await page.getByText('Choose one.').waitFor();
  await until(
    () => page.evaluate('document.activeElement.getAttribute("value")'),
    (value) => value === 'person',
    2_000,
  );
  await page.keyboard.press('Space');
  await page.getByLabel('Who', { exact: true }).fill('cem');
  await page.getByRole('radio', { name: /Cem Yildiz/ }).check();
  const outlook = page.getByRole('article', { name: 'What it would do' });
  await outlook.getByText('1 grant of 1 person').waitFor();
  await outlook.getByText('build-log-reader on aws/staging').waitFor();
  await outlook.getByText('and requests that wait for it, also those that you may not see').waitFor();
  await outlook.getByText('./bin/curfew revoke --person cem').waitFor();
  await page.getByRole('button', { name: 'Stop all access of Cem Yildiz (cem)' }).click();
  await page.getByText('Say why: the log keeps it.').waitFor();
  expect(await orders('eli')).toEqual([]);

  await page.getByLabel('Why').fill('The laptop was stolen on a train');
  await page.getByRole('button', { name: 'Stop all access of Cem Yildiz (cem)' }).press('Enter');
  await page.waitForURL(/\/orders\/rev_/);
  await stops.getByRole('heading', { name: /of your access is stopped/ }).waitFor();
  const text = await stops.innerText();
  await cem.getByRole('banner').getByText('ending…').waitFor();
  expect(await cem.evaluate('document.documentElement.scrollWidth')).toBe(360);
  expect(text).toContain(new URL(page.url()).pathname.split('/').at(-1));
  // Not by whom nor why.
  expect(text).not.toMatch(/eli|stolen/i);
  await page.getByText('1 of 1').waitFor({ timeout: 90_000 });
  await page.getByText(/^\d+\.\d s$/).waitFor();
  await page.getByText('does not start while the order stands').waitFor();
  await page.getByRole('heading', { name: 'All access of Cem Yildiz (cem)', level: 1 }).waitFor();
  expect(complaints()).toEqual([]);

  // It stands until it is lifted, with a reason.
  await page.getByRole('button', { name: 'Lift this order…' }).click();
  await page.getByRole('button', { name: 'Lift it' }).click();
  await page.getByText('Say why: the log keeps it.').waitFor();
  await page.getByRole('dialog').getByLabel('Why').fill('It was found again');
  await page.getByRole('button', { name: 'Lift it' }).click();
  await page.getByText('lifted', { exact: true }).waitFor();
  expect((await orders('eli')).map(({ status }) => status)).toEqual(['lifted']);
  await stops.waitFor({ state: 'detached' });
  await cem.context().close();
  await page.context().close();
});

test('everybody is stopped by two people: one orders, nothing ends, another one finds it on their home page and confirms', async (context) => {
  await holds('ana');
  const opened = chromium(context);
  const { page: bo } = await visit(opened, base(), 'bo');
  const { page: hal, complaints } = await visit(opened, base(), 'hal', { theme: 'dark', width: 360 });
  await bo.keyboard.press('g');
  await bo.keyboard.press('s');
  await bo.getByRole('radio', { name: /Everybody, everywhere/ }).check();
  await bo.getByLabel('Why').fill('Our identity provider was broken into');
  await bo.getByRole('button', { name: 'Order that all access ends' }).click();
  await bo.waitForURL(/\/orders\/rev_/);
  await bo.getByText('waits for a second person').waitFor();
  await bo.getByText(/^Needs .*Hal [^,]*\(hal\).* or /).waitFor();
  expect(await bo.getByText(/^Needs .*\(bo\)/).count()).toBe(0);
  expect(await bo.getByRole('button', { name: /Confirm/ }).count()).toBe(0);

  await hal.getByRole('link', { name: /Stop: All access of everybody/ }).click();
  await hal.getByText('Bo Sandberg (bo) asks for a second person.', { exact: false }).waitFor();
  await hal.getByText('1 grant of 1 person').waitFor();
  expect(await hal.evaluate('document.documentElement.scrollWidth')).toBe(360);
  expect(JSON.parse(await curfew(['--profile', 'ana', 'ls', '--json']))).toMatchObject({
    grants: [{ status: 'active' }],
  });
  await hal.getByRole('button', { name: 'Confirm and stop everybody' }).click();
  await hal.getByText('0 of 1').waitFor();
  await hal.getByText('everything it is about').waitFor();
  // Whoever ordered sees it too, by itself.
  await bo.getByText('ending…').first().waitFor();
  await bo.getByText('0 of 1').waitFor();
  expect(complaints()).toEqual([]);
  await bo.context().close();
  await hal.context().close();
});

test('who may end nothing is told so, and nothing stands', async (context) => {
  const { page } = await visit(chromium(context), base(), 'jan');
  const before = await orders('eli');
  await page.goto('/orders');
  await settled(page);
  await page.getByRole('radio', { name: /One target/ }).check();
  await page.getByLabel('Which target').fill('aws/prod');
  await page.getByRole('radio', { name: /aws\/prod/ }).check();
  await page.getByLabel('Why').fill('I would like to');
  await page.getByRole('button', { name: 'Stop all access on aws/prod' }).click();
  await page.getByRole('alert').waitFor();
  expect(new URL(page.url()).pathname).toBe('/orders');
  expect(await orders('eli')).toHaveLength(before.length);
  await page.context().close();
});
