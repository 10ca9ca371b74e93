import { expect, test } from 'vitest';
import { heldLines, holdsLines, othersLines, reachLines, whoseWords } from './circumstances.ts';

const at = (time: string): string => time.slice(11, 16);
const what = { role: 'invoice-reader', target: 'aws/prod', tier: 2 } as const;
const held = { ...what, grant: 'grt_a', status: 'active', endsAt: '2026-11-22T14:30:00Z' } as const;
const item = { role: 'key-maker', target: 'aws/prod', othersHold: 0, below: 0, abilities: [] };

test('who asks is said in what matters, and not at all where nothing is known', () => {
  expect(whoseWords({ employment: 'contractor', team: 'data', onCall: ['data', 'sre'] })).toBe(
    'team data · contractor · on call for data, sre',
  );
  expect(whoseWords({ employment: 'employee', team: null, onCall: [] })).toBe('');
});

test('what they hold there stands first, and that it is nothing is said', () => {
  expect(holdsLines({ holds: [], holdsElsewhere: 0 }, at)).toEqual(['Nothing there']);
  expect(holdsLines({ holds: [], holdsElsewhere: 2 }, at)).toEqual(['Nothing there; 2 on other targets']);
  const planned = { ...held, status: 'scheduled', endsAt: null } as const;
  const ending = { ...held, status: 'ending' } as const;
  expect(holdsLines({ holds: [held, ending, planned], holdsElsewhere: 1 }, at)).toEqual([
    'invoice-reader on aws/prod until 14:30',
    'invoice-reader on aws/prod, ending',
    'invoice-reader on aws/prod, not begun',
    '1 on other targets',
  ]);
});

test('whoever asks for a later end holds the very thing, and until when', () => {
  const longer = {
    durationMs: 3_600_000,
    grantedDurationMs: null,
    extends: { grant: 'grt_a', until: '2026-11-22T15:30:00Z', state: null },
  } as unknown as Parameters<typeof heldLines>[0];
  expect(heldLines(longer, { holds: [], holdsElsewhere: 0 }, at)).toEqual(['This, until 14:30']);
  expect(heldLines(longer, { holds: [], holdsElsewhere: 2 }, at)).toEqual(['This, until 14:30', '2 on other targets']);
  const also = { ...held, role: 'key-maker' };
  expect(heldLines(longer, { holds: [also], holdsElsewhere: 0 }, at)).toEqual([
    'This, until 14:30',
    'key-maker on aws/prod until 14:30',
  ]);
  const first = { ...longer, extends: null };
  expect(heldLines(first, { holds: [], holdsElsewhere: 0 }, at)).toEqual(['Nothing there']);
});

test('others are counted by item', () => {
  expect(othersLines([item])).toEqual(['Nobody else']);
  expect(othersLines([{ ...item, othersHold: 1 }])).toEqual(['1 other']);
  expect(othersLines([item, { ...item, role: 'reader', othersHold: 3 }])).toEqual([
    'key-maker on aws/prod: nobody else',
    'reader on aws/prod: 3 others',
  ]);
});

test('a reach is said where there is one', () => {
  expect(reachLines([item])).toEqual([]);
  expect(reachLines([{ ...item, below: 12, abilities: ['pass-role', 'create-keys'] }])).toEqual([
    'aws/prod and 12 targets below it',
    'can hand roles to services, create keys, which stay',
  ]);
});
