-- Whoever has a passkey signs what they confirm as an admin: the question is over a document, as that of an approval is.
alter table passkey_challenge
  drop constraint passkey_challenge_purpose_is_known,
  drop constraint passkey_challenge_has_a_document_to_sign,
  add constraint passkey_challenge_purpose_is_known
    check (purpose in ('register', 'step-up', 'approve', 'recover', 'administer')),
  add constraint passkey_challenge_has_a_document_to_sign
    check ((purpose in ('approve', 'recover', 'administer')) = (document is not null));

-- Where every admin has left, an operator lets one be claimed once more, and that one begins before the roles of the others end: somebody always
-- is admin. That one claims at a time is kept by the code, which is one row, locked, and gone once it is used.
drop index role_assignment_has_one_first_admin;
