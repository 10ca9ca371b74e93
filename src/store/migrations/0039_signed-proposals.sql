-- Whoever has a passkey signs what they confirm as an admin: the question is over a document, as that of an approval is.
alter table passkey_challenge
  drop constraint passkey_challenge_purpose_is_known,
  drop constraint passkey_challenge_has_a_document_to_sign,
  add constraint passkey_challenge_purpose_is_known
    check (purpose in ('register', 'step-up', 'approve', 'recover', 'administer')),
  add constraint passkey_challenge_has_a_document_to_sign
    check ((purpose in ('approve', 'recover', 'administer')) = (document is not null));
