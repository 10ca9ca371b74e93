import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { demoPlace, ROOT } from '../e2e/demo-process.ts';
import { startChromium } from './chromium.ts';
import { furnish } from './furnish.ts';
import { PAGES } from './pages.ts';
import { LOOKS, settled, visit } from './visitor.ts';

/** `npm run screenshots`: every page at both widths in both themes, into `screenshots/` (which git ignores). */
const FOLDER = join(ROOT, 'screenshots');
mkdirSync(FOLDER, { recursive: true });
const only = process.argv.slice(2);
const place = await demoPlace();
try {
  const demo = await place.start();
  const browser = await startChromium();
  const things = await furnish(demo.url);
  for (const look of LOOKS) {
    for (const { name, person, path } of PAGES) {
      if (only.length > 0 && !only.includes(name)) continue;
      const { page, context } = await visit(browser, demo.url, person, look);
      await page.goto(path(things));
      await settled(page);
      await page.waitForTimeout(700);
      await page.screenshot({ path: join(FOLDER, `${name}-${look.width}-${look.theme}.png`), fullPage: true });
      await context.close();
    }
  }
  await browser.close();
} finally {
  await place.remove();
}
