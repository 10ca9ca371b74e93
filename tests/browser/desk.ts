import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import { ROOT, type DemoProcess } from '../e2e/demo-process.ts';
import { withAuthenticator } from './authenticator.ts';
import type { Step } from './first-grant-steps.ts';
import { readerOf, type Reader } from './screen-words.ts';
import type { Terminal } from './terminal.ts';
import { visit, type Visitor } from './visitor.ts';

/** What somebody has in front of them while they go through the guide. */
export class Desk {
  readonly #browser: Browser;
  readonly #demo: DemoProcess;
  readonly #terminal: Terminal;
  readonly #windows = new Map<string, { readonly visitor: Visitor; readonly reader: Reader }>();
  #started = '';
  #typed = '';
  #shown = '';
  #copied = '';

  constructor(opened: Browser, demo: DemoProcess, typed: Terminal) {
    [this.#browser, this.#demo, this.#terminal] = [opened, demo, typed];
  }

  async do({ place: where, deed }: Step): Promise<void> {
    if (where === 'first terminal') {
      if (deed.kind === 'run') return this.#start(deed.line);
      if (deed.kind === 'read') return expect(this.#started).toContain(deed.words);
    } else if (where === 'second terminal') {
      if (deed.kind === 'paste')
        return this.#run(deed.put === null ? this.#copied : replaced(this.#copied, deed.inPlaceOf, deed.put));
      if (deed.kind === 'run-again') return this.#run(this.#typed);
      if (deed.kind === 'read') return expect(this.#shown).toContain(deed.words);
    } else return this.#inBrowser(where, deed);
    throw new Error(`nobody does this in the ${where}`);
  }

  /** `npm ci` was done by whoever runs the tests; what `npm start` runs is running, on a port and with data of its own. */
  #start(line: string): void {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect([line, scripts['start']]).toEqual(['npm ci && npm start', 'node src/cli/demo/main.ts']);
    this.#started = this.#demo.output();
  }

  async #run(line: string): Promise<void> {
    this.#typed = line;
    this.#shown = (await this.#terminal.type(line)).text;
  }

  async #inBrowser(person: string, deed: Step['deed']): Promise<void> {
    const window = this.#windows.get(person) ?? (await this.#window(person));
    const { reader, visitor } = window;
    switch (deed.kind) {
      case 'open':
        await visitor.page.goto(/http:\/\/\S+/.exec(this.#started)?.[0] ?? '');
        return;
      case 'read':
        return reader.read(deed.words);
      case 'press':
        return reader.press(deed.words);
      case 'press-under':
        await reader.pressUnder(deed.words, deed.above);
        this.#copied = await reader.clipboard();
        return;
      case 'press-key':
        return reader.pressKey(deed.key);
      case 'type':
        return reader.type(deed.text, deed.label);
      default:
        throw new Error(`nobody does this in a browser: ${deed.kind}`);
    }
  }

  async #window(person: string) {
    const visitor = await visit(this.#browser, '', null);
    await withAuthenticator(visitor.page);
    const window = { visitor, reader: readerOf(visitor.page) };
    this.#windows.set(person, window);
    return window;
  }

  async leave(): Promise<readonly string[]> {
    const windows = [...this.#windows.values()];
    const complaints = windows.flatMap(({ visitor }) => visitor.complaints());
    for (const { visitor } of windows) await visitor.context.close();
    return complaints;
  }
}

function replaced(text: string, old: string, by: string): string {
  if (!text.includes(old)) throw new Error(`"${old}" is not part of what was copied: ${text}`);
  return text.replace(old, by);
}
