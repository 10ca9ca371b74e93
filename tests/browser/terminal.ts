import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasAws } from '../clients/has-aws.ts';
import { ROOT } from '../e2e/demo-process.ts';

const STAND_IN = fileURLToPath(new URL('stand-in-aws.ts', import.meta.url));

/** Which `aws` a terminal has, for the name of a test: the real one, or ours where that is absent. */
export const WHICH_AWS = hasAws() ? 'the real aws' : 'a stand-in, because there is no aws on the PATH';

/** What a line that was typed came to. */
export interface Shown {
  readonly code: number;
  /** Both streams, as a terminal shows them. */
  readonly text: string;
}

/** Somebody's terminal in the folder of the clone, with a home of their own. */
export interface Terminal {
  /** Runs a line as a shell does. `more`: variables that were exported before. */
  type(line: string, more?: Readonly<Record<string, string>>): Promise<Shown>;
  close(): void;
}

export function openTerminal(): Terminal {
  const home = mkdtempSync(join(tmpdir(), 'curfew-terminal-'));
  const path = [process.env['PATH'] ?? ''];
  if (!hasAws()) path.unshift(installStandIn(home));
  // Without the test runner's own environment: a user has none of it.
  const env = { HOME: home, PATH: path.join(delimiter), AWS_EC2_METADATA_DISABLED: 'true', AWS_PAGER: '' };
  return {
    type: (line, more = {}) =>
      new Promise((resolve, reject) => {
        let text = '';
        const child = spawn('sh', ['-c', line], {
          cwd: ROOT,
          env: { ...env, ...more },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        child.once('error', reject);
        child.once('close', (code) => resolve({ code: code ?? 255, text }));
      }),
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}

function installStandIn(home: string): string {
  const folder = join(home, 'bin');
  mkdirSync(folder);
  const file = join(folder, 'aws');
  writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${STAND_IN}' "$@"\n`);
  chmodSync(file, 0o755);
  return folder;
}
