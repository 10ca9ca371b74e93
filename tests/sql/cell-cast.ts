import { AUTHORISATION, type Operation, type Relation, type Role } from '../../src/operations/authorisation.ts';

/** A cell of the table: who tries what, and how they stand to it. */
export interface Cell {
  readonly operation: Operation;
  readonly role: Role;
  readonly relation: Relation;
}

/** What a row is about. */
export type About = (typeof AUTHORISATION)[Operation]['about'];
const isMachine = (role: Role): boolean => role === 'workload' || role === 'agent';

/** Who acts in a cell, and whose the thing is. */
export function castOf(about: About, role: Role, relation: Relation): { readonly who: string; readonly thing: string } {
  if (about === 'nothing')
    return {
      who: { member: 'gia', approver: 'finn', auditor: 'elif', admin: 'eli', workload: 'hugo', agent: 'cem' }[role],
      thing: '',
    };
  if (about === 'proposal') {
    const who = role === 'admin' || isMachine(role) ? 'eli' : role === 'auditor' ? 'elif' : 'hana';
    return { who, thing: { own: `${who}:gia`, addressed: `ada:${who}`, other: 'ada:gia' }[relation] };
  }
  const named = role === 'approver' || isMachine(role);
  if (relation === 'own') return role === 'approver' ? { who: 'bo', thing: 'bo' } : { who: 'ana', thing: 'ana' };
  if (about === 'order') {
    if (relation === 'addressed') return named ? { who: 'fay', thing: 'bo' } : { who: 'jan', thing: 'confirmed' };
    return role === 'approver' ? { who: 'fay', thing: 'against-fay' } : { who: 'hana', thing: 'bo' };
  }
  if (relation === 'addressed') return { who: named ? 'bo' : 'jan', thing: 'ana' };
  return { who: role === 'approver' ? 'fay' : 'hana', thing: 'ana' };
}
