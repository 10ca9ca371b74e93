-- Guards of the ledger that 0002 left open. They stop mistakes; whoever owns the database can remove them, and is found out
-- by the signed checkpoints instead.

-- The contents of a tile were guarded, its place was not.
create function ledger_tile_keeps_its_place() returns trigger language plpgsql as $$
begin
  raise exception 'tile %/% keeps its place', old.level, old.n using errcode = 'restrict_violation', constraint = 'ledger_tile_keeps_its_place';
end $$;
create trigger ledger_tile_keeps_its_place before update on ledger_tile
  for each row when (new.level <> old.level or new.n <> old.n) execute function ledger_tile_keeps_its_place();

-- What waits for its place in the log is as final as what has it; only the sequencer takes rows away.
create trigger ledger_outbox_is_append_only before update on ledger_outbox
  for each row execute function ledger_is_append_only();
create trigger ledger_outbox_is_not_truncated before truncate on ledger_outbox
  for each statement execute function ledger_is_append_only();

-- A log never becomes shorter.
create function ledger_head_only_grows() returns trigger language plpgsql as $$
begin
  raise exception 'the log only grows' using errcode = 'restrict_violation', constraint = 'ledger_head_only_grows';
end $$;
create trigger ledger_head_only_grows before update on ledger_head
  for each row when (new.size < old.size) execute function ledger_head_only_grows();
create trigger ledger_head_is_not_deleted before delete on ledger_head
  for each row execute function ledger_head_only_grows();
create trigger ledger_head_is_not_truncated before truncate on ledger_head
  for each statement execute function ledger_head_only_grows();
