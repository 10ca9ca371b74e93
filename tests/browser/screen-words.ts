import type { Locator, Page } from 'playwright-core';
import { pause } from '../e2e/demo-process.ts';

/** What a person presses: nothing is looked for by how it is made. */
const PRESSED = ['button', 'link', 'menuitem', 'tab', 'radio'] as const;

/** Longer than the longest thing that a page says it is waiting for: the proof that access is gone. */
const PATIENCE_MS = 100_000;
const QUICKLY_MS = 15_000;

/** In the case in which it is written: “Proven gone.” is not “until it is proven gone”. */
function asWritten(words: string): RegExp {
  const escaped = words.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  return new RegExp(escaped.replaceAll(/\s+/g, String.raw`\s+`));
}

/** Somebody who knows nothing but what they read: finds and presses by visible words. */
export interface Reader {
  read(words: string): Promise<void>;
  press(words: string): Promise<void>;
  /** Presses the first of its name below other words. */
  pressUnder(words: string, above: string): Promise<void>;
  pressKey(key: string): Promise<void>;
  type(text: string, label: string): Promise<void>;
  /** What was copied last, as pasting it elsewhere would give it. */
  clipboard(): Promise<string>;
}

export function readerOf(page: Page): Reader {
  /** While a dialog is open, nobody looks past it. */
  async function scope(): Promise<Page | Locator> {
    const dialog = page.getByRole('dialog').filter({ visible: true });
    return (await dialog.count()) > 0 ? dialog.last() : page;
  }

  async function pressable(words: string): Promise<readonly Locator[]> {
    const within = await scope();
    const found: Locator[] = [];
    for (const role of PRESSED)
      found.push(
        ...(await within
          .getByRole(role)
          .filter({ hasText: asWritten(words), visible: true })
          .all()),
      );
    return found;
  }

  /** The one thing with these words; the one that says nothing else wins. Two alike would leave a person guessing. */
  async function theOne(words: string): Promise<Locator> {
    const end = Date.now() + QUICKLY_MS;
    for (;;) {
      const found = await pressable(words);
      const [only] = found;
      if (found.length === 1 && only !== undefined) return only;
      const texts = await Promise.all(found.map(async (one) => (await one.innerText()).trim()));
      const exact = found.filter((_, index) => texts[index] === words);
      const [same] = exact;
      if (exact.length === 1 && same !== undefined) return same;
      if (Date.now() > end)
        throw new Error(`${found.length} things to press say "${words}" at ${page.url()}: ${JSON.stringify(texts)}`);
      await pause(100);
    }
  }

  /** Looks again and again, because what stands in front may be about to close. */
  async function text(words: string, timeoutMs: number): Promise<Locator> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const found = (await scope()).getByText(asWritten(words)).filter({ visible: true }).first();
      if ((await found.count()) > 0) return found;
      if (Date.now() > end) throw new Error(`nothing says "${words}" at ${page.url()}`);
      await pause(100);
    }
  }

  return {
    read: async (words) => void (await text(words, PATIENCE_MS)),
    press: async (words) => (await theOne(words)).click({ timeout: QUICKLY_MS }),
    async pressUnder(words, above) {
      const top = (await (await text(above, QUICKLY_MS)).boundingBox())?.y ?? 0;
      const below: { readonly one: Locator; readonly y: number }[] = [];
      for (const one of await pressable(words)) {
        const y = (await one.boundingBox())?.y ?? -1;
        if (y > top) below.push({ one, y });
      }
      const nearest = below.sort((one, other) => one.y - other.y)[0];
      if (nearest === undefined) throw new Error(`nothing below "${above}" says "${words}"`);
      await nearest.one.click({ timeout: QUICKLY_MS });
    },
    pressKey: (key) => page.keyboard.press(key),
    async type(typed, label) {
      // The words of the label stand on the screen; what belongs to them is what a click on them leads to.
      await text(label, QUICKLY_MS);
      await (await scope()).getByLabel(label).filter({ visible: true }).fill(typed, { timeout: QUICKLY_MS });
    },
    clipboard: () => page.evaluate('navigator.clipboard.readText()'),
  };
}
