import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { api } from './api.ts';
import { keepTrue, pauseBefore, touchedBy } from './events.ts';
import { follow } from './live.ts';

test('pauses between tries double up to half a minute, and differ from page to page', () => {
  expect([0, 1, 2, 3].map((attempt) => pauseBefore(attempt, 1))).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(pauseBefore(40, 1)).toBe(30_000);
  expect(pauseBefore(2, 0)).toBe(2_000);
});

test('a change of a grant is a change of the request that it came from; an unknown one touches everything', () => {
  expect(touchedBy('grant')).toContain('requests');
  expect(touchedBy('request')).not.toContain('grants');
  // Who decides must not go on reading what other rules said.
  expect(touchedBy('policy')).toEqual(expect.arrayContaining(['request', 'requests']));
  // What a second person is asked for, and their own passkeys and roles, which may be another after it.
  expect(touchedBy('recovery')).toEqual(['recoveries', 'me']);
  expect(touchedBy('revocation')).toEqual(expect.arrayContaining(['preview', 'stops']));
  expect(touchedBy('proposal')).toEqual(['administration', 'me']);
  expect(touchedBy('something newer than this page')).toBeNull();
});

/** A question of `live.ts`. */
interface Asked {
  readonly params: { readonly query: { readonly ids: string } };
}

/** A stream of the server, as a page has it. */
class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static opened: Stream[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  constructor() {
    super();
    Stream.opened.push(this);
  }
  close(): void {
    this.readyState = Stream.CLOSED;
  }
}

describe('a page that is kept true', () => {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const client = new QueryClient();
  const reads = new Map<string, number>();
  const forgets: (() => void)[] = [];

  /** Shows something on the page, and counts how often it is read. */
  function show(queryKey: readonly string[], data: () => unknown, takesMs = 20): void {
    const name = queryKey.join();
    const observer = new QueryObserver(client, {
      queryKey,
      queryFn: async () => {
        reads.set(name, (reads.get(name) ?? 0) + 1);
        const read = data();
        await new Promise((resolve) => setTimeout(resolve, takesMs));
        return read;
      },
      staleTime: Infinity,
      networkMode: 'always',
    });
    forgets.push(observer.subscribe(() => {}));
  }
  const times = (...queryKey: readonly string[]): number => reads.get(queryKey.join()) ?? 0;

  function tell(change: object): void {
    Stream.opened.at(-1)?.dispatchEvent(new MessageEvent('change', { data: JSON.stringify(change) }));
  }
  const idOf = (n: number): string =>
    `grt_${[...String(n)]
      .map((digit) => 'abcdefghij'[Number(digit)])
      .join('')
      .padStart(20, 'x')}`;

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.stubGlobal('document', page);
    vi.stubGlobal('window', new EventTarget());
    vi.stubGlobal('navigator', { onLine: true });
    vi.stubGlobal('EventSource', Stream);
    forgets.push(keepTrue(client));
    Stream.opened.at(-1)?.onopen?.();
    await vi.advanceTimersByTimeAsync(10_000);
  });
  afterEach(() => {
    for (const forget of forgets.splice(0)) forget();
    client.clear();
    reads.clear();
    Stream.opened = [];
    page.hidden = false;
    vi.restoreAllMocks();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('reads within a second what is one’s own, however much happens to others', async () => {
    show(['grants', 'live'], () => []);
    show(['requests', 'mine'], () => []);
    for (let n = 0; n < 200; n += 1) {
      tell({ kind: 'grant', id: idOf(n) });
      await vi.advanceTimersByTimeAsync(45);
    }
    expect([times('grants', 'live'), times('requests', 'mine')]).toEqual([1, 1]);
    for (const count of [2, 3, 4]) {
      tell({ kind: 'grant', id: 'grt_mine', own: true });
      await vi.advanceTimersByTimeAsync(900);
      expect([times('grants', 'live'), times('requests', 'mine')]).toEqual([count, count]);
    }
  });

  test('reads again, once, what it read before it listened: nobody told it of what changed in between', async () => {
    forgets.push(keepTrue(client));
    show(['grants', 'live'], () => []);
    show(['live'], () => []);
    await vi.advanceTimersByTimeAsync(100);
    show(['request', 'req_seen'], () => ({}), 400);
    Stream.opened.at(-1)?.onopen?.();
    await vi.advanceTimersByTimeAsync(300);
    expect([times('grants', 'live'), times('request', 'req_seen')]).toEqual([2, 1]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([times('grants', 'live'), times('request', 'req_seen')]).toEqual([2, 2]);
    show(['requests', 'mine'], () => []);
    await vi.advanceTimersByTimeAsync(30_000);
    expect([times('grants', 'live'), times('request', 'req_seen')]).toEqual([2, 2]);
    expect([times('live'), times('requests', 'mine')]).toEqual([1, 1]);
  });

  test('of others reads what stands there, and what was being read when it changed', async () => {
    show(['request', 'req_seen'], () => ({ grants: ['grt_seen'] }));
    show(['request', 'req_other'], () => ({ grants: [] }));
    let slow: readonly string[] = [];
    show(['requests', 'all'], () => slow, 3_000);
    await vi.advanceTimersByTimeAsync(100);
    tell({ kind: 'grant', id: 'grt_seen' });
    await vi.advanceTimersByTimeAsync(200);
    expect([times('request', 'req_seen'), times('request', 'req_other')]).toEqual([2, 1]);
    tell({ kind: 'request', id: 'req_new' });
    await vi.advanceTimersByTimeAsync(12_000);
    expect([times('request', 'req_seen'), times('requests', 'all')]).toEqual([2, 2]);
    slow = ['grt_late'];
    void client.invalidateQueries({ queryKey: ['requests', 'all'] });
    await vi.advanceTimersByTimeAsync(100);
    tell({ kind: 'grant', id: 'grt_late' });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(times('requests', 'all')).toBe(3);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(times('requests', 'all')).toBe(4);
  });

  test('asks a few dozen times a minute where twenty grants change a second, for who has power now as well', async () => {
    let answers = true;
    const asked = vi.spyOn(api, 'GET').mockImplementation(((_path: string, { params }: Asked) => {
      const items = params.query.ids.split(',').map((id) => ({ id, status: 'ending' }));
      const response = new Response(null, { status: answers ? 200 : 429 });
      return Promise.resolve(answers ? { data: { items }, response } : { response });
    }) as never);
    const grants = Array.from({ length: 1_200 }, (_, n) => ({ id: idOf(n), status: 'active' }));
    client.setQueryData(['live'], { grants, more: false, reading: false });
    forgets.push(follow(client));
    show(['requests', 'all'], () => ['req_1']);
    show(['requests', 'mine'], () => []);
    for (let n = 0; n < 1_200; n += 1) {
      // In the middle nothing is answered, and nothing is lost by it.
      answers = n < 400 || n > 600;
      tell({ kind: 'grant', id: idOf(n) });
      if (n % 5 === 0) tell({ kind: 'request', id: `req_${n}` });
      await vi.advanceTimersByTimeAsync(50);
    }
    await vi.advanceTimersByTimeAsync(10_000);
    const [alive, all] = [asked.mock.calls.length, times('requests', 'all')];
    expect(alive).toBeGreaterThan(5);
    expect(alive).toBeLessThan(40);
    expect(all).toBeGreaterThan(5);
    expect(all).toBeLessThan(20);
    expect(times('requests', 'mine')).toBe(1);
    const shown = client.getQueryData<{ grants: readonly { status: string }[] }>(['live'])?.grants ?? [];
    expect(shown.filter(({ status }) => status !== 'ending')).toEqual([]);
  });

  test('has no line while nobody sees it for long, and reads everything on the return', async () => {
    show(['me'], () => 'ana');
    const look = (hidden: boolean): void => {
      page.hidden = hidden;
      page.dispatchEvent(new Event('visibilitychange'));
    };
    const open = () => Stream.opened.filter(({ readyState }) => readyState !== Stream.CLOSED).length;
    look(true);
    await vi.advanceTimersByTimeAsync(5_000);
    look(false);
    await vi.advanceTimersByTimeAsync(20_000);
    expect([Stream.opened.length, open(), times('me')]).toEqual([1, 1, 2]);
    // Asleep while hidden, so that no timer ran: its line may be dead, and still look open.
    look(true);
    vi.setSystemTime(Date.now() + 3_600_000);
    look(false);
    expect([Stream.opened.length, open()]).toEqual([2, 1]);
    await vi.advanceTimersByTimeAsync(20_000);
    Stream.opened.length = 1;
    look(true);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(open()).toBe(0);
    // Also when the network comes back meanwhile.
    window.dispatchEvent(new Event('online'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([Stream.opened.length, open()]).toEqual([1, 0]);
    const before = times('me');
    look(false);
    await vi.advanceTimersByTimeAsync(200);
    expect([Stream.opened.length, open(), times('me')]).toEqual([2, 1, before + 1]);
  });
});
