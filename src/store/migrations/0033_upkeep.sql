-- How far what is done now and then has come, so that it need not begin from the start each time.

create table upkeep (
  task text constraint upkeep_pk primary key,
  -- Everything from before this moment has been gone through.
  done_until timestamptz not null
);
comment on table upkeep is 'How far work that is done now and then has come';
