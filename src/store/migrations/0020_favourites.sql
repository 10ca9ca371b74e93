-- What people keep at hand on their first page. A list of their own, replaced as a whole; it grants nothing.

create table favourite (
  person_id text not null,
  ordinal integer not null,
  role text not null,
  target text not null,
  constraint favourite_pk primary key (person_id, ordinal),
  constraint favourite_is_kept_once unique (person_id, role, target),
  constraint favourite_person_fk foreign key (person_id) references person (id),
  constraint favourite_list_is_short check (ordinal between 0 and 29)
);
comment on table favourite is 'Roles on targets that a person wants at hand, in their own order.';
