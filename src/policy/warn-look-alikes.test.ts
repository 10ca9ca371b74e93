import { describe, expect, test } from 'vitest';
import { acmeFiles } from '../../tests/acme-world.ts';
import { parseDirectory } from '../identity/directory/yaml-directory.ts';
import { parseTargets } from '../posture/inventory.ts';
import { instant } from '../core/time.ts';
import { loadPolicy } from './load.ts';

const NOW = instant(Date.parse('2026-11-19T14:00:00Z'));

/** Acme's documents with one more, or with one of them changed: what they are refused for, or what is warned of. */
function load(change: { readonly more?: string; readonly from?: string; readonly to?: string }) {
  const { more, from = '', to = '' } = change;
  const files = acmeFiles().map((file) => ({ ...file, text: from === '' ? file.text : file.text.replace(from, to) }));
  const all = more === undefined ? files : [...files, { path: 'more.yaml', text: more }];
  const directory = parseDirectory(all, NOW);
  if (!directory.ok) return { refused: directory.refusal.map(({ message }) => message), warned: [], directory: null };
  const targets = parseTargets(all, directory.value);
  if (!targets.ok) return { refused: targets.refusal.map(({ message }) => message), warned: [], directory: null };
  const available = new Set(['aws', 'azure', 'gcp'] as const);
  const policy = loadPolicy(all, { directory: directory.value, targets: targets.value, available });
  if (!policy.ok) return { refused: policy.refusal.map(({ message }) => message), warned: [], directory: null };
  return { refused: [], warned: policy.value.warnings.map(({ message }) => message), directory: directory.value };
}

const person = (key: string, name: string) => ({
  more: `kind: directory\npeople:\n  ${key}: { name: ${JSON.stringify(name)}, email: somebody.new@x.example }\n`,
});
const target = (key: string) => ({
  more: `kind: targets\ntargets:\n  ${key}: { kind: account, native: '998877665544', description: d }\n`,
});

test('the demo company has nobody and nothing that can be mistaken', () => {
  expect(load({})).toMatchObject({ refused: [], warned: [] });
});

describe('what is not plain is refused', () => {
  test.each([
    [
      'a person with a Cyrillic o in the key',
      person('b\u043e', 'Bo'),
      'cannot be a key here: it must be a key: lower-case',
    ],
    ['a person with a key in full width', person('\uff42\uff4f', 'Bo'), 'cannot be a key here'],
    ['a person with an unseen letter in the key', person('bo\u200b', 'Bo'), 'cannot be a key here'],
    ['a target with a Greek o', target('aws/pr\u03bfd'), 'cannot be a key here'],
    ['a role with a Cyrillic i', { from: 'name: invoice-reader', to: 'name: \u0456nvoice-reader' }, 'must be a name'],
    [
      'a description that turns the direction of writing',
      { from: 'List and download', to: 'List \u202Edaolnwod dna' },
      '"description" holds U+202E, which is not seen or turns the direction of writing',
    ],
    ['a description with letters without width', { from: 'List and', to: 'List\u200B and' }, 'holds U+200B'],
    [
      'the description of a group',
      { from: 'description: On call for the data', to: 'description: On\u2066 call for the data' },
      'holds U+2066',
    ],
  ] as const)('%s', (_, change, message) => {
    const { refused } = load(change);
    expect(refused.join('\n')).toContain(message);
  });
});

describe('what can be mistaken is warned of', () => {
  test.each([
    ['a person of the same look', person('b0', 'Somebody Else'), 'the person "b0" can be taken for "bo"'],
    ['a target of the same look', target('aws/pr0d'), 'the target "aws/pr0d" can be taken for "aws/prod"'],
    [
      'a Cyrillic letter in a name',
      person('eve', 'B\u043e Sandberg'),
      'the name of "eve" can be taken for that of "bo"',
    ],
    [
      'a name with another accent',
      person('eve', 'Ana Rib\u00e9iro'),
      'the name of "eve" can be taken for that of "ana"',
    ],
    ['two scripts in one word', person('eve', 'Ev\u0435 Smithson'), 'the name of "eve" mixes scripts in one word'],
  ] as const)('%s', (_, change, message) => {
    expect(load(change)).toMatchObject({ refused: [], warned: [message] });
  });

  test('a role of the same look', () => {
    const more = `kind: role
name: inv0ice-reader
tier: 2
category: [billing]
owner: group:data-leads
description: Something else than the role of almost the same name
aws: { method: assume-role, role: curfew/invoice-other, sessionPolicy: ./session/invoice-reader.json }
`;
    const { refused, warned } = load({ more });
    expect(refused).toEqual([]);
    expect(warned).toContain('the role "inv0ice-reader" can be taken for "invoice-reader"');
  });

  test('a name that is not all seen stops nobody: it is shown with a mark', () => {
    const { warned, directory } = load(person('eve', 'Eve\u202EgrebdnaS'));
    expect(warned).toEqual(['the name of "eve" holds U+202E, which is shown as \uFFFD']);
    expect(directory?.people.get('eve')?.name).toBe('Eve\uFFFDgrebdnaS');
  });

  test.each([
    ['somebody of the same name', 'Bo Sandberg'],
    ['a name in another script', '\u0418\u0432\u0430\u043d \u041f\u0435\u0442\u0440\u043e\u0432'],
    ['a name with a joiner that its script needs', '\u0639\u0644\u06cc\u200c\u0631\u0636\u0627'],
  ])('not %s', (_, name) => {
    expect(load(person('eve', name))).toMatchObject({ refused: [], warned: [] });
  });
});
