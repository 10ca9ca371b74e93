-- Roles of Curfew itself, and how they change: nobody changes them alone.
--
--   admin_code (a one-time code on the console)    -> role_assignment of the first admin
--   role_proposal -> confirmed by another person   -> role_assignment begins, or ends
--                 `> refused | withdrawn | lapsed (decided_at stays null; there is nothing to sweep)

create table role_assignment (
  person_id text not null,
  role text not null,
  since timestamptz not null,
  until timestamptz,
  -- Who proposed it and who confirmed it; both null for the first admin, who had the code of the console.
  appointed_by text,
  confirmed_by text,
  constraint role_assignment_pk primary key (person_id, role, since),
  constraint role_assignment_person_fk foreign key (person_id) references person (id),
  constraint role_assignment_appointed_by_fk foreign key (appointed_by) references person (id),
  constraint role_assignment_confirmed_by_fk foreign key (confirmed_by) references person (id),
  constraint role_assignment_role_is_known check (role in ('auditor', 'admin')),
  constraint role_assignment_takes_two_persons check (appointed_by <> confirmed_by),
  constraint role_assignment_without_a_second_is_the_first_admin
    check ((appointed_by is null) = (confirmed_by is null) and (appointed_by is not null or role = 'admin')),
  constraint role_assignment_ends_after_its_start check (until >= since)
);
create unique index role_assignment_is_held_once on role_assignment (person_id, role) where until is null;
create unique index role_assignment_has_one_first_admin on role_assignment (role) where appointed_by is null;
comment on table role_assignment is 'Who is or was an auditor or an admin of Curfew itself.';

create table role_proposal (
  id text not null,
  action text not null,
  role text not null,
  person_id text not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  lapses_at timestamptz not null,
  outcome text,
  decided_by text,
  decided_at timestamptz,
  constraint role_proposal_pk primary key (id),
  constraint role_proposal_id_is_well_formed check (id ~ '^prp_[a-z2-7]{20}$'),
  constraint role_proposal_person_fk foreign key (person_id) references person (id),
  constraint role_proposal_proposed_by_fk foreign key (proposed_by) references person (id),
  constraint role_proposal_decided_by_fk foreign key (decided_by) references person (id),
  constraint role_proposal_action_is_known check (action in ('appoint', 'dismiss')),
  constraint role_proposal_role_is_known check (role in ('auditor', 'admin')),
  constraint role_proposal_outcome_is_known check (outcome in ('confirmed', 'refused', 'withdrawn')),
  constraint role_proposal_is_decided_by_somebody
    check ((outcome is null) = (decided_by is null) and (outcome is null) = (decided_at is null)),
  constraint role_proposal_is_confirmed_by_another check (outcome <> 'confirmed' or decided_by <> proposed_by),
  constraint role_proposal_is_refused_by_another check (outcome <> 'refused' or decided_by <> proposed_by),
  constraint role_proposal_is_withdrawn_by_who_made_it check (outcome <> 'withdrawn' or decided_by = proposed_by),
  constraint role_proposal_is_decided_in_time check (decided_at < lapses_at)
);
create index role_proposal_open on role_proposal (proposed_at) where outcome is null;

create function role_proposal_is_decided_once() returns trigger language plpgsql as $$
begin
  if old.outcome is not null
    or (new.id, new.action, new.role, new.person_id, new.proposed_by, new.proposed_at, new.lapses_at) is distinct from
       (old.id, old.action, old.role, old.person_id, old.proposed_by, old.proposed_at, old.lapses_at)
  then
    raise exception 'proposal % is decided once', old.id using errcode = 'check_violation', constraint = 'role_proposal_is_decided_once';
  end if;
  return new;
end $$;
create trigger role_proposal_is_decided_once before update on role_proposal
  for each row execute function role_proposal_is_decided_once();

-- A role that somebody had stays on record, and there is always an admin once there was one. Whoever ends one has locked all of them.
create function role_assignment_only_ends() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.until is not null
    or (new.person_id, new.role, new.since) is distinct from (old.person_id, old.role, old.since)
    or new.appointed_by is distinct from old.appointed_by or new.confirmed_by is distinct from old.confirmed_by
  then
    raise exception 'a role only ends' using errcode = 'check_violation', constraint = 'role_assignment_only_ends';
  end if;
  if new.until is not null and old.role = 'admin' and not exists (
    select from role_assignment where role = 'admin' and until is null and person_id <> old.person_id)
  then
    raise exception 'the last admin stays' using errcode = 'check_violation', constraint = 'role_assignment_keeps_an_admin';
  end if;
  return new;
end $$;
create trigger role_assignment_only_ends before update or delete on role_assignment
  for each row execute function role_assignment_only_ends();

create table admin_code (
  singleton boolean not null default true,
  hash bytea not null,
  expires_at timestamptz not null,
  tries_left integer not null,
  constraint admin_code_pk primary key (singleton),
  constraint admin_code_is_one_row check (singleton),
  constraint admin_code_hash_is_a_sha256 check (octet_length(hash) = 32),
  constraint admin_code_tries_are_not_negative check (tries_left >= 0)
);
comment on table admin_code is 'SHA-256 of the code with which the first admin is claimed. A start of any node replaces it, until somebody has claimed.';
