import { expect, test } from 'vitest';
import { loadAcme } from '../../tests/acme-world.ts';
import { fakeProvider } from '../../tests/sql/fake-provider.ts';
import { systemClock } from '../platform/clock.ts';
import type { DoctorPlace } from '../providers/contract.ts';
import { examineClouds } from './examine-clouds.ts';

const { policy, directory } = loadAcme();
const rules = { current: () => ({ policy, directory, loadedAt: systemClock.now(), problems: [] }) };

/** Examines as somebody; the provider remembers where it was asked to look. */
async function examined(key: string) {
  const asked: DoctorPlace[] = [];
  const doctor = async (places: readonly DoctorPlace[]) => {
    asked.push(...places);
    return [{ target: 'aws', ok: true, message: 'well' }];
  };
  const providers = new Map([['aws' as const, { ...fakeProvider(), doctor }]]);
  const findings = await examineClouds({ rules, providers, clock: systemClock }, { kind: 'person', roles: [], key });
  return { findings, asked };
}

test('looks at the targets that somebody owns, with the roles that a rule offers there', async () => {
  const { findings, asked } = await examined('mia');
  expect(findings).toEqual([{ target: 'aws', ok: true, message: 'well' }]);
  expect(asked.map(({ target }) => target.key)).toEqual(expect.arrayContaining(['aws/prod', 'aws/staging']));
  expect(asked.map(({ target }) => target.key)).not.toContain('aws/security');
  for (const { target, roles } of asked) {
    expect([target.key, roles.length]).not.toEqual([target.key, 0]);
    expect(roles.every((role) => role.aws !== null)).toBe(true);
  }
  const prod = asked.find(({ target }) => target.key === 'aws/prod');
  expect(prod?.roles.map((role) => role.name)).toContain('invoice-reader');
});

test.each(['ana', 'nobody'])('finds nothing, and calls nobody, for %s who owns no target', async (key) => {
  expect(await examined(key)).toEqual({ findings: [], asked: [] });
});
