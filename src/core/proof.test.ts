import { expect, test } from 'vitest';
import { proofWords } from './proof.ts';

const UNTIL = '2026-11-22T10:30:00.000Z';

test.each([
  ['observed', {}, true, 'seen in the cloud', null],
  ['by-construction', { credentials: { count: 1 } }, true, 'its own end has passed', null],
  ['never-provisioned', {}, true, 'nothing was ever set up', null],
  ['observed', { standingAccessRemains: true }, false, 'standing access remains', null],
  ['observed', { neededByOthersUntil: UNTIL }, false, 'another grant keeps the access', Date.parse(UNTIL)],
] as const)('%s with %o: gone %s, %s', (kind, evidence, gone, brief, keptUntil) => {
  const said = proofWords({ kind, evidence });
  expect(said).toMatchObject({ gone, brief, keptUntil });
  expect(said.words).toMatch(gone ? /^(Looked|The credential itself ended|It never)/ : /only this (grant|one) is over/);
});
