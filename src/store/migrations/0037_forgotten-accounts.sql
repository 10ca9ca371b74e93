-- That an account was forgotten stays on record whatever becomes of it later, and who goes on showing one from before is known by it again.

-- Nodes of the version before may be at work meanwhile: nothing else is locked here.
lock table linked_account in access exclusive mode;
-- An administrator can release what an operator had forgotten: `ended_by` says the administrator then.
alter table linked_account add column forgotten_at timestamptz;
update linked_account set forgotten_at = ended_at where ended_by = 'operator';
alter table linked_account add constraint linked_account_forgotten_is_over check (forgotten_at is null or ended_at is not null);
-- When its person last proved it after others of theirs were forgotten.
alter table linked_account add column shown_again_at timestamptz;
