-- One more attempt for a grant that was not usable within its method's settle time: once it is proven absent, a new grant of the same
-- item, under the same approval. Never a third.

alter table "grant" add column retry_of text constraint grant_retry_of_fk references "grant" (id);
alter table "grant" add column tries_again boolean not null default false;
comment on column "grant".tries_again is 'Once it is proven absent it is tried once more, unless somebody ends it first.';
alter table "grant" drop constraint grant_comes_once_from_an_item;
create unique index grant_comes_once_from_an_item on "grant" (request_id, ordinal) where retry_of is null;
create unique index grant_is_retried_once on "grant" (request_id, ordinal) where retry_of is not null;
alter table "grant"
  add constraint grant_tries_again_once check (not tries_again or (retry_of is null and end_cause = 'failed'));
