import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { newAuthority } from '../../../tests/contract/authority.ts';
import { newHolderKey } from '../../../tests/contract/holder.ts';
import { after, instant } from '../../core/time.ts';
import { authorityOf } from './authority-file.ts';
import { openAuthority } from './certificate-authority.ts';
import { serialEndsAt, serialOf } from './certificate-serial.ts';

const NOW = instant(Date.now());
const folder = mkdtempSync(join(tmpdir(), 'curfew-ca-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('an authority', () => {
  test.each([
    ['without a certificate', async () => newHolderKey().privateKey, /needs a private key and a certificate/],
    ['without a key', async () => (await newAuthority()).certificate, /needs a private key and a certificate/],
    [
      'of two that do not belong together',
      async () => newHolderKey().privateKey + (await newAuthority()).certificate,
      /do not belong together/,
    ],
    ['that is none', async () => (await newAuthority({ ca: false })).pem, /may not sign certificates/],
    ['that may not sign lists', async () => (await newAuthority({ usages: 4 })).pem, /may not sign certificates/],
    ['that is over', async () => (await newAuthority({ notAfter: new Date(NOW - 1_000) })).pem, /expired at/],
  ])('%s is refused in words, and its key is not quoted', async (_what, make, why) => {
    const pem = await make();
    const thrown = await openAuthority(pem, NOW).catch((error: unknown) => error);
    expect(String(thrown)).toMatch(why);
    expect(String(thrown)).not.toContain(pem.split('\n')[1]);
  });

  test('is read from a file that is private to its user, and by no API alone', async () => {
    const file = join(folder, 'ca.pem');
    writeFileSync(file, (await newAuthority()).pem, { mode: 0o644 });
    await expect(authorityOf(file, 'all', NOW)).rejects.toThrow(/CURFEW_AWS_CA_FILE: .* can be read by others/);
    await expect(authorityOf(join(folder, 'nothing.pem'), 'engine', NOW)).rejects.toThrow(/There is no file/);
    expect(await authorityOf(join(folder, 'nothing.pem'), 'api', NOW)).toEqual({ authority: 'elsewhere' });
    expect(await authorityOf(undefined, 'all', NOW)).toEqual({});
  });

  test('believes only revocation lists that it signed', async () => {
    const [one, other] = [
      await openAuthority((await newAuthority()).pem, NOW),
      await openAuthority((await newAuthority()).pem, NOW),
    ];
    const list = await one.revocationList(new Map([['01ab', NOW]]), NOW);
    expect([...((await one.readList(list)) ?? [])].map(([serial]) => serial)).toEqual(['01ab']);
    expect(await other.readList(list)).toBeNull();
    expect(await one.readList('no list')).toBeNull();
  });
});

test('a serial says when its certificate is over, and another one says nothing', () => {
  const end = instant(Math.floor(NOW / 1_000) * 1_000);
  const serial = serialOf('ab'.repeat(32), after(end, 999));
  expect(serial).toHaveLength(38);
  expect(serialEndsAt(serial)).toBe(end);
  expect(serialEndsAt(serial.replace(/^0/, ''))).toBe(end);
  expect(serialEndsAt('02ab')).toBeNull();
});
