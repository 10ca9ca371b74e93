import { expect, test } from 'vitest';
import { definedOn, type Role } from './role.ts';

test('a role is defined on the clouds that it says something for', () => {
  const role: Role = {
    name: 'reader',
    tier: 3,
    categories: [],
    owner: 'group:data-leads',
    description: '',
    aws: { method: 'assume-role', role: 'reader', sessionPolicy: {}, allows: [] },
    azure: null,
    gcp: null,
  };
  expect([definedOn(role, 'aws'), definedOn(role, 'azure')]).toEqual([true, false]);
});
