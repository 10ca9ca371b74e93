import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterEach, type TestContext } from 'vitest';
import { demoInChromium, type DemoInChromium } from './demo-in-chromium.ts';
import { furnish, type Things } from './furnish.ts';
import { LOOKS, visit, type Visitor } from './visitor.ts';

/** A demo in which there is something of every kind, and people who look at it. */
export interface FurnishedPortal extends DemoInChromium {
  things(): Things;
  /** Opens a window of its own for somebody, until the end of the test; `null`: a stranger. Skips the test where there is no browser. */
  open(context: TestContext, person: string | null, look?: (typeof LOOKS)[number]): Promise<Visitor>;
}

/** Starts it before the first test of the file that calls it, and stops it after the last. */
export function furnishedPortal(): FurnishedPortal {
  let things: Things | null = null;
  const opened: Visitor[] = [];
  const portal = demoInChromium({
    signedIn: ['ana', 'bo'],
    furnished: async ({ url }) => {
      things = await furnish(url);
    },
  });
  // Also after a test that failed: a window that is left open holds a stream, and a person has ten.
  afterEach(async () => {
    for (const { context } of opened.splice(0)) await context.close();
  });
  return {
    ...portal,
    things() {
      if (things === null) throw new Error('the demo is not furnished');
      return things;
    },
    async open(context, person, look = LOOKS[0]) {
      const visitor = await visit(portal.chromium(context), portal.base(), person, look);
      opened.push(visitor);
      return visitor;
    },
  };
}

const ALL_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds on a page. `rules`: by these alone. */
export async function barriers(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules === undefined ? axe.withTags(ALL_RULES) : axe.withRules([...rules])).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}
