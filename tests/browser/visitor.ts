import type { Browser, BrowserContext, Page } from 'playwright-core';
import { until } from '../e2e/demo-process.ts';

export const THEMES = ['light', 'dark'] as const;
export const WIDTHS = [1280, 360] as const;

export interface Look {
  readonly theme: (typeof THEMES)[number];
  readonly width: (typeof WIDTHS)[number];
}

/** All four ways in which a page is looked at. */
export const LOOKS: readonly Look[] = THEMES.flatMap((theme) => WIDTHS.map((width) => ({ theme, width })));

/** Both themes and both widths, each once: what makes a barrier lies in the colours or in the layout, and a look takes most of a minute. */
export const EXAMINED: readonly Look[] = [
  { theme: 'light', width: 1280 },
  { theme: 'dark', width: 360 },
];

/** Somebody at a browser of their own. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained about since the last call: errors of script, and violations of the content security policy. */
  complaints(): readonly string[];
}

/** Opens a browser's window for somebody; `person` is signed in through the demo's pages, `null` is a stranger. */
export async function visit(
  browser: Browser,
  base: string,
  person: string | null,
  { theme, width }: Look = { theme: 'light', width: 1280 },
): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width, height: width === 360 ? 740 : 860 },
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
    isMobile: width === 360,
    hasTouch: width === 360,
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const close = context.close.bind(context);
  context.close = async (options) => {
    // An answer that a test changes may still be on its way: its handler would fail, and with it the whole suite.
    for (const one of context.pages()) await one.unrouteAll({ behavior: 'ignoreErrors' });
    await context.unrouteAll({ behavior: 'ignoreErrors' });
    await close(options);
  };
  const page = await context.newPage();
  let said: string[] = [];
  page.on('console', (message) => {
    // A stranger is told 401 by the server, and the browser repeats it.
    if (message.type() === 'error' && !/status of (401|4\d\d)/.test(message.text())) said.push(message.text());
  });
  page.on('pageerror', (error) => said.push(String(error)));
  if (person !== null) {
    await page.goto(`/sign-in/browser?hint=${person}&return=/`);
    await page.getByRole('main').waitFor();
  }
  return {
    page,
    context,
    complaints() {
      const all = said;
      said = [];
      return all;
    },
  };
}

/** Shows an open page in another theme, as when the machine changes to it. */
export async function inTheme(page: Page, theme: Look['theme']): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await page.locator(`html[data-mantine-color-scheme="${theme}"]`).waitFor();
}

/** Waits until the page has what it shows. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  // A page may wait for several things at once.
  await until(
    () => page.getByLabel('Loading').count(),
    (count) => count === 0,
    30_000,
  );
}
