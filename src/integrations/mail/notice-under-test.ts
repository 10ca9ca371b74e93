import { parseId, type RequestId } from '../../core/ids.ts';
import { instant } from '../../core/time.ts';
import type { Notice, NoticeGrant } from '../../operations/notice.ts';

/** For tests only: a message to be changed into the one that a test is about. */

export const AT = instant(Date.parse('2026-11-22T14:00:00Z'));
const MINUTE = 60_000;

export const GRANT: NoticeGrant = {
  role: 'invoice-reader',
  target: 'aws/prod',
  endsAt: instant(AT + 15 * MINUTE),
  cause: null,
  endedAt: null,
  proof: null,
  residual: null,
  triedAgain: false,
};

export function noticeUnderTest(changes: Partial<Notice> = {}): Notice {
  return {
    kind: 'waits',
    to: { name: 'Bo Sandberg', address: 'bo.sandberg@acme.example' },
    request: requestId(),
    key: '0123456789abcdef01234567',
    happenedAt: AT,
    requester: 'Ana Ribeiro',
    items: [{ role: 'invoice-reader', target: 'aws/prod', tier: 2 }],
    reason: 'Check the invoice export',
    ticket: null,
    durationMs: 15 * MINUTE,
    startsAt: null,
    lapsesAt: instant(AT + 24 * 60 * MINUTE),
    until: null,
    state: { kind: 'pending', lapsesAt: instant(AT + 24 * 60 * MINUTE) },
    decided: null,
    grant: null,
    ...changes,
  };
}

function requestId(): RequestId {
  const id = parseId('req', `req_${'abcde'.repeat(4)}`);
  if (id === null) throw new Error('the id of the test is no id');
  return id;
}
