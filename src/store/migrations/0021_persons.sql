-- Persons and their accounts: what was proven to be theirs, who turned out to be one, who left, and the last good snapshot of each source
-- of the directory.

-- When the directory stopped to know this person, or said that they left; null while they may act. What they wait for and hold is taken
-- away by whoever finds this, on any node and after any restart.
alter table person add column left_at timestamptz;
create index person_left on person (left_at) where left_at is not null;

create table linked_account (
  id text not null,
  person_id text not null,
  issuer text not null,
  subject text not null,
  proof text not null,
  linked_at timestamptz not null,
  -- Since when somebody else claims the same account; null when nobody does.
  conflict_at timestamptz,
  conflict_with text,
  ended_at timestamptz,
  ended_by text,
  constraint linked_account_pk primary key (id),
  constraint linked_account_id_is_well_formed check (id ~ '^lnk_[a-z2-7]{20}$'),
  constraint linked_account_person_fk foreign key (person_id) references person (id),
  constraint linked_account_conflict_fk foreign key (conflict_with) references person (id),
  constraint linked_account_names_an_account check (issuer <> '' and subject <> ''),
  constraint linked_account_proof_is_known check (proof in ('directory', 'sign-in')),
  constraint linked_account_conflict_names_whom check ((conflict_at is null) = (conflict_with is null)),
  constraint linked_account_ended_by_somebody check ((ended_at is null) = (ended_by is null)),
  constraint linked_account_ended_by_is_known check (ended_by in ('person', 'administrator'))
);
comment on table linked_account is 'Accounts that were proven to be a person''s. One that ended is kept: the same account proven for another person means that two persons are one, unless an administrator released it.';
create unique index linked_account_is_one_persons on linked_account (issuer, subject) where ended_at is null;
create index linked_account_history on linked_account (issuer, subject);
create index linked_account_person on linked_account (person_id);
create index linked_account_conflict on linked_account (conflict_at) where conflict_at is not null;

create table person_alias (
  person_id text not null,
  -- The person that all of the same human are counted as; never an alias itself.
  same_as text not null,
  merged_at timestamptz not null,
  merged_by text not null,
  constraint person_alias_pk primary key (person_id),
  constraint person_alias_person_fk foreign key (person_id) references person (id),
  constraint person_alias_same_as_fk foreign key (same_as) references person (id),
  constraint person_alias_merged_by_fk foreign key (merged_by) references person (id),
  constraint person_alias_is_another check (person_id <> same_as)
);
comment on table person_alias is 'Persons who turned out to be one human. Ids stay, so that the log stays true; approvals are counted by human.';
create index person_alias_same_as on person_alias (same_as);

create table directory_snapshot (
  source text not null,
  version text not null,
  taken_at timestamptz not null,
  accepted_at timestamptz not null,
  -- The documents of people, encrypted under a key that is not in the database.
  sealed text not null,
  constraint directory_snapshot_pk primary key (source)
);
comment on table directory_snapshot is 'The last good snapshot of each source of people, for a start while the source fails. Only the last one is kept.';
