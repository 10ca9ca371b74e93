import { expect, test } from 'vitest';
import { readWayBack } from './way-back.ts';

test('the way back leads to a page of ours that signs, and nowhere else', () => {
  for (const back of ['/approvals/req_aaaaaaaaaaaaaaaaaaaa', '/administration', '/recovery'])
    expect(readWayBack({ back })).toEqual({ back });
  for (const back of ['//evil.example', '/\\evil.example', 'https://evil.example', '/approvals/../x', '/v1/me', '', 7])
    expect(readWayBack({ back }), String(back)).toEqual({});
  expect(readWayBack({})).toEqual({});
  expect(readWayBack(Object.create({ back: '/recovery' }) as Record<string, unknown>)).toEqual({});
});
