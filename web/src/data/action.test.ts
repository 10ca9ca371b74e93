import { MutationObserver, QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { deed } from './action.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A page that shows what is read at `key`; each reading but the first takes `readingMs`. */
async function page(key: string, readingMs: number) {
  const client = new QueryClient();
  const state = { server: 'active', shown: '' };
  let first = true;
  const observer = new QueryObserver(client, {
    queryKey: [key, 'live'],
    queryFn: async () => {
      const read = state.server;
      if (!first) await new Promise((resolve) => setTimeout(resolve, readingMs));
      first = false;
      return read;
    },
  });
  observer.subscribe(({ data }) => (state.shown = data ?? ''));
  await vi.advanceTimersByTimeAsync(1);
  const said: string[] = [];
  const give = new MutationObserver(
    client,
    deed(
      client,
      { current: null },
      async (_: string) => {
        state.server = 'ending';
      },
      {
        touches: [['grants']],
        answered: () => said.push(`answered, ${state.shown}`),
        done: () => said.push(`done, ${state.shown}`),
      },
    ),
  );
  return { give, said };
}

test('what was done is said when the page shows it, and its button is busy until then', async () => {
  const { give, said } = await page('grants', 1_500);
  void give.mutate('grt_1');
  await vi.advanceTimersByTimeAsync(1_400);
  expect(give.getCurrentResult().isPending).toBe(true);
  expect(said).toEqual(['answered, active']);
  await vi.advanceTimersByTimeAsync(200);
  expect(give.getCurrentResult().isPending).toBe(false);
  expect(said).toEqual(['answered, active', 'done, ending']);
});

test('a reading that does not come back holds it up for five seconds and not longer', async () => {
  const { give, said } = await page('grants', 3_600_000);
  void give.mutate('grt_1');
  await vi.advanceTimersByTimeAsync(4_900);
  expect(give.getCurrentResult().isPending).toBe(true);
  await vi.advanceTimersByTimeAsync(200);
  expect(give.getCurrentResult().isPending).toBe(false);
  expect(said).toHaveLength(2);
});

test('what it does not touch is not waited for', async () => {
  const { give } = await page('catalogue', 3_600_000);
  void give.mutate('grt_1');
  await vi.advanceTimersByTimeAsync(1);
  expect(give.getCurrentResult().isPending).toBe(false);
});
