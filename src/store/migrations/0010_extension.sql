-- Extension: a later end of a live grant, decided like a request of its own, written into the cloud first and into "ends_at" then.
--
--   request (extends) approved -> grant.extension_until -> bound_until (the call may leave) -> ends_at (the cloud has it)

alter table request add column extends_grant text constraint request_extends_grant_fk references "grant" (id);
alter table request add column extends_until timestamptz;
alter table request add column extension_outcome text;
comment on column request.extends_until is 'The end that is asked for: absolute, so that whoever approves knows until when.';
comment on column request.extension_outcome is 'What became of an approved extension; null for as long as it is under way, and for ever when the grant ended first.';
alter table request
  add constraint request_extends_until_a_time check ((extends_grant is null) = (extends_until is null)),
  add constraint request_extension_outcome_is_known
    check (extension_outcome is null or (extension_outcome in ('extended', 'refused') and extends_grant is not null and state = 'approved'));
-- One question about a grant at a time: two that wait could not both be judged by how many extensions are left.
create unique index request_extends_one_at_a_time on request (extends_grant) where state = 'pending' and extends_grant is not null;
create index request_extensions on request (extends_grant) where extends_grant is not null;

alter table "grant" add column extension_request text constraint grant_extension_request_fk references request (id);
alter table "grant" add column extension_until timestamptz;
alter table "grant" add column extended integer not null default 0;
alter table "grant" add column bound_until timestamptz;
comment on column "grant".extension_until is 'The later end that was decided and is not yet confirmed by the cloud.';
comment on column "grant".bound_until is 'The latest end that was ever on its way into the cloud: what holds if everybody here dies.';
update "grant" set bound_until = ends_at where ends_at is not null;
alter table "grant"
  add constraint grant_extension_is_whole check ((extension_request is null) = (extension_until is null)),
  add constraint grant_is_extended_while_active check (extension_until is null or (state = 'active' and extension_until > ends_at)),
  add constraint grant_bound_covers_the_end check ((bound_until is null) = (ends_at is null) and bound_until >= ends_at);

-- Writing a later end gives access, so it belongs to the lane of the starts.
drop index grant_due_start;
create index grant_due_start on "grant" (due_at) where state in ('scheduled', 'activating') or extension_until is not null;

-- The end of an active grant moves and the grant stays active.
insert into grant_transition (from_state, to_state) values ('active', 'active');

-- The end is never re-armed: only an extension moves it to later, of a grant that is and stays active, and no further than was noted
-- before the call that wrote it into the cloud.
create or replace function grant_end_is_absolute() returns trigger language plpgsql as $$
begin
  if new.bound_until is null then new.bound_until := new.ends_at; end if;
  if tg_op = 'INSERT' then return new; end if;
  if old.activated_at is not null and new.activated_at is distinct from old.activated_at then
    raise exception 'activated_at of % is fixed', old.id using errcode = 'check_violation', constraint = 'grant_activated_at_is_fixed';
  end if;
  if old.ends_at is not null and new.ends_at > old.ends_at
    and not (old.state = 'active' and new.state = 'active' and new.extended = old.extended + 1
      and new.ends_at is not distinct from old.extension_until and new.ends_at <= old.bound_until)
  then
    raise exception 'ends_at of % is never re-armed', old.id using errcode = 'check_violation', constraint = 'grant_ends_at_is_never_rearmed';
  end if;
  if old.bound_until is not null and (new.bound_until is null or new.bound_until < old.bound_until) then
    raise exception 'bound_until of % only grows', old.id using errcode = 'check_violation', constraint = 'grant_bound_only_grows';
  end if;
  return new;
end $$;
drop trigger grant_end_is_absolute on "grant";
create trigger grant_end_is_absolute before insert or update on "grant"
  for each row execute function grant_end_is_absolute();
