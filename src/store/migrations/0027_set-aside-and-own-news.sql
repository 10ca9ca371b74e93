-- A yes that the rules in force no longer take for one, because the role has changed since: said without a passkey to what takes one now, or
-- signed over what the role was. It counts for nothing and stays on record; whoever gave it may decide anew.
alter table approval
  add column set_aside boolean not null default false,
  add constraint approval_only_a_yes_is_set_aside check (not set_aside or verdict = 'approve');

-- People are told of their own keys, accounts and roles too, which is about no request: what it is about is the entry of the log that
-- stands in the occasion.
alter table notification alter column request_id drop not null;
