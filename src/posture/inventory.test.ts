import { describe, expect, test } from 'vitest';
import { acmeFiles, loadAcme } from '../../tests/acme-world.ts';
import { parseTargets } from './inventory.ts';

const { directory } = loadAcme();
const refused = (lines: string): readonly string[] => {
  const text = `kind: targets\ntargets:\n${lines}`;
  const parsed = parseTargets([{ path: 't.yaml', text }], directory);
  return parsed.ok
    ? []
    : parsed.refusal.map(
        ({ line, column, message, hint }) => `${line}:${column} ${message}${hint === undefined ? '' : ` (${hint})`}`,
      );
};
const target = (key: string, more: string) => `  ${key}: { description: d, ${more} }\n`;
const account = (key: string, native = '444455556666', more = '') =>
  target(key, `kind: account, native: '${native}'${more}`);

describe('parseTargets', () => {
  test('reads the demo company: accounts, subscriptions and projects under what contains them', () => {
    const parsed = parseTargets(acmeFiles(), directory);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusal));
    const kinds = [...parsed.value.values()].map(({ provider, kind }) => `${provider} ${kind}`).sort();
    expect(kinds).toEqual([
      'aws account',
      'aws account',
      'aws account',
      'aws organization',
      'azure management-group',
      'azure subscription',
      'azure subscription',
      'gcp folder',
      'gcp project',
      'gcp project',
    ]);
    expect(parsed.value.get('aws/prod')).toMatchObject({
      provider: 'aws',
      native: '444455556666',
      parent: 'aws/acme',
      labels: { env: 'prod', team: 'data' },
      owners: ['group:platform-leads', 'group:data-leads'],
    });
  });

  test.each([
    [
      'a cloud that is none',
      account('oci/prod'),
      '3:3 "oci/prod" cannot be a key here: it must be a target such as aws/prod',
    ],
    [
      'a kind of another cloud',
      target('aws/x', "kind: project, native: 'abc'"),
      '3:34 aws has no project (kinds of aws are organization, organizational-unit, account)',
    ],
    [
      'an account id of eleven digits',
      account('aws/x', '44445555666'),
      '3:51 "44445555666" is not a native name of kind account on aws',
    ],
    [
      'an account id that lost its zeros',
      target('aws/x', 'kind: account, native: 012345678901'),
      `3:51 "targets.aws/x.native" must be the cloud's own name, as text (put numbers in quotes), not 12345678901`,
    ],
    [
      'a project id in capitals',
      target('gcp/x', 'kind: project, native: Acme-Prod'),
      '3:51 "Acme-Prod" is not a native name of kind project on gcp',
    ],
    [
      'an unknown parent',
      account('aws/x', undefined, ', parent: aws/y'),
      '3:75 there is no target "aws/y" (did you mean "aws/x"?)',
    ],
    [
      'a parent in another cloud',
      `${account('aws/x', undefined, ', parent: gcp/y')}${target('gcp/y', "kind: folder, native: '12'")}`,
      '3:75 "gcp/y" is in another cloud',
    ],
    [
      'parents in a circle',
      `${target('gcp/x', "kind: folder, native: '1', parent: gcp/y")}${target('gcp/y', "kind: folder, native: '2', parent: gcp/x")}`,
      '3:63 "gcp/x" lies below itself',
      '4:63 "gcp/y" lies below itself',
    ],
    [
      'one account under two keys',
      `${account('aws/x')}${account('aws/y')}`,
      '4:51 "aws/x" is already account 444455556666',
    ],
    [
      'one key twice',
      `${account('aws/x')}${account('aws/x')}`,
      '4:3 not valid YAML: the same key stands twice (keep one of them; a line with --- begins a new document)',
    ],
    [
      'a label that rules use',
      account('aws/x', undefined, ', labels: { kind: big }'),
      '3:77 a label cannot be called "kind": rules use that word to select targets',
    ],
    [
      'an unknown owner',
      account('aws/x', undefined, ', owners: [group:platfrom]'),
      '3:76 there is no group "platfrom" (did you mean "platform"?)',
    ],
    [
      'an unknown key',
      account('aws/x', undefined, ', onwers: [group:sre]'),
      '3:67 unknown key "onwers" (did you mean "owners"?)',
    ],
  ])('refuses %s', (_what, lines, ...expected) => {
    expect(refused(lines)).toEqual(expected);
  });
});
