-- E-mail to people: what they are to be told is read off the log and kept here until it is sent. Nothing of it is a promise: a row that is
-- lost is a message that is lost, and no deadline.

create table notification_cursor (
  singleton boolean not null default true,
  next_seq bigint not null,
  constraint notification_cursor_pk primary key (singleton),
  constraint notification_cursor_is_one check (singleton)
);
comment on column notification_cursor.next_seq is 'The first entry of the log that nobody was told of yet. Moves in the transaction that writes the rows.';

create table notification (
  id bigint generated always as identity,
  kind text not null,
  -- What makes it one message however often it is found in the log, and what its Message-ID is made of.
  occasion text not null,
  person_id text not null,
  -- No foreign keys: they would lock requests and grants, and whoever ends a grant waits for nobody who writes mail.
  request_id text not null,
  grant_id text,
  happened_at timestamptz not null,
  first_due_at timestamptz not null,
  -- When to try next; whoever claims it moves this on, so that what a dead node was sending is due again.
  due_at timestamptz,
  attempts integer not null default 0,
  last_fault text,
  outcome text,
  settled_at timestamptz,
  constraint notification_pk primary key (id),
  constraint notification_person_fk foreign key (person_id) references person (id),
  constraint notification_is_told_once unique (occasion, person_id),
  constraint notification_outcome_is_known
    check (outcome in ('sent', 'overtaken', 'muted', 'no-address', 'refused', 'given-up')),
  constraint notification_is_due_until_settled
    check ((outcome is null) = (due_at is not null) and (outcome is null) = (settled_at is null))
);
create index notification_due on notification (due_at) where due_at is not null;
create index notification_failing on notification (due_at) where due_at is not null and attempts > 0;
create index notification_settled on notification (settled_at) where settled_at is not null;

create table notification_off (
  person_id text not null,
  kind text not null,
  constraint notification_off_pk primary key (person_id, kind),
  constraint notification_off_person_fk foreign key (person_id) references person (id)
);

create table notification_mute (
  person_id text not null,
  request_id text not null,
  constraint notification_mute_pk primary key (person_id, request_id),
  constraint notification_mute_person_fk foreign key (person_id) references person (id)
);
