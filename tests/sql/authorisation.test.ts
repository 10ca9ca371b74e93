import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AUTHORISATION,
  judge,
  reasonOf,
  RELATIONS,
  ROLES,
  type Operation,
  type Relation,
  type Role,
} from '../../src/operations/authorisation.ts';
import type { Database } from '../../src/store/database.ts';
import type { Cell } from './cell-cast.ts';
import { everyCell, type Cells } from './every-cell.ts';
import { testEmbedded } from './harness.ts';

const OPERATIONS = Object.keys(AUTHORISATION) as readonly Operation[];

/**
 * Cells into which nobody can come, because whoever has the role stands otherwise to every such thing (`stands`). Whoever comes nearest is
 * tried with the real operations, and gets what the cell of how they stand says; the cell itself is judged by the table alone.
 */
const NOBODY: readonly {
  readonly about: string;
  readonly role: Role;
  readonly relation: Relation;
  readonly stands: Relation;
}[] = [
  // Whoever answers for anything is addressed by every scope.
  { about: 'scope', role: 'approver', relation: 'other', stands: 'addressed' },
  // Whoever is named for the most sensitive approvals is addressed by every recovery.
  { about: 'recovery', role: 'approver', relation: 'other', stands: 'addressed' },
  // Nobody holds a target.
  { about: 'target', role: 'approver', relation: 'own', stands: 'addressed' },
];

/** The cell of the table into which whoever is tried comes. */
const reached = (cell: Cell): Cell => {
  const nobody = NOBODY.find(
    ({ about, role, relation }) =>
      about === AUTHORISATION[cell.operation].about && role === cell.role && relation === cell.relation,
  );
  return nobody === undefined ? cell : { ...cell, relation: nobody.stands };
};

/** What the table says in a cell, as a code. */
const writtenIn = ({ operation, role, relation }: Cell): string => {
  const written = AUTHORISATION[operation].cells[role][RELATIONS.indexOf(relation)] ?? 'hidden';
  const code = reasonOf(written)?.code ?? 'allow';
  return code === 'not-found' ? 'hidden' : code;
};

describe('every cell of the table, tried with the real operations', () => {
  let database: Database;
  let cells: Cells;
  beforeAll(async () => {
    database = await testEmbedded();
    cells = await everyCell(database);
  });
  afterAll(() => database.close());

  test.each(OPERATIONS)(
    '%s',
    async (operation) => {
      const [came, said]: Record<string, string>[] = [{}, {}];
      for (const role of ROLES) {
        for (const relation of RELATIONS) {
          const cell = { operation, role, relation };
          Object.assign(said ?? {}, { [`${role} ${relation}`]: writtenIn(reached(cell)) });
          Object.assign(came ?? {}, { [`${role} ${relation}`]: await cells.try(cell) });
        }
      }
      expect(came).toEqual(said);
    },
    60_000,
  );

  /* What must hold whatever the table says: written by hand, and tried as well. */
  const never = (operation: Operation, role: Role, ...relations: readonly Relation[]) =>
    relations.map((relation): [Cell, string] => [{ operation, role, relation }, 'not allow']);
  const is = (operation: Operation, role: Role, relation: Relation, came: string): [Cell, string] => [
    { operation, role, relation },
    came,
  ];
  const DECISIONS = ['approveRequest', 'denyRequest'] as const;
  const LAWS: readonly [Cell, string][] = [
    ...DECISIONS.flatMap((operation) => [
      ...ROLES.flatMap((role) => never(operation, role, 'own')),
      ...(['member', 'auditor', 'admin', 'workload', 'agent'] as const).flatMap((role) =>
        never(operation, role, ...RELATIONS),
      ),
      is(operation, 'approver', 'addressed', 'allow'),
      is(operation, 'approver', 'other', 'hidden'),
      is(operation, 'member', 'own', 'self-approval'),
      is(operation, 'auditor', 'other', 'not-an-approver'),
      is(operation, 'admin', 'other', 'not-an-approver'),
    ]),
    ...(['showRequest', 'explainRequest', 'withdrawRequest', 'approveRequest', 'denyRequest'] as const).map(
      (operation) => is(operation, 'member', 'other', 'hidden'),
    ),
    ...(
      ['showRequest', 'explainRequest', 'listRequests', 'listGrants', 'showRevocation', 'listRevocations'] as const
    ).flatMap((operation) => [is(operation, 'auditor', 'other', 'allow'), is(operation, 'admin', 'other', 'allow')]),
    ...(['issueCredential', 'issueCertificate', 'openConsole'] as const).flatMap((operation) =>
      ROLES.flatMap((role) => never(operation, role, 'addressed', 'other')),
    ),
    ...(['confirmRevocation', 'orderRevocation', 'liftRevocation', 'openConsole'] as const).flatMap((operation) => [
      ...never(operation, 'workload', ...RELATIONS),
      ...never(operation, 'agent', ...RELATIONS),
    ]),
    ...(['listAdministration', 'claimAdministration', 'propose', 'confirmProposal', 'refuseProposal'] as const).flatMap(
      (operation) => [...never(operation, 'workload', ...RELATIONS), ...never(operation, 'agent', ...RELATIONS)],
    ),
    ...(['auditor', 'admin'] as const).flatMap((role) => [
      ...never('confirmRevocation', role, ...RELATIONS),
      ...never('revokeGrant', role, 'addressed', 'other'),
      ...never('orderRevocation', role, 'addressed', 'other'),
    ]),
    ...ROLES.flatMap((role) => never('confirmProposal', role, 'own')),
    ...ROLES.flatMap((role) => never('confirmRevocation', role, 'own')),
    is('propose', 'member', 'own', 'not-an-admin'),
    is('propose', 'approver', 'own', 'not-an-admin'),
    is('propose', 'auditor', 'own', 'not-an-admin'),
    is('propose', 'admin', 'own', 'allow'),
    is('confirmProposal', 'auditor', 'other', 'not-an-admin'),
    is('confirmProposal', 'member', 'other', 'hidden'),
    is('exportPersonal', 'auditor', 'other', 'allow'),
    is('exportPersonal', 'admin', 'other', 'hidden'),
    is('searchAudit', 'auditor', 'other', 'allow'),
    is('searchAudit', 'member', 'other', 'hidden'),
    is('exportPersonal', 'member', 'other', 'hidden'),
    is('showRevocation', 'member', 'other', 'hidden'),
    is('showRevocation', 'approver', 'other', 'hidden'),
    ...(['member', 'approver', 'workload', 'agent'] as const).flatMap((role) => never('listConflicts', role, 'own')),
    is('listConflicts', 'auditor', 'own', 'allow'),
    is('listConflicts', 'admin', 'own', 'allow'),
    is('examineClouds', 'admin', 'other', 'hidden'),
    is('showGrant', 'agent', 'other', 'hidden'),
    is('showGrant', 'member', 'other', 'allow'),
    is('showPastGrant', 'member', 'other', 'hidden'),
    is('showPastGrant', 'approver', 'other', 'hidden'),
    is('showPastGrant', 'member', 'addressed', 'allow'),
    is('showPastGrant', 'auditor', 'other', 'allow'),
    is('showPastGrant', 'admin', 'other', 'allow'),
    is('showRequest', 'workload', 'addressed', 'hidden'),
  ];

  test('keeps the laws that are written by hand', async () => {
    for (const [cell, wanted] of LAWS) {
      const words = `${cell.operation} ${cell.role} ${cell.relation}`;
      const came = await cells.try(cell);
      if (wanted === 'not allow') expect([words, came]).not.toEqual([words, 'allow']);
      else expect([words, came]).toEqual([words, wanted]);
    }
  }, 120_000);
});

describe('the table', () => {
  test('judges as it says also where nobody comes', () => {
    const tried = OPERATIONS.flatMap((operation) =>
      NOBODY.filter(({ about }) => about === AUTHORISATION[operation].about).map(({ role, relation }) => {
        const refusal = judge(operation, { kind: 'person', roles: [] }, { relation, named: true });
        const came = refusal?.code ?? 'allow';
        const words = `${operation} ${role} ${relation}`;
        expect([words, came === 'not-found' ? 'hidden' : came]).toEqual([
          words,
          writtenIn({ operation, role, relation }),
        ]);
        return words;
      }),
    );
    expect(tried).toEqual([
      'orderRevocation approver other',
      'foreseeOrder approver other',
      'listRecoveries approver other',
      'challengeRecovery approver other',
      'confirmRecovery approver other',
      'examineClouds approver own',
    ]);
  });

  const rank = (cell: string | undefined) => (cell === 'allow' ? 2 : cell === 'hidden' ? 0 : 1);

  test('takes nothing from a person with a role', () => {
    for (const operation of OPERATIONS)
      for (const role of ['approver', 'auditor', 'admin'] as const)
        for (const [at, relation] of RELATIONS.entries()) {
          const { cells } = AUTHORISATION[operation];
          const words = `${operation} ${role} ${relation}`;
          expect([words, rank(cells[role][at]) >= rank(cells.member[at])]).toEqual([words, true]);
        }
  });

  test('shows at least as much to whom a thing belongs or whom it addresses: what is allowed to others is allowed to all', () => {
    for (const operation of OPERATIONS)
      for (const role of ROLES) {
        const [own, addressed, other] = AUTHORISATION[operation].cells[role];
        if (other === 'allow')
          expect([operation, role, own, addressed]).toEqual([
            operation,
            role,
            expect.not.stringMatching('hidden') as string,
            'allow',
          ]);
      }
  });
});
