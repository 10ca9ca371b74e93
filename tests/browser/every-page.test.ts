import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { barriers, furnishedPortal } from './furnished-portal.ts';
import { PAGES } from './pages.ts';
import { smallTargets } from './small-targets.ts';
import { EXAMINED, LOOKS, settled, type Look, type Visitor } from './visitor.ts';

/** Three dozen pages, on a machine that does other things as well. */
const EXAMINATION_MS = 300_000;

const { open, things } = furnishedPortal();

const wide = (page: Page): Promise<unknown> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** Pages on which every part of the layout stands: navigation, table with a sorted head, cards, form, list and detail. */
const LAYOUTS = new Set(['home', 'ask', 'approval', 'live', 'catalogue', 'request-active']);
const isExamined = (look: Look): boolean =>
  EXAMINED.some(({ theme, width }) => theme === look.theme && width === look.width);

for (const look of LOOKS) {
  // A look at all of them takes a minute: the other two see each colour of each layout on the pages that have them all.
  const pages = isExamined(look) ? PAGES : PAGES.filter(({ name }) => LAYOUTS.has(name));
  test(
    `${isExamined(look) ? 'each page' : 'each layout'}: no barrier (axe), nothing blocked, nothing sideways; ${look.theme}, ${look.width} px`,
    async (context) => {
      expect(pages.length).toBeGreaterThanOrEqual(LAYOUTS.size);
      const visitors = new Map<string | null, Visitor>();
      for (const { name, person, path } of pages) {
        const visitor = visitors.get(person) ?? (await open(context, person, look));
        visitors.set(person, visitor);
        const { page } = visitor;
        await page.goto(path(things()));
        await settled(page);
        expect(await barriers(page), name).toEqual([]);
        expect(await wide(page), `${name} scrolls sideways`).toBeLessThanOrEqual(0);
        if (look.width === 360) expect(await smallTargets(page), `${name}: too small for a thumb`).toEqual([]);
        expect(visitor.complaints(), name).toEqual([]);
      }
    },
    EXAMINATION_MS,
  );
}
