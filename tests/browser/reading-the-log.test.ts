import { expect, test } from 'vitest';
import { demoInChromium } from './demo-in-chromium.ts';
import { settled, visit } from './visitor.ts';

const { base, chromium, curfew } = demoInChromium({ signedIn: ['ana'] });

async function ask(duration: string, why: string): Promise<string> {
  const args = ['request', 'invoice-reader', '--on', 'aws/prod', '--for', duration, '--reason', why, '--json'];
  return (JSON.parse(await curfew(['--profile', 'ana', ...args])) as { id: string }).id;
}

test('how far the log is verified is said when this browser has done it, and not of what was changed on its way', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  const { promise: looked, resolve: goOn } = Promise.withResolvers<void>();
  await page.route('**/v1/audit/proof/**', async (route) => {
    await looked;
    return route.continue();
  });
  await page.goto('/audit');
  await page.getByRole('cell').first().waitFor();
  const verified = page.getByText(/^verified to #\d+$/);
  expect(await verified.count()).toBe(0);
  goOn();
  await verified.waitFor({ timeout: 20_000 });
  await page.route('**/v1/audit/entries**', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace('actor', 'actxr') });
  });
  await page.reload();
  await page.getByText('does not hold').waitFor({ timeout: 20_000 });
  expect(await verified.count()).toBe(0);
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('the log is searched in words, and an entry of it is proven in the browser itself', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  const id = await ask('10m', 'Read one invoice');
  await page.goto('/audit?kind=request');
  await settled(page);
  await page.getByLabel('Search the log').fill('invoice-reader');
  await page.getByRole('button', { name: 'Search', exact: true }).last().click();
  await page
    .getByRole('cell', { name: /Ana Ribeiro asked for/ })
    .first()
    .waitFor();
  expect(new URL(page.url()).searchParams.get('q')).toBe('invoice-reader');
  const entry = page.getByRole('row').nth(1).getByRole('link');
  await entry.click();
  await page.getByText(/^verified to #\d+$/).waitFor({ timeout: 20_000 });
  await page.getByRole('link', { name: id }).waitFor();
  await page.getByText('Ana Ribeiro asked for it: invoice-reader@aws/prod').waitFor();
  expect(
    await page
      .getByText(/per_[a-z2-7]{20}/)
      .filter({ visible: true })
      .count(),
  ).toBe(0);
  await page.getByRole('link', { name: 'Everything in the log about this request' }).click();
  await page.getByRole('cell', { name: /Ana Ribeiro asked for/ }).waitFor();
  expect(await page.getByLabel('Search the log').inputValue()).toBe(id);
  await page.goBack();
  await page.getByText(/^verified to #\d+$/).waitFor({ timeout: 20_000 });
  // The same entry with one letter changed on its way is no part of the tree any more.
  await page.route('**/v1/audit/entries**', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace('invoice-reader', 'invoice-writer') });
  });
  await page.reload();
  await page.getByText('does not hold').waitFor({ timeout: 20_000 });
  expect(complaints()).toEqual([]);
  await page.context().close();
});

test('what is no entry of the log is called so, and offers none beside it', async (context) => {
  const { page, complaints } = await visit(chromium(context), base(), 'ana');
  for (const path of ['/audit/abc', '/audit/99999', '/audit/-1']) {
    await page.goto(path);
    await page.getByRole('heading', { name: 'There is no such entry' }).waitFor();
    expect(await page.getByRole('link', { name: /^#\d+$/ }).count(), path).toBe(0);
  }
  expect(complaints()).toEqual([]);
  await page.context().close();
});
