-- What each yes was given for: of every item, in their order, the hashes of what the role gave and of where the target was. A yes counts only
-- while both are still that. One from before this was kept counts for nothing while its request waits: nobody knows what it was given for.
-- A no is one to everything.
alter table approval
  add column given_for jsonb,
  add constraint approval_only_a_yes_is_given_for_something check (given_for is null or verdict = 'approve');
