-- The rates that clouds allow, shared by all nodes: where the queue for each of them ends.
create table quota (
  key text not null,
  next_at timestamptz not null,
  constraint quota_pk primary key (key)
);
comment on column quota.next_at is 'When the next call may leave; in the past while there is room.';

alter table "grant" add column cell_at timestamptz;
comment on column "grant".cell_at is 'When a start that waits for a quota may call: it has its place in the queue already.';
