-- A node that could not record an ending takes away on a shared slot without knowing whose turn it is there. Whoever has the turn may be at
-- work at that moment, and takes back what they noted of their own call when it is answered: what the other noted must not go with it.

alter table binding add column outside_turn_until timestamptz;
comment on column binding.outside_turn_until is 'As unsettled_until, of calls that left outside of a turn. It only grows.';
