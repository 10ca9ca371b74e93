import { expect, test } from 'vitest';
import { ProviderFault } from '../../src/providers/contract.ts';
import type { Database } from '../../src/store/database.ts';
import { findGrant } from '../../src/store/grants.ts';
import { bench, pastItsEnd } from './engine-bench.ts';
import { fakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

/** A grant whose time is over and whose end in the cloud was edited, while that cannot be written into the log. */
async function unwritable(database: Database) {
  const provider = fakeProvider({ byConstruction: false });
  const { observe } = provider;
  Object.assign(provider, {
    observe: async (...asked: Parameters<typeof observe>) => {
      const seen = await observe(...asked);
      return seen.presence === 'present' ? { ...seen, endIsEdited: true } : seen;
    },
  });
  const log = { fails: true };
  const on = bench(database, provider, {
    appendFails: (written) => log.fails && written.some(({ kind }) => kind === 'finding.raised'),
  });
  const id = await scheduledGrant(database);
  await on.engine.pass('starts');
  await pastItsEnd(database, id);
  return { ...on, id, provider, log };
}

eachDatabase('an edited end that cannot be written into the log', (current) => {
  test('keeps no removal that worked from its proof', async () => {
    const { engine, state, id } = await unwritable(current());
    await engine.pass('ends');
    expect(await state(id)).toBe('ended');
  });

  test('hides no fault of a removal, and is told at the next look', async () => {
    const { engine, hurry, found, state, id, provider, log } = await unwritable(current());
    provider.faults.push({ call: 'revoke', fault: new ProviderFault('unreachable', 'no answer') });
    await engine.pass('ends');
    expect(await findGrant(current().db, id)).toMatchObject({ attempts: 1, lastFault: 'unreachable: no answer' });
    log.fails = false;
    await hurry();
    await engine.pass('ends');
    expect([await state(id), found]).toEqual(['ended', ['end-was-edited']]);
  });
});
