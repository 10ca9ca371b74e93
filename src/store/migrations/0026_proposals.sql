-- No admin acts alone: whatever an admin changes is proposed by one and confirmed by another.
--
--   proposal -> confirmed by another person -> role_assignment begins or ends, person_alias is written, linked_account is released
--            `> refused | withdrawn | lapsed (decided_at stays null; there is nothing to sweep)

create table proposal (
  id text not null,
  action text not null,
  -- Whom it is about: of two who are merged the one that both are counted as, of an account whoever it was proven for.
  person_id text not null,
  role text,
  other_id text,
  grants text,
  account_id text,
  reason text not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  lapses_at timestamptz not null,
  outcome text,
  decided_by text,
  decided_at timestamptz,
  constraint proposal_pk primary key (id),
  constraint proposal_id_is_well_formed check (id ~ '^prp_[a-z2-7]{20}$'),
  constraint proposal_person_fk foreign key (person_id) references person (id),
  constraint proposal_other_fk foreign key (other_id) references person (id),
  constraint proposal_account_fk foreign key (account_id) references linked_account (id),
  constraint proposal_proposed_by_fk foreign key (proposed_by) references person (id),
  constraint proposal_decided_by_fk foreign key (decided_by) references person (id),
  constraint proposal_action_is_known check (action in ('appoint', 'dismiss', 'merge', 'release')),
  constraint proposal_role_is_known check (role in ('auditor', 'admin')),
  constraint proposal_grants_are_known check (grants in ('end', 'keep')),
  constraint proposal_names_what_it_changes check (
    (role is not null) = (action in ('appoint', 'dismiss'))
    and (other_id is not null) = (action = 'merge') and (grants is not null) = (action = 'merge')
    and (account_id is not null) = (action = 'release')),
  constraint proposal_says_why check (reason <> ''),
  constraint proposal_merges_two check (other_id <> person_id),
  constraint proposal_outcome_is_known check (outcome in ('confirmed', 'refused', 'withdrawn')),
  constraint proposal_is_decided_by_somebody
    check ((outcome is null) = (decided_by is null) and (outcome is null) = (decided_at is null)),
  constraint proposal_is_confirmed_by_another check (outcome <> 'confirmed' or decided_by <> proposed_by),
  constraint proposal_is_refused_by_another check (outcome <> 'refused' or decided_by <> proposed_by),
  constraint proposal_is_withdrawn_by_who_made_it check (outcome <> 'withdrawn' or decided_by = proposed_by),
  -- Who are merged, or have the account, decide nothing about it; of a role, whom it is about confirms where there is no other admin.
  constraint proposal_is_not_made_by_whom_it_is_about
    check (action in ('appoint', 'dismiss') or proposed_by not in (person_id, coalesce(other_id, person_id))),
  constraint proposal_is_not_confirmed_by_whom_it_is_about check (
    action in ('appoint', 'dismiss') or outcome <> 'confirmed' or decided_by not in (person_id, coalesce(other_id, person_id))),
  constraint proposal_is_decided_in_time check (decided_at < lapses_at)
);
create index proposal_open on proposal (proposed_at) where outcome is null;
comment on table proposal is 'Changes by admins: each takes two.';

insert into proposal
  (id, action, person_id, role, reason, proposed_by, proposed_at, lapses_at, outcome, decided_by, decided_at)
select id, action, person_id, role, '(made before a reason was asked for)', proposed_by, proposed_at, lapses_at, outcome, decided_by, decided_at
from role_proposal;
drop table role_proposal;
drop function role_proposal_is_decided_once;

create function proposal_is_decided_once() returns trigger language plpgsql as $$
begin
  if old.outcome is not null
    or (new.id, new.action, new.person_id, new.reason, new.proposed_by, new.proposed_at, new.lapses_at) is distinct from
       (old.id, old.action, old.person_id, old.reason, old.proposed_by, old.proposed_at, old.lapses_at)
    or (new.role, new.other_id, new.grants, new.account_id) is distinct from (old.role, old.other_id, old.grants, old.account_id)
  then
    raise exception 'proposal % is decided once', old.id using errcode = 'check_violation', constraint = 'proposal_is_decided_once';
  end if;
  return new;
end $$;
create trigger proposal_is_decided_once before update on proposal
  for each row execute function proposal_is_decided_once();

-- Null: merged before it took two.
alter table person_alias add column confirmed_by text,
  add constraint person_alias_confirmed_by_fk foreign key (confirmed_by) references person (id),
  add constraint person_alias_takes_two_persons check (confirmed_by <> merged_by);
