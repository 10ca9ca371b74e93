import { beforeEach, expect, test } from 'vitest';
import { foreseeOrder } from '../../src/operations/order-outlook.ts';
import { orderRevocation } from '../../src/operations/revoke-many.ts';
import type { Actor } from '../../src/operations/world.ts';
import { acmeOperations, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';

/** Bo answers for a role and a target, Jan for nothing. */
eachDatabase('names of people and targets that do not exist', (current) => {
  let acme: AcmeOperations;
  let bo: Actor;
  let jan: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [bo, jan] = [await acme.as('bo'), await acme.as('jan')];
  });

  const said = async (actor: Actor, what: { person?: string; target?: string }): Promise<string> => {
    const no = await orderRevocation(acme.world, actor, { ...what, reason: 'The laptop was stolen' });
    return no.ok ? 'it was ordered' : `${no.refusal.detail} ${no.refusal.hint ?? ''}`;
  };

  test.each([
    ['a key that is near', 'anna'],
    ['the name of somebody', 'Ana Ribeiro'],
    ['the address of somebody', 'ana.ribeiro@acme.example'],
  ])('%s is named, and who is meant is told to those alone who answer for something', async (_, person) => {
    const lookedUp = `The directory has nobody with the key "${person}".`;
    expect(await said(bo, { person })).toBe(`${lookedUp} did you mean ana (Ana Ribeiro)?`);
    const told = await said(jan, { person });
    expect(told).toContain(`${lookedUp} A key is not a name`);
    expect(told.replaceAll(person, '')).not.toContain('did you mean');
    // What an order would cover is asked before it is given, and tells no more.
    const outlook = await foreseeOrder(acme.world, jan, { person });
    expect(outlook.ok ? '' : `${outlook.refusal.detail} ${outlook.refusal.hint ?? ''}`).toBe(told);
  });

  test('where nobody is near, one reads where keys stand; targets are no secret', async () => {
    expect(await said(bo, { person: 'zzzzzzzzzz' })).toContain('A key is not a name or an e-mail address');
    expect(await said(jan, { target: 'aws/prdo' })).toBe('There is no target "aws/prdo". did you mean "aws/prod"?');
    expect(await said(jan, { target: 'zzzzzzzzzz' })).toContain('"curfew search" lists targets');
  });
});
