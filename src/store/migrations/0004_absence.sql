-- Since when every look has shown that a binding is absent, without a call in between. Absence is proof only when it was seen
-- first, and nothing that was under way then can have landed since.
alter table binding add column absent_since timestamptz;
comment on column binding.last_call_at is 'When the last call that writes has been given up at the latest; it may land for a while after that.';
