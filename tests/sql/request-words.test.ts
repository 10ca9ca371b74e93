import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Result } from '../../src/core/result.ts';
import { after, toIso } from '../../src/core/time.ts';
import { approveRequest, denyRequest, withdrawRequest } from '../../src/operations/decide-request.ts';
import { previewRequest } from '../../src/operations/preview-request.ts';
import type { OperationRefusal } from '../../src/operations/refusal.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { explainRequest, showRequest } from '../../src/operations/show-requests.ts';
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
      for (const outcome of [await requestAccess(acme.world, ana, input), previewRequest(acme.world, ana, input)]) {
        expect(refusal(outcome)?.code ?? null).toBe(code);
        expect(refusal(outcome)?.detail ?? '').toContain(words);
      }
    });

    test('is shown to who has to decide, and the preview counts the end from it', async () => {
      const startsAt = after(now(), DAY);
      const ana = await acme.as('ana');
      expect(got(await requestAccess(acme.world, ana, { ...ASK, startsAt })).startsAt).toBe(toIso(startsAt));
      const planned = vi.spyOn(acme.provider, 'plan');
      got(previewRequest(acme.world, ana, { ...ASK, startsAt }));
      const end = { activatedAt: startsAt, endsAt: after(startsAt, ASK.durationMs) };
      expect(planned).toHaveBeenCalledWith(expect.objectContaining(end));
    });
  });

  test('a duration that nothing may have is refused as too long, as one that a rule forbids is', async () => {
    const outcome = await requestAccess(acme.world, await acme.as('ana'), { ...ASK, durationMs: 100 * DAY });
    expect(refusal(outcome)).toMatchObject({
      code: 'request-refused',
      refusals: [{ code: 'duration-too-long' }],
      detail: 'No access is given for more than 30d, and this is 100d.',
    });
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
