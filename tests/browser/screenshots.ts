import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { demoPlace, ROOT } from '../e2e/demo-process.ts';
import { startChromium } from './chromium.ts';
import { furnish } from './furnish.ts';
import { PAGES } from './pages.ts';
import { LOOKS, settled, visit, type Visitor } from './visitor.ts';

/**
 * `npm run screenshots`: every page at both widths in both themes, into `screenshots/` (which git ignores), and the four that the README
 * shows into `docs/images/`. With names only those pages.
 */
const FOLDER = join(ROOT, 'screenshots');
const KEPT = join(ROOT, 'docs/images');
/** Pages of the README, and in which theme. */
const README: Readonly<Record<string, 'light' | 'dark'>> = {
  home: 'light',
  ask: 'light',
  approval: 'dark',
  live: 'dark',
};
/** A clone has them for ever. */
const LARGEST = 150_000;

mkdirSync(FOLDER, { recursive: true });
mkdirSync(KEPT, { recursive: true });
const only = process.argv.slice(2);
const place = await demoPlace();
try {
  const demo = await place.start();
  const browser = await startChromium();
  const things = await furnish(demo.url);
  for (const look of LOOKS) {
    // A window for each person: a sign-in takes longer than a page.
    const windows = new Map<string | null, Visitor>();
    for (const { name, person, path } of PAGES) {
      if (only.length > 0 && !only.includes(name)) continue;
      const visitor = windows.get(person) ?? (await visit(browser, demo.url, person, look));
      windows.set(person, visitor);
      const { page } = visitor;
      await page.goto(path(things));
      await settled(page);
      await page.waitForTimeout(700);
      await page.screenshot({ path: join(FOLDER, `${name}-${look.width}-${look.theme}.png`), fullPage: true });
      if (README[name] === look.theme && look.width === 1280) {
        const kept = join(KEPT, `${name}.png`);
        await page.screenshot({ path: kept });
        const { size } = statSync(kept);
        if (size > LARGEST) throw new Error(`${kept} has ${size} bytes; the README takes ${LARGEST}`);
      }
    }
    for (const { context } of windows.values()) await context.close();
  }
  await browser.close();
} finally {
  await place.remove();
}
