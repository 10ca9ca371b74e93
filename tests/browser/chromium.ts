import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const PACKAGE = new URL('../../node_modules/@sparticuz/chromium/package.json', import.meta.url);

/**
 * Starts Chromium. The package unpacks its program into the temporary folder and takes whatever it finds there, also of
 * another version, so that each version gets a folder of its own.
 */
export async function startChromium(): Promise<Browser> {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string };
  const before = process.env['TMPDIR'];
  const folder = join(tmpdir(), `curfew-chromium-${version}`);
  mkdirSync(folder, { recursive: true });
  process.env['TMPDIR'] = folder;
  try {
    // Its own arguments are left out: they switch off the web's security, which is what we look at.
    const { default: packed } = await import('@sparticuz/chromium');
    const executablePath = await packed.executablePath();
    return await chromium.launch({ executablePath, args: ['--no-sandbox'], headless: true });
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

/** Chromium, or in a sentence why it cannot start here: whoever skips because of it says so. */
export async function chromiumOrReason(): Promise<Browser | string> {
  try {
    return await startChromium();
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return `Chromium does not start here: ${line}`;
  }
}
