import { beforeEach, expect, test } from 'vitest';
import { onCall } from '../../src/core/directory.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { previewRequest } from '../../src/operations/preview-request.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { showRequest } from '../../src/operations/show-requests.ts';
import { MOST_NAMED } from '../../src/operations/step-view.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};
/** Added to whoever decides about invoices. */
const CROWD = Array.from({ length: 300 }, (_, index) => `aa-${String(index).padStart(3, '0')}`);

eachDatabase('who decides', (current) => {
  let acme: AcmeOperations;
  const edit = async (path: string, from: string, to: string) => {
    acme.edit((file) => (file.path === path ? { ...file, text: file.text.replace(from, to) } : file));
    await acme.reload();
    expect(acme.rules.current().problems).toEqual([]);
  };
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });

  const crowd = async () => {
    const people = CROWD.map((key) => `  ${key}: { name: ${key}, email: ${key}@acme.example }\n`).join('');
    await edit('directory.yaml', 'people:\n', `people:\n${people}`);
    await edit('directory.yaml', 'members: [bo, finn, hal]', `members: [bo, finn, hal, ${CROWD.join(', ')}]`);
  };

  test('of three hundred people fifty are named, and all are counted: whoever looks comes first', async () => {
    await crowd();
    const { decision, deciders } = got(await previewRequest(acme.world, await acme.as('ana'), ASK));
    const all = decision.steps[0]?.eligible.length ?? 0;
    expect(all).toBeGreaterThan(CROWD.length);
    expect(deciders).toMatchObject([{ eligibleCount: all }]);
    expect(deciders[0]?.eligible).toHaveLength(MOST_NAMED);
    const asked = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
    expect(asked.next).toMatch(new RegExp(`^Waiting for 1 of .* and ${all - 5} more\\.$`));
    const [step] = got(await showRequest(acme.world, await acme.as('hal'), asked.id)).steps;
    expect(step?.eligible[0]?.key).toBe('hal');
    expect(step?.eligibleCount).toBe(all);
    expect(step?.eligible).toHaveLength(MOST_NAMED);
  });

  test('who is on call in a rotation that the step names comes before the others, and is marked', async () => {
    await crowd();
    const now = acme.world.clock.now();
    const called = onCall(acme.rules.current().directory, 'data', now);
    expect(called).toHaveLength(1);
    const asked = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
    const people = asked.steps[0]?.eligible ?? [];
    expect(people[0]).toMatchObject({ key: called[0], onCall: true });
    expect(people.filter((one) => one.onCall)).toHaveLength(1);
    expect(asked.next).toContain(`${people[0]?.name} (on call)`);
    // Where the step names the group alone, nobody of it is asked as whoever is on call.
    await edit('policies/data.yaml', 'from: [oncall:data, group:data-leads]', 'from: [group:data-leads]');
    const { deciders } = got(await previewRequest(acme.world, await acme.as('ana'), ASK));
    expect(deciders[0]?.eligible.filter((one) => one.onCall)).toEqual([]);
  });

  test('who has said yes is not among those whose yes is still taken', async () => {
    const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
    const before = got(await showRequest(acme.world, await acme.as('bo'), id)).steps[0];
    const after = got(await approveRequest(acme.world, await acme.as('bo'), id, {})).steps[0];
    expect(before?.eligible.map(({ key }) => key)).toContain('bo');
    expect(after?.eligible.map(({ key }) => key)).not.toContain('bo');
    expect(after?.eligibleCount).toBe((before?.eligibleCount ?? 0) - 1);
  });
});
