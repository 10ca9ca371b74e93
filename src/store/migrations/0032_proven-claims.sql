-- How whoever claims an account came to it: by the directory, which can be put right, or by a proof of their own, which is for admins to settle.
-- What was claimed before is not known, and is for them too.
alter table linked_account add column conflict_proof text;
alter table linked_account add constraint linked_account_conflict_proof_is_known check (conflict_proof in ('directory', 'sign-in'));
