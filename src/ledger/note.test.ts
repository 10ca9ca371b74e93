import { expect, test } from 'vitest';
import { makeEd25519Pem } from '../platform/key-files.ts';
import { leafHash } from './merkle.ts';
import { createSigner, openCheckpoint, signCheckpoint } from './note.ts';

/** The example key of golang.org/x/mod/sumdb/note: its seed as PKCS #8, and the verifier key that Go makes of it. */
const GO_PEM = `-----BEGIN PRIVATE KEY-----
${Buffer.concat([
  Buffer.from('302e020100300506032b657004220420', 'hex'),
  Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1),
]).toString('base64')}
-----END PRIVATE KEY-----`;
const GO_VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';

const signer = createSigner('curfew.test/log', makeEd25519Pem());
const root = leafHash('root');
const note = signCheckpoint(signer, 42, root);

test('the verifier key is the one that other tools make of the same key', () => {
  expect(createSigner('PeterNeumann', GO_PEM).vkey).toBe(GO_VKEY);
});

test('a checkpoint is three lines, a blank one and a signature', () => {
  expect(note).toMatch(/^curfew\.test\/log\n42\n[A-Za-z0-9+/]{43}=\n\n— curfew\.test\/log [A-Za-z0-9+/]{91}=\n$/);
  expect(openCheckpoint(note, signer.vkey)).toEqual({ origin: 'curfew.test/log', size: 42, root });
});

test('signatures of witnesses beside ours are ignored', () => {
  const witnessed = `${note}— witness.example ${Buffer.alloc(76).toString('base64')}\n`;
  expect(openCheckpoint(witnessed, signer.vkey)?.size).toBe(42);
});

test('a checkpoint in which anything was changed is not opened', () => {
  const other = createSigner('curfew.test/log', makeEd25519Pem());
  const renamed = createSigner('curfew.test/other', makeEd25519Pem());
  const wrong = [
    note.replace('\n42\n', '\n43\n'),
    note.replace('\n42\n', '\n042\n'),
    note.replace('\n42\n', '\n-1\n'),
    note.replace('curfew.test', 'curfew.tesT'),
    note.replace('\n\n', '\nextension\n\n'),
    note.replace('\n\n', '\n'),
    note.replace('—', '-'),
    note.slice(0, note.indexOf('—')),
    signCheckpoint(signer, 42, root.subarray(1)),
    signCheckpoint(other, 42, root),
    signCheckpoint(renamed, 42, root),
    '',
  ];
  for (const text of wrong) expect(openCheckpoint(text, signer.vkey)).toBeNull();
});

test('a key that is not one opens nothing', () => {
  const [name, id, key] = signer.vkey.split('+');
  for (const vkey of ['', 'curfew.test/log', `${name}+00000000+${key}`, `other+${id}+${key}`, `${name}+${id}+AQID`])
    expect(openCheckpoint(note, vkey)).toBeNull();
});

test('a name that the format cannot hold is refused', () => {
  const pem = makeEd25519Pem();
  for (const origin of ['', 'two words', 'a+b', 'line\nbreak'])
    expect(() => createSigner(origin, pem)).toThrow('cannot name a log');
});
