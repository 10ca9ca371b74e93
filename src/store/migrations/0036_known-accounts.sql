-- Accounts that are known to be somebody's and sign in nobody, and accounts that an operator lets the directory introduce anew.

-- Nodes of the version before may be at work meanwhile: nothing else is locked here. They know accounts that sign in, and no others.
lock table linked_account in access exclusive mode;
-- What an account was linked for is kept with it, because settings can be changed by whoever starts a node, and a proof cannot.
alter table linked_account add column signs_in boolean not null default true;
alter table linked_account add constraint linked_account_of_the_directory_signs_in check (signs_in or proof = 'sign-in');
alter table linked_account drop constraint linked_account_ended_by_is_known;
alter table linked_account add constraint linked_account_ended_by_is_known check (ended_by in ('person', 'administrator', 'operator'));
