import type { Page } from 'playwright-core';
import { until } from '../tests/e2e/demo-process.ts';
import { openWindow, type SignedIn } from './portal-visits.ts';
import { accountName, LARGE } from './portal-rules.ts';

/** What the page of a request says until somebody has decided it. */
const WAITS = 'waits for somebody';
/** The first stream of a window says that all may have changed, and rests; what is measured comes after that. */
const REST_MS = 2_500;

/**
 * Runs in the page: the first frame in which it does not say any more that the request waits, by the clock of this machine. Nothing asks for
 * that: what is measured is the way from the event stream over what is read again to what is drawn.
 */
const WATCH = `
  window.decidedShownAt = null;
  const look = () => {
    if (!document.querySelector('main')?.textContent.includes(${JSON.stringify(WAITS)})) window.decidedShownAt = performance.timeOrigin + performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
`;

/** From the moment in which a decision is sent to the frame that shows it, in milliseconds, for each decision. */
export interface Shown {
  /** To whoever asked, who looks at their request. */
  readonly ownMs: readonly number[];
  /** To an auditor who looks at the same request, which is none of their own, while little else happens. */
  readonly othersMs: readonly number[];
}

/** One asks, another decides through the API with a session of their own, and both whoever asked and an auditor look at the request in Chromium. */
export async function decidedElsewhere(
  who: { readonly asks: SignedIn; readonly decides: SignedIn; readonly audits: SignedIn },
  times: number,
): Promise<Shown> {
  const [asks, decides, audits] = [
    await openWindow(who.asks),
    await openWindow(who.decides),
    await openWindow(who.audits),
  ];
  const { base } = who.asks;
  const ownMs: number[] = [];
  const othersMs: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const { id } = (await change(asks, base, '/v1/requests', wish(n))) as { readonly id: string };
    for (const page of [asks, audits]) {
      await page.goto(`/requests/${id}`);
      await page.getByText(WAITS).waitFor();
      await page.waitForTimeout(REST_MS);
      await page.evaluate(WATCH);
    }
    const sentAt = performance.timeOrigin + performance.now();
    await change(decides, base, `/v1/requests/${id}/approve`, {});
    ownMs.push((await shownAt(asks)) - sentAt);
    othersMs.push((await shownAt(audits)) - sentAt);
  }
  for (const page of [asks, decides, audits]) await page.context().close();
  return { ownMs, othersMs };
}

/** Roles with an odd number take somebody's yes; each time another one, so that nothing is held already. */
function wish(n: number): object {
  const role = (2 * n + 1) % LARGE.roles;
  return {
    items: [{ role: `operator-${role}`, target: accountName(role % LARGE.teams) }],
    duration: '15m',
    reason: 'To see how soon a decision is seen',
  };
}

async function shownAt(page: Page): Promise<number> {
  const at = await until(
    () => page.evaluate<number | null>('window.decidedShownAt'),
    (shown) => shown !== null,
    30_000,
  );
  return at ?? Number.NaN;
}

async function change(page: Page, base: string, path: string, data: object): Promise<unknown> {
  const { csrf } = (await (await page.request.get('/v1/me')).json()) as { readonly csrf: string };
  const answer = await page.request.post(path, { data, headers: { 'x-curfew-csrf': csrf, origin: base } });
  if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`);
  return answer.json();
}
