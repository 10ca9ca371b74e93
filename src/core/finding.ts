/**
 * What the engine can find about a grant that a person should know and it cannot mend alone: an end that is not proven however often it was
 * tried, access that was there before us and stays, an end in the cloud that somebody edited, more that survives than was
 * promised, approvals that are not what was signed, and an approval by who turned out to be the requester. And what the directory says of
 * nobody's grant: somebody left, and is still here under another entry.
 */
export const FINDINGS = [
  'access-not-provably-gone',
  'standing-access-remains',
  'end-was-edited',
  'more-survives-than-promised',
  'approval-altered',
  'approved-by-requester',
  'left-under-one-entry',
] as const;
export type Finding = (typeof FINDINGS)[number];
