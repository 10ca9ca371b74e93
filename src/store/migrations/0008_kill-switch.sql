-- The kill switch: orders to end all access of one person, on one target, or everywhere, and the grants that each of them ended.
--
--   proposed (reach none) -> own -> all        own: what whoever ordered it may end alone; all: a second person confirmed it
--   a row without lifted_at stands: nothing within its reach starts
--
-- An order that nobody confirms before asks_until simply stays as far-reaching as it was; there is nothing to sweep.

create table revocation (
  id text not null,
  scope text not null,
  person_id text,
  target text,
  reason text not null,
  ordered_by text not null,
  ordered_at timestamptz not null,
  reach text not null,
  -- Until when a second person may widen it; null when there is nothing to widen.
  asks_until timestamptz,
  confirmed_by text,
  confirmed_at timestamptz,
  -- Whether it stops new access until it is lifted, or only until everything that it reaches is gone.
  holds boolean not null,
  -- When it began to act, with the reach that it has now; time to zero counts from here.
  started_at timestamptz,
  -- Everything within its reach has been told to end.
  swept_at timestamptz,
  finished_at timestamptz,
  withdrawn integer not null default 0,
  lifted_by text,
  lifted_at timestamptz,
  constraint revocation_pk primary key (id),
  constraint revocation_id_is_well_formed check (id ~ '^rev_[a-z2-7]{20}$'),
  constraint revocation_person_fk foreign key (person_id) references person (id),
  constraint revocation_ordered_by_fk foreign key (ordered_by) references person (id),
  constraint revocation_confirmed_by_fk foreign key (confirmed_by) references person (id),
  constraint revocation_lifted_by_fk foreign key (lifted_by) references person (id),
  constraint revocation_scope_is_known check (scope in ('person', 'target', 'all')),
  constraint revocation_scope_names_what_it_is_about
    check ((scope = 'person') = (person_id is not null) and (scope = 'target') = (target is not null)),
  constraint revocation_reach_is_known check (reach in ('none', 'own', 'all')),
  constraint revocation_of_everything_takes_two check (scope <> 'all' or reach <> 'own'),
  constraint revocation_reaches_all_exactly_when_confirmed
    check ((reach = 'all') = (confirmed_by is not null) and (confirmed_by is null) = (confirmed_at is null)),
  constraint revocation_is_confirmed_by_another check (confirmed_by <> ordered_by),
  constraint revocation_is_not_confirmed_by_whom_it_is_about check (confirmed_by <> person_id),
  constraint revocation_is_confirmed_in_time check (confirmed_at is null or (asks_until is not null and confirmed_at < asks_until)),
  constraint revocation_without_reach_asks check (reach <> 'none' or asks_until is not null),
  constraint revocation_starts_exactly_when_it_reaches check ((reach = 'none') = (started_at is null)),
  constraint revocation_is_swept_after_its_start check (swept_at is null or started_at is not null),
  constraint revocation_finishes_after_its_sweep
    check (finished_at is null or (swept_at is not null and finished_at >= started_at)),
  constraint revocation_is_lifted_by_somebody check ((lifted_by is null) = (lifted_at is null)),
  constraint revocation_is_not_lifted_by_whom_it_is_about check (lifted_by <> person_id or ordered_by = person_id)
);
create index revocation_standing on revocation (ordered_at) where lifted_at is null and (holds or finished_at is null);
create index revocation_open on revocation (ordered_at) where started_at is not null and finished_at is null;

create table revocation_grant (
  revocation_id text not null,
  grant_id text not null,
  constraint revocation_grant_pk primary key (revocation_id, grant_id),
  constraint revocation_grant_revocation_fk foreign key (revocation_id) references revocation (id),
  constraint revocation_grant_grant_fk foreign key (grant_id) references "grant" (id)
);
comment on table revocation_grant is 'Every grant that an order ended or found ending: time to zero is over when all of them are.';

create index grant_target_live on "grant" (target) where state not in ('ended', 'failed');

-- An order only moves on: its reach never shrinks, and what was said, confirmed or lifted stays.
create function revocation_only_moves_on() returns trigger language plpgsql as $$
begin
  if (new.id, new.scope, new.reason, new.ordered_by, new.ordered_at) is distinct from
       (old.id, old.scope, old.reason, old.ordered_by, old.ordered_at)
    or new.person_id is distinct from old.person_id or new.target is distinct from old.target
    or new.asks_until is distinct from old.asks_until or new.holds is distinct from old.holds
    or (old.reach <> new.reach and new.reach <> 'all')
    or (old.confirmed_by is not null and (new.confirmed_by, new.confirmed_at) is distinct from (old.confirmed_by, old.confirmed_at))
    or (old.lifted_at is not null and ((new.lifted_by, new.lifted_at) is distinct from (old.lifted_by, old.lifted_at) or new.reach <> old.reach))
  then
    raise exception 'revocation % only moves on', old.id using errcode = 'check_violation', constraint = 'revocation_only_moves_on';
  end if;
  return new;
end $$;
create trigger revocation_only_moves_on before update on revocation
  for each row execute function revocation_only_moves_on();
