-- What can survive the end of a grant may show only when its access is made: whether a permission set had room for the denial that cuts
-- sessions. Where it did not show, what the method declares for the role holds.

alter table "grant" add column residual jsonb;
comment on column "grant".residual is 'What can survive the end of this very grant, as its provider said when it was made; null: what the method says of the role.';
