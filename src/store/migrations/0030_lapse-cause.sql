-- Why a request lapsed, so that nobody is told that others did not decide in time when the database was restored meanwhile. Null: not lapsed,
-- or written by a version that did not say it. Rows are not looked at for the constraint: none of them has a cause yet.
alter table request
  add column lapse_cause text,
  add constraint request_lapse_cause_is_known check (
    lapse_cause is null or (state = 'lapsed' and lapse_cause in ('nobody-decided', 'grant-ended', 'new-epoch'))
  ) not valid;
