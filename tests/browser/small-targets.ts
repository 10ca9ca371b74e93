import type { Page } from 'playwright-core';

/** What a thumb needs (WCAG 2.5.5). */
const THUMB_PX = 44;

/** What is pressed on a page and is too small for a thumb. Links in running text are as high as the text, a box is pressed by its words, and heads of tables are not seen on a phone. */
export async function smallTargets(page: Page): Promise<readonly string[]> {
  const found = (await page.evaluate(`
    [...document.querySelectorAll('button, summary, textarea, input, label:has(input), a[data-kind], nav a')]
      .filter((one) => !one.matches('input[type=radio], input[type=checkbox]') && !one.closest('[aria-hidden=true], thead') && one.checkVisibility())
      .map((one) => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
      .filter(([, { height, width }]) => height > 1 && width > 1 && Math.min(height, width) < ${THUMB_PX} - 0.5)
      .map(([html, { width, height }]) => Math.round(width) + 'x' + Math.round(height) + ' ' + html)
  `)) as readonly string[];
  return found;
}
