-- One human may have several entries in the directory, and it may give an account to one of them and later to another: it was proven for
-- each, and each keeps it. Whose entry had which account is what tells a sign-in of its person from one of whoever writes the directory.

-- Nodes of the version before may be at work meanwhile: nothing else is locked here, so that whoever reads this table is waited for at once.
lock table linked_account in access exclusive mode;
drop index linked_account_is_one_persons;
create unique index linked_account_is_one_of_a_person on linked_account (issuer, subject, person_id) where ended_at is null;
