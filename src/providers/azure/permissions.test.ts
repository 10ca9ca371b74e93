import { expect, test } from 'vitest';
import { delegationCondition } from './permissions.ts';

const READER = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const SQL = '6d8ee4ec-f05a-4a1d-8b00-a9b17e38b437';

test('the broker may assign exactly the roles of the catalogue, to users, and delete exactly those', () => {
  const type = 'Microsoft.Authorization/roleAssignments';
  expect(delegationCondition([READER.toUpperCase(), SQL, READER])).toBe(
    `((!(ActionMatches{'${type}/write'})) OR (@Request[${type}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${SQL}, ${READER}} ` +
      `AND @Request[${type}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'User'})) ` +
      `AND ((!(ActionMatches{'${type}/delete'})) OR (@Resource[${type}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${SQL}, ${READER}}))`,
  );
});

test('no role is no condition, and more than Azure takes is said with the count', () => {
  expect(() => delegationCondition([])).toThrow(/no role on Azure/);
  const many = Array.from({ length: 110 }, (_, index) => `acdd72a7-3385-48ef-bd42-${String(index).padStart(12, '0')}`);
  expect(() => delegationCondition(many)).toThrow(/with 110 roles has \d+ characters, and Azure takes 8192/);
  expect(delegationCondition(many.slice(0, 90)).length).toBeLessThanOrEqual(8_192);
});
