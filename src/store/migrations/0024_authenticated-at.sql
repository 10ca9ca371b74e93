-- When the company's provider authenticated the person of a browser's session: its own time, which may be long before the sign-in here.

-- Null: it did not say, so nobody knows. Nothing that takes a fresh sign-in is done in such a session, and that holds for those that are
-- older than this column.
alter table browser_session add column authenticated_at timestamptz;
