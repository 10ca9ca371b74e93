import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemRandom } from './random.ts';
import { openWitnessFile } from './witness-file.ts';

test('what was written last is read, by whoever opens the file next, and nothing else is left in the folder', () => {
  const base = mkdtempSync(join(tmpdir(), 'curfew-witness-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  const path = join(base, 'data', 'witness.json');
  const file = openWitnessFile(path, systemRandom);
  expect(file.read()).toBeNull();
  file.write('a longer one');
  file.write('two');
  expect(openWitnessFile(path, systemRandom).read()).toBe('two');
  expect(readdirSync(join(base, 'data'))).toEqual(['witness.json']);
  expect(statSync(path).mode & 0o077).toBe(0);
});

test('a place that cannot be written is said, and leaves no draft behind', () => {
  const base = mkdtempSync(join(tmpdir(), 'curfew-witness-'));
  onTestFinished(() => rmSync(base, { recursive: true }));
  openWitnessFile(join(base, 'x'), systemRandom).write('a file where a folder should be');
  expect(() => openWitnessFile(join(base, 'x', 'witness.json'), systemRandom).write('one')).toThrow();
  expect(readdirSync(base)).toEqual(['x']);
});
