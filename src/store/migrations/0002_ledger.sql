-- The ledger: an append-only Merkle log (RFC 6962) of everything that changed.
--
--   ledger_outbox --sequencer--> ledger_entry, ledger_tile, ledger_checkpoint
--                                ledger_personal (beside the log, erasable), subject_key

create table ledger_outbox (
  id bigint generated always as identity,
  entry_id text not null,
  body text not null,
  request_id text,
  grant_id text,
  constraint ledger_outbox_pk primary key (id)
);
comment on table ledger_outbox is 'Entries that are committed with their change and wait for their place in the log.';

create table ledger_entry (
  seq bigint not null,
  entry_id text not null,
  body text not null,
  leaf bytea not null,
  -- Copies out of the body, to find entries by; the body alone is what was hashed.
  request_id text,
  grant_id text,
  constraint ledger_entry_pk primary key (seq),
  constraint ledger_entry_id_is_unique unique (entry_id),
  constraint ledger_entry_seq_starts_at_zero check (seq >= 0),
  constraint ledger_entry_leaf_is_a_sha256 check (octet_length(leaf) = 32)
);
create index ledger_entry_request on ledger_entry (request_id) where request_id is not null;
create index ledger_entry_grant on ledger_entry (grant_id) where grant_id is not null;

create table ledger_tile (
  level integer not null,
  n bigint not null,
  hashes bytea not null,
  constraint ledger_tile_pk primary key (level, n),
  constraint ledger_tile_holds_whole_hashes check (octet_length(hashes) % 32 = 0 and octet_length(hashes) between 32 and 8192)
);
comment on table ledger_tile is 'Hash tiles of C2SP tlog-tiles: 256 hashes wide; a tile of level L holds roots of subtrees of 256^L leaves.';

create table ledger_checkpoint (
  size bigint not null,
  root bytea not null,
  note text not null,
  signed_at timestamptz not null,
  constraint ledger_checkpoint_pk primary key (size),
  constraint ledger_checkpoint_root_is_a_sha256 check (octet_length(root) = 32)
);

create table ledger_head (
  singleton boolean not null default true,
  size bigint not null,
  constraint ledger_head_pk primary key (singleton),
  constraint ledger_head_is_one_row check (singleton)
);

create table subject_key (
  person_id text not null,
  wrapped bytea not null,
  constraint subject_key_pk primary key (person_id)
);
comment on table subject_key is 'One data key for each person, wrapped by a master key that is not in this database. Deleting a row erases the person.';

create table ledger_personal (
  entry_id text not null,
  field text not null,
  person_id text not null,
  sealed bytea not null,
  constraint ledger_personal_pk primary key (entry_id, field)
);
create index ledger_personal_person on ledger_personal (person_id);

create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation', constraint = tg_table_name || '_is_append_only';
end $$;
create trigger ledger_entry_is_append_only before update or delete on ledger_entry
  for each row execute function ledger_is_append_only();
create trigger ledger_entry_is_not_truncated before truncate on ledger_entry
  for each statement execute function ledger_is_append_only();
create trigger ledger_checkpoint_is_append_only before update or delete on ledger_checkpoint
  for each row execute function ledger_is_append_only();
create trigger ledger_checkpoint_is_not_truncated before truncate on ledger_checkpoint
  for each statement execute function ledger_is_append_only();
create trigger ledger_tile_is_not_deleted before delete on ledger_tile
  for each row execute function ledger_is_append_only();
create trigger ledger_tile_is_not_truncated before truncate on ledger_tile
  for each statement execute function ledger_is_append_only();

-- A tile on the right edge grows; what is in it never changes.
create function ledger_tile_only_grows() returns trigger language plpgsql as $$
begin
  if substring(new.hashes from 1 for octet_length(old.hashes)) <> old.hashes then
    raise exception 'tile %/% only grows', old.level, old.n using errcode = 'restrict_violation', constraint = 'ledger_tile_only_grows';
  end if;
  return new;
end $$;
create trigger ledger_tile_only_grows before update on ledger_tile
  for each row execute function ledger_tile_only_grows();
