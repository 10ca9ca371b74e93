import { sql } from 'kysely';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Result } from '../../src/core/result.ts';
import { after, toIso } from '../../src/core/time.ts';
import { approveRequest, denyRequest, withdrawRequest } from '../../src/operations/decide-request.ts';
import { previewRequest } from '../../src/operations/preview-request.ts';
import type { OperationRefusal } from '../../src/operations/refusal.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { explainRequest, listRequests, showRequest } from '../../src/operations/show-requests.ts';
import { AT_WORK_THERE, ENDING_THERE, UNSETTLED } from '../../src/store/slot-grants.ts';
import { acmeOperations, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};
const [MINUTE, DAY] = [60_000, 86_400_000];

function got<Value>(outcome: Result<Value, OperationRefusal>): Value {
  if (!outcome.ok) throw new Error(`refused: ${outcome.refusal.code} ${outcome.refusal.detail}`);
  return outcome.value;
}

function refusal(outcome: Result<unknown, OperationRefusal>): OperationRefusal | null {
  return outcome.ok ? null : outcome.refusal;
}

eachDatabase('the words of a request', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });
  const now = () => acme.world.clock.now();

  describe('a start', () => {
    test.each([
      ['of an hour ago', -60 * MINUTE, 'start-out-of-range', 'in the past'],
      ['of half a minute ago, by a clock that is slow', -MINUTE / 2, null, ''],
      ['in 29 days', 29 * DAY, null, ''],
      ['in 31 days', 31 * DAY, 'start-out-of-range', 'more than 30d ahead'],
    ])('%s', async (_, fromNowMs, code, words) => {
      const input = { ...ASK, startsAt: after(now(), fromNowMs) };
      const ana = await acme.as('ana');
      for (const outcome of [
        await requestAccess(acme.world, ana, input),
        await previewRequest(acme.world, ana, input),
      ]) {
        expect(refusal(outcome)?.code ?? null).toBe(code);
        expect(refusal(outcome)?.detail ?? '').toContain(words);
      }
    });

    test('is shown to who has to decide, and the preview counts the end from it', async () => {
      const startsAt = after(now(), DAY);
      const ana = await acme.as('ana');
      expect(got(await requestAccess(acme.world, ana, { ...ASK, startsAt })).startsAt).toBe(toIso(startsAt));
      const planned = vi.spyOn(acme.provider, 'plan');
      got(await previewRequest(acme.world, ana, { ...ASK, startsAt }));
      const end = { activatedAt: startsAt, endsAt: after(startsAt, ASK.durationMs) };
      expect(planned).toHaveBeenCalledWith(expect.objectContaining(end));
    });
  });

  test('who has to decide reads what the cloud will be told and what survives the end; after that the grant says its own', async () => {
    const said = { maxMs: 3_600_000, words: 'sessions go on for an hour' };
    acme.provider.residual = () => said;
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const { id } = got(await requestAccess(acme.world, ana, ASK));
    const preview = got(await previewRequest(acme.world, ana, ASK));
    expect([preview.plan[0]?.words, preview.residual]).toEqual([
      'If it begins now: a session',
      [{ ...ASK.items[0], ...said }],
    ]);
    const waits = { items: [{ plan: 'If it begins now: a session', residual: said }], grants: [] };
    expect(got(await showRequest(acme.world, bo, id))).toMatchObject(waits);
    expect(got(await explainRequest(acme.world, bo, id)).request).toMatchObject(waits);
    const listed = got(await listRequests(acme.world, bo, { scope: 'waiting', cursor: null, limit: 10 }));
    expect(listed.items).toMatchObject([waits]);

    const decided = got(await approveRequest(acme.world, bo, id, {}));
    const made = { residual: said, residualBefore: said };
    expect(decided).toMatchObject({ items: [{ plan: null, residual: said }], grants: [made] });
    const now = { maxMs: 0, words: 'nothing goes on' };
    await sql`update "grant" set residual = ${JSON.stringify(now)}::jsonb`.execute(current().db);
    const after = { items: [{ plan: null, residual: said }], grants: [{ residual: now, residualBefore: said }] };
    expect(got(await showRequest(acme.world, ana, id))).toMatchObject(after);
  });

  test('what somebody asked for who has left, or in rules that have gone, is still shown to who has to decide', async () => {
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const { id } = got(await requestAccess(acme.world, ana, ASK));
    const [rules, world] = [acme.world.rules.current(), acme.world];
    const people = new Map([...rules.directory.people].filter(([key]) => key !== 'ana'));
    const left = { ...rules, directory: { ...rules.directory, people } };
    const items = [{ plan: null, residual: { maxMs: 0, words: 'nothing' } }];
    const shown = await showRequest({ ...world, rules: { ...world.rules, current: () => left } }, bo, id);
    expect(got(shown)).toMatchObject({ items });
    const gone = { ...rules, policy: { ...rules.policy, roles: new Map() } };
    const without = await showRequest({ ...world, rules: { ...world.rules, current: () => gone } }, bo, id);
    expect(got(without)).toMatchObject({ items: [{ plan: null, residual: null }] });
  });

  test.each([
    ['the cloud takes only so many calls', true],
    [UNSETTLED, true],
    [AT_WORK_THERE, false],
    [ENDING_THERE, false],
  ])('what a start waits for is said, and until when where that is known: %s', async (why, known) => {
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const { id } = got(await requestAccess(acme.world, ana, ASK));
    got(await approveRequest(acme.world, bo, id, {}));
    const due = after(now(), MINUTE);
    await sql`update "grant" set due_at = ${toIso(due)}, last_fault = ${`waiting: ${why}`}`.execute(current().db);
    const view = got(await showRequest(acme.world, ana, id));
    expect(view.grants).toMatchObject([{ lastFault: null, waits: { until: known ? toIso(due) : null, why } }]);
    expect(view.next).toContain(why);
    expect(view.next).not.toContain('at once');
    expect(view.next.includes(toIso(due))).toBe(known);
  });

  test('a duration that nothing may have is refused as too long, as one that a rule forbids is', async () => {
    const outcome = await requestAccess(acme.world, await acme.as('ana'), { ...ASK, durationMs: 100 * DAY });
    expect(refusal(outcome)).toMatchObject({
      code: 'request-refused',
      refusals: [{ code: 'duration-too-long' }],
      detail: 'No access is given for more than 30d, and this is 100d.',
    });
  });

  test('whoever asks, looks or decides is told how old the people are, where they are older than they should be', async () => {
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const { id } = got(await requestAccess(acme.world, ana, ASK));
    expect(got(await showRequest(acme.world, bo, id)).stale).toEqual([]);
    const source = { name: 'export', version: 'v1', failure: null, held: null, stale: true, takenAt: now() };
    const current = () => ({ ...acme.rules.current(), sources: [source] });
    const later = { ...acme.world, rules: { ...acme.rules, current } };
    const words = [`People of "export" are as of ${toIso(source.takenAt)}.`];
    expect(got(await showRequest(later, bo, id)).stale).toEqual(words);
    expect(got(await explainRequest(later, bo, id)).stale).toEqual(words);
    expect(got(await previewRequest(later, ana, ASK)).stale).toEqual(words);
    expect(got(await approveRequest(later, bo, id, {})).stale).toEqual(words);
  });

  test('a denial says who, and what they said, to whoever looks', async () => {
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const { id } = got(await requestAccess(acme.world, ana, ASK));
    got(await denyRequest(acme.world, bo, id, { comment: 'Use staging please' }));
    const view = got(await showRequest(acme.world, ana, id));
    expect(view.next).toMatch(/^Bo .* said no: Use staging please$/);
    expect(view.decisions).toMatchObject([{ by: { key: 'bo' }, verdict: 'deny', comment: 'Use staging please' }]);
    const { timeline } = got(await explainRequest(acme.world, ana, id));
    expect(timeline.map((one) => one.text)).toContain('said no: Use staging please');
  });

  test('whoever decides second learns who was first, when, and what they said', async () => {
    const [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const one = got(await requestAccess(acme.world, ana, ASK));
    got(await approveRequest(acme.world, bo, one.id, { comment: 'until noon' }));
    expect(refusal(await denyRequest(acme.world, bo, one.id, { comment: 'no' }))).toMatchObject({
      code: 'already-decided',
      detail: expect.stringMatching(/^This request was approved by Bo .* at \d{4}-.*Z: until noon$/) as string,
    });
    const two = got(await requestAccess(acme.world, ana, ASK));
    got(await withdrawRequest(acme.world, ana, two.id));
    expect(refusal(await approveRequest(acme.world, bo, two.id, {}))?.detail).toMatch(/withdrawn by Ana .* at \d{4}-/);
    expect(got(await showRequest(acme.world, bo, two.id)).next).toContain('It was taken back.');
  });
});
