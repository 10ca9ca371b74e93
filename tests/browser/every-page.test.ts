import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { barriers, furnishedPortal } from './furnished-portal.ts';
import { PAGES } from './pages.ts';
import { smallTargets } from './small-targets.ts';
import { EXAMINED, inTheme, settled, type Visitor } from './visitor.ts';

/** Three dozen pages, on a machine that does other things as well. */
const EXAMINATION_MS = 300_000;

const { open, things } = furnishedPortal();

const wide = (page: Page): Promise<unknown> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** Pages on which every part of the layout stands: navigation, table with a sorted head, cards, form, list and detail. */
const LAYOUTS = new Set(['home', 'ask', 'approval', 'live', 'catalogue', 'request-active']);

for (const look of EXAMINED) {
  const other = look.theme === 'light' ? 'dark' : 'light';
  test(
    `each page: no barrier (axe), nothing blocked, nothing sideways; ${look.theme}, ${look.width} px`,
    async (context) => {
      const visitors = new Map<string | null, Visitor>();
      const inBoth: string[] = [];
      for (const { name, person, path } of PAGES) {
        const visitor = visitors.get(person) ?? (await open(context, person, look));
        visitors.set(person, visitor);
        const { page } = visitor;
        await page.goto(path(things()));
        await settled(page);
        expect(await barriers(page), name).toEqual([]);
        expect(await wide(page), `${name} scrolls sideways`).toBeLessThanOrEqual(0);
        if (look.width === 360) expect(await smallTargets(page), `${name}: too small for a thumb`).toEqual([]);
        if (LAYOUTS.has(name)) {
          // Of the other theme the colours alone are new.
          await inTheme(page, other);
          expect(await barriers(page, ['color-contrast']), `${name}, ${other}`).toEqual([]);
          await inTheme(page, look.theme);
          inBoth.push(name);
        }
        expect(visitor.complaints(), name).toEqual([]);
      }
      expect(inBoth.sort()).toEqual([...LAYOUTS].sort());
    },
    EXAMINATION_MS,
  );
}
