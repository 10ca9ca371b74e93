-- Requests, grants, bindings and what hangs on them.
--
--   person 1--n request 1--n request_item 1--1 "grant" n--1 binding
--                  |1--n approval                 |1--n credential
--
-- Legal transitions are rows: "state" can only be changed along request_transition / grant_transition,
-- whatever code path (or person with psql) does it.

-- The one clock of deadlines and leases. The simulation replaces this function with a virtual clock.
create function app_now() returns timestamptz language sql volatile
  as $$ select clock_timestamp() $$;

create table installation (
  singleton boolean not null default true,
  demo boolean not null,
  created_at timestamptz not null,
  constraint installation_pk primary key (singleton),
  constraint installation_is_one_row check (singleton)
);
comment on table installation is 'What this database is for. Data of the demo is marked for ever and is never served as real.';

create table person (
  id text not null,
  directory_key text not null,
  first_seen_at timestamptz not null,
  constraint person_pk primary key (id),
  constraint person_id_is_well_formed check (id ~ '^per_[a-z2-7]{20}$'),
  constraint person_directory_key_is_unique unique (directory_key)
);
comment on table person is 'Pseudonymous id of each person of the directory. The ledger names people only by this id.';

create table policy_version (
  version text not null,
  loaded_at timestamptz not null,
  sources jsonb not null,
  constraint policy_version_pk primary key (version)
);
comment on table policy_version is 'Every set of documents that ever decided, so that an old decision can be recomputed.';

create table request_transition (
  from_state text not null,
  to_state text not null,
  constraint request_transition_pk primary key (from_state, to_state)
);
insert into request_transition (from_state, to_state) values
  ('new', 'pending'),
  ('pending', 'approved'),
  ('pending', 'denied'),
  ('pending', 'withdrawn'),
  ('pending', 'lapsed');

create table request (
  id text not null,
  person_id text not null,
  state text not null default 'pending',
  prior_state text not null default 'new',
  reason text not null,
  ticket text,
  duration_ms bigint not null,
  starts_at timestamptz,
  question jsonb not null,
  decision jsonb not null,
  policy_version text not null,
  created_at timestamptz not null,
  lapses_at timestamptz not null,
  decided_at timestamptz,
  denied_by text,
  due_at timestamptz,
  constraint request_pk primary key (id),
  constraint request_id_is_well_formed check (id ~ '^req_[a-z2-7]{20}$'),
  constraint request_person_fk foreign key (person_id) references person (id),
  constraint request_policy_version_fk foreign key (policy_version) references policy_version (version),
  constraint request_transition_is_legal foreign key (prior_state, state) references request_transition (from_state, to_state),
  constraint request_duration_is_positive check (duration_ms > 0),
  constraint request_decided_exactly_when_not_pending check ((state = 'pending') = (decided_at is null)),
  constraint request_due_exactly_when_pending check ((state = 'pending') = (due_at is not null)),
  constraint request_denied_by_names_who check ((state = 'denied') = (denied_by is not null) and denied_by in ('approver', 'policy'))
);
create index request_due on request (due_at) where due_at is not null;
create index request_person on request (person_id, created_at desc);
create index request_pending on request (created_at) where state = 'pending';

create table request_item (
  request_id text not null,
  ordinal integer not null,
  role text not null,
  target text not null,
  constraint request_item_pk primary key (request_id, ordinal),
  constraint request_item_request_fk foreign key (request_id) references request (id),
  constraint request_item_is_unique unique (request_id, role, target)
);

create table approval (
  id text not null,
  request_id text not null,
  person_id text not null,
  verdict text not null,
  comment text,
  decided_at timestamptz not null,
  constraint approval_pk primary key (id),
  constraint approval_request_fk foreign key (request_id) references request (id),
  constraint approval_person_fk foreign key (person_id) references person (id),
  constraint approval_verdict_is_known check (verdict in ('approve', 'deny')),
  constraint approval_counts_a_person_once unique (request_id, person_id)
);

create table binding (
  slot text not null,
  provider text not null,
  method text not null,
  native jsonb not null default '{}',
  -- When the last call that writes was dispatched: absence is proven only later than it can still land.
  last_call_at timestamptz,
  rung integer not null default 0,
  constraint binding_pk primary key (slot)
);

create table grant_transition (
  from_state text not null,
  to_state text not null,
  constraint grant_transition_pk primary key (from_state, to_state)
);
insert into grant_transition (from_state, to_state) values
  ('new', 'scheduled'),
  ('scheduled', 'activating'),
  ('scheduled', 'ended'),
  ('scheduled', 'failed'),
  ('activating', 'active'),
  ('activating', 'ending'),
  ('active', 'ending'),
  ('ending', 'ended'),
  ('ending', 'failed');

create table "grant" (
  id text not null,
  request_id text not null,
  ordinal integer not null,
  person_id text not null,
  slot text not null,
  role text not null,
  target text not null,
  provider text not null,
  method text not null,
  principal text not null,
  duration_ms bigint not null,
  -- The role and the target as they were when the request was approved: what is provisioned is what was approved.
  definition jsonb not null,
  state text not null default 'scheduled',
  prior_state text not null default 'new',
  starts_at timestamptz not null,
  activated_at timestamptz,
  ends_at timestamptz,
  usable_at timestamptz,
  -- Credentials that were issued before this are dead although the grant lives: its role's sessions were all cut.
  reissue_after timestamptz,
  ending_since timestamptz,
  end_cause text,
  ended_at timestamptz,
  proof jsonb,
  -- The deadline: when the engine must look at this grant next. Null exactly when nothing is left to do.
  due_at timestamptz,
  lease_owner text,
  lease_until timestamptz,
  attempts integer not null default 0,
  last_fault text,
  constraint grant_pk primary key (id),
  constraint grant_id_is_well_formed check (id ~ '^grt_[a-z2-7]{20}$'),
  constraint grant_item_fk foreign key (request_id, ordinal) references request_item (request_id, ordinal),
  constraint grant_comes_once_from_an_item unique (request_id, ordinal),
  constraint grant_person_fk foreign key (person_id) references person (id),
  constraint grant_slot_fk foreign key (slot) references binding (slot),
  constraint grant_transition_is_legal foreign key (prior_state, state) references grant_transition (from_state, to_state),
  constraint grant_end_is_written_before_the_first_call
    check (state not in ('activating', 'active', 'ending') or (activated_at is not null and ends_at is not null)),
  constraint grant_ends_after_it_starts check (ends_at > activated_at),
  constraint grant_active_was_usable check (state <> 'active' or usable_at is not null),
  constraint grant_ending_has_a_cause check (state not in ('ending', 'ended', 'failed') or end_cause is not null),
  constraint grant_cause_is_known check (end_cause in ('expired', 'returned', 'revoked', 'failed')),
  constraint grant_over_only_with_proof
    check ((state in ('ended', 'failed')) = (proof is not null) and (proof is null) = (ended_at is null)),
  constraint grant_due_until_over check ((state in ('ended', 'failed')) = (due_at is null)),
  constraint grant_lease_is_whole check ((lease_owner is null) = (lease_until is null))
);
create index grant_due on "grant" (due_at) where due_at is not null;
create index grant_due_ending on "grant" (due_at) where state in ('active', 'ending');
create index grant_person_live on "grant" (person_id) where state not in ('ended', 'failed');
create index grant_live on "grant" (ends_at) where state in ('activating', 'active', 'ending');
create index grant_slot_index on "grant" (slot);

create table credential (
  id text not null,
  grant_id text not null,
  fingerprint text not null,
  policy_hash text,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  constraint credential_pk primary key (id),
  constraint credential_grant_fk foreign key (grant_id) references "grant" (id),
  constraint credential_fingerprint_is_a_sha256 check (fingerprint ~ '^[0-9a-f]{64}$')
);
comment on table credential is 'Fingerprint and expiry of what was handed out. The credential itself is never stored.';
create index credential_grant on credential (grant_id);

-- One writer at a time for things in a cloud that are read, changed and written back (a role's deny policy).
create table cloud_lock (
  key text not null,
  owner text not null,
  until timestamptz not null,
  constraint cloud_lock_pk primary key (key)
);

-- Remembers the state that a row had, so that the foreign key can judge the step.
create function remember_prior_state() returns trigger language plpgsql as $$
begin
  if new.state is distinct from old.state then
    new.prior_state := old.state;
  else
    new.prior_state := old.prior_state;
  end if;
  return new;
end $$;
create trigger request_remembers_prior_state before update on request
  for each row execute function remember_prior_state();
create trigger grant_remembers_prior_state before update on "grant"
  for each row execute function remember_prior_state();

-- The end is never re-armed: once a grant runs, only an extension may move it, and none may once it is ending.
create function grant_end_is_absolute() returns trigger language plpgsql as $$
begin
  if old.activated_at is not null and new.activated_at is distinct from old.activated_at then
    raise exception 'activated_at of % is fixed', old.id using errcode = 'check_violation', constraint = 'grant_activated_at_is_fixed';
  end if;
  if old.ends_at is not null and new.ends_at > old.ends_at then
    raise exception 'ends_at of % is never re-armed', old.id using errcode = 'check_violation', constraint = 'grant_ends_at_is_never_rearmed';
  end if;
  return new;
end $$;
create trigger grant_end_is_absolute before update on "grant"
  for each row execute function grant_end_is_absolute();
