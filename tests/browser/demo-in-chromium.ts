import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, type TestContext } from 'vitest';
import { copyDatabaseTo } from '../embedded-template.ts';
import { makeHome, type Home } from '../e2e/cli-harness.ts';
import { demoPlace, type DemoPlace, type DemoProcess } from '../e2e/demo-process.ts';
import { chromiumOrReason } from './chromium.ts';

/** A demo of its own for the tests of a file, and a browser that looks at it. Nothing is started where there is no browser. */
export interface DemoInChromium {
  /** Skips the test, with the reason, where there is no browser. */
  chromium(context: TestContext): Browser;
  demo(): DemoProcess;
  /** The address of the demo. */
  base(): string;
  /** Runs the command line and returns what it printed; throws with all of it when it fails. */
  curfew(args: readonly string[]): Promise<string>;
}

/**
 * Starts both before the first test of the file that calls it, and stops them after the last. `signedIn`: people who have signed in at the
 * command line, each under a profile of their name. `furnished`: what else has to be there.
 */
export function demoInChromium(
  options: {
    readonly signedIn?: readonly string[];
    readonly furnished?: (demo: DemoProcess) => Promise<void>;
  } = {},
): DemoInChromium {
  let browser: Browser | string = 'the tests have not begun';
  let place: DemoPlace | null = null;
  let started: DemoProcess | null = null;
  let home: Home | null = null;

  const demo = (): DemoProcess => {
    if (started === null) throw new Error('the demo is not running');
    return started;
  };
  const curfew = async (args: readonly string[]): Promise<string> => {
    if (home === null) throw new Error('the demo is not running');
    const { code, stdout, stderr } = await home.run(args);
    if (code !== 0) throw new Error(`curfew ${args.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  };

  beforeAll(async () => {
    browser = await chromiumOrReason();
    if (typeof browser === 'string') return;
    place = await demoPlace();
    copyDatabaseTo(place.dataDir);
    started = await place.start();
    home = makeHome(started.url);
    for (const person of options.signedIn ?? []) await curfew(['--profile', person, 'login', '--as', person]);
    await options.furnished?.(started);
  }, 180_000);
  afterAll(async () => {
    home?.remove();
    if (typeof browser !== 'string') await browser.close();
    await place?.remove();
  });

  return {
    chromium: (context) => (typeof browser === 'string' ? context.skip(browser) : browser),
    demo,
    base: () => demo().url,
    curfew,
  };
}
