-- A database that was restored from a backup begins a new epoch. What a backup carries along is where the database lived when that was
-- written; it lives elsewhere now, or the witness that each node keeps outside of it has seen more of the log than there is.

create table epoch (
  singleton boolean not null default true,
  id text not null,
  number bigint not null,
  began_at timestamptz not null,
  -- Null: the first, which began with the database or with the version that knows epochs.
  cause text,
  cluster text,
  timeline bigint,
  database_oid text,
  table_oid text,
  constraint epoch_pk primary key (singleton),
  constraint epoch_is_one_row check (singleton),
  constraint epoch_id_is_random check (id ~ '^[0-9a-f]{32}$'),
  constraint epoch_number_counts check (number > 0),
  constraint epoch_cause_is_known check (cause in ('log-went-back', 'copied', 'another-timeline', 'said-by-operator'))
);
comment on table epoch is 'Since when this database has forgotten nothing, and where it lived then: cluster, timeline, and the numbers of the database and of the table "grant".';

-- An epoch gives way to a later one alone.
create function epoch_only_moves_on() returns trigger language plpgsql as $$
begin
  raise exception 'epoch % only moves on', old.number using errcode = 'restrict_violation', constraint = 'epoch_only_moves_on';
end $$;
create trigger epoch_only_moves_on before update on epoch
  for each row when (new.number < old.number or (new.number = old.number and (new.id, new.began_at) is distinct from (old.id, old.began_at)))
  execute function epoch_only_moves_on();
create trigger epoch_is_not_deleted before delete on epoch
  for each row execute function epoch_only_moves_on();

-- What the rows say of these grants is from before the epoch: the cloud is looked at before one of them is given, and once while one is
-- active.
alter table "grant" add column look_first boolean not null default false;
create index grant_look_first on "grant" (id) where look_first and state = 'active';
