-- While a cluster is upgraded, nodes that have never heard of extensions run on this schema. They must always be able to end a grant,
-- and must never say that one is gone which may still stand in the cloud until a later end than theirs.

-- A grant that leaves 'active' takes its extension with it, also when whoever ends it does not know the columns. To extend what is not
-- active is refused as before.
create function grant_ends_with_its_extension() returns trigger language plpgsql as $$
begin
  new.extension_request := null;
  new.extension_until := null;
  return new;
end $$;
create trigger grant_ends_with_its_extension before update on "grant"
  for each row when (old.state = 'active' and new.state <> 'active' and new.extension_until = old.extension_until) execute function grant_ends_with_its_extension();

-- An older node proves an end against "ends_at". Where the cloud may have been told a later one, the receipt has to name it; whoever
-- cannot leaves the proof to a node that can. Times are written in whole milliseconds; what differs by less is the same. Rows from before
-- are left as they are.
alter table "grant"
  add constraint grant_proof_names_a_later_bound
    check (state not in ('ended', 'failed') or bound_until < ends_at + interval '1 millisecond'
      or proof #> '{evidence,boundUntil}' is not null) not valid;

-- An older node takes an extension that it approves for a request of its own.
create function grant_comes_from_no_extension() returns trigger language plpgsql as $$
begin
  if exists (select from request where id = new.request_id and extends_grant is not null) then
    raise exception 'request % makes no grant, it extends one', new.request_id
      using errcode = 'check_violation', constraint = 'grant_comes_from_no_extension';
  end if;
  return new;
end $$;
create trigger grant_comes_from_no_extension before insert on "grant"
  for each row execute function grant_comes_from_no_extension();
