/** What is written of whoever acts. Foreign keys that name them fail when nobody of that id is known. */
const ACTORS: ReadonlySet<unknown> = new Set([
  'request_person_fk',
  'approval_person_fk',
  'revocation_ordered_by_fk',
  'revocation_confirmed_by_fk',
  'revocation_lifted_by_fk',
  'proposal_proposed_by_fk',
  'proposal_decided_by_fk',
  'role_assignment_person_fk',
  'notification_off_person_fk',
  'notification_mute_person_fk',
]);

/** Whether the database does not know who acts: a copy was restored that is older than their first sign-in. Nothing was changed. */
export function isUnknownActor(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && ACTORS.has(error.constraint);
}
