-- What a shared slot must remember: several grants stand on it, and something may have stood there before any of them.

alter table binding add column standing boolean not null default false;
comment on column binding.standing is 'The access was there before Curfew first wrote; it is never removed.';
alter table binding add column written_until timestamptz;
comment on column binding.written_until is 'The latest end that may stand in the cloud object now.';
alter table binding add column unsettled_until timestamptz;
comment on column binding.unsettled_until is 'A call that was given up, or a removal, may still land until then: no other grant begins there before.';

-- Who else needs this slot, however many grants have stood on it in years.
drop index grant_slot_index;
create index grant_slot_live on "grant" (slot) where state in ('activating', 'active', 'ending');
