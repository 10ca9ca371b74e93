import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeyFileProblem, makeEd25519Pem, openKeyFiles } from './key-files.ts';
import { systemRandom } from './random.ts';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'curfew-keys-'));
  folder = join(root, 'keys');
});
afterEach(() => rmSync(root, { recursive: true }));

const open = () => openKeyFiles(folder, systemRandom);
const modeOf = (path: string) => statSync(path).mode & 0o777;

test('a key is made once, is private, and leaves no draft', () => {
  expect(open().loadOrCreate('log.pem', () => 'first')).toBe('first');
  expect(open().loadOrCreate('log.pem', () => 'second')).toBe('first');
  expect(modeOf(folder)).toBe(0o700);
  expect(modeOf(join(folder, 'log.pem'))).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['log.pem']);
});

test('a folder or a key that others can read is refused, and the command that closes it is named', () => {
  open().loadOrCreate('log.pem', () => 'secret');
  chmodSync(folder, 0o750);
  expect(open).toThrow(KeyFileProblem);
  expect(open).toThrow(`chmod go= ${folder}`);
  chmodSync(folder, 0o700);
  chmodSync(join(folder, 'log.pem'), 0o640);
  expect(() => open().loadOrCreate('log.pem', () => 'other')).toThrow(`chmod go= ${join(folder, 'log.pem')}`);
  expect(readFileSync(join(folder, 'log.pem'), 'utf8')).toBe('secret');
});

test('an empty key file is not silently replaced', () => {
  const keys = open();
  writeFileSync(join(folder, 'log.pem'), '', { mode: 0o600 });
  expect(() => keys.loadOrCreate('log.pem', () => 'new')).toThrow('is empty. Restore it from a backup.');
});

test('a key that cannot be made leaves nothing behind', () => {
  const fails = () => {
    throw new Error('no entropy');
  };
  expect(() => open().loadOrCreate('log.pem', fails)).toThrow('no entropy');
  expect(readdirSync(folder)).toEqual([]);
});

test('of processes that start together all get the same key', async () => {
  const program = `
    import { openKeyFiles } from ${JSON.stringify(new URL('./key-files.ts', import.meta.url).href)};
    import { systemRandom } from ${JSON.stringify(new URL('./random.ts', import.meta.url).href)};
    const make = () => systemRandom.bytes(16).toString('hex');
    process.stdout.write(openKeyFiles(process.argv[1], systemRandom).loadOrCreate('k', make));`;
  const start = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, folder]);
  const keys = (await Promise.all([start(), start(), start(), start()])).map(({ stdout }) => stdout);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(new Set(keys).size).toBe(1);
  expect(readdirSync(folder)).toEqual(['k']);
});

test('the key of a log is an Ed25519 key', () => {
  expect(createPrivateKey(makeEd25519Pem()).asymmetricKeyType).toBe('ed25519');
});
