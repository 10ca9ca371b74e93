-- One index of deadlines for each lane: whoever asks what is next to start must not walk the ends of a million live grants, nor the
-- other way round. A grant that is being activated stands in both, because its time may be over meanwhile.

drop index grant_due;
drop index grant_due_ending;
create index grant_due_start on "grant" (due_at) where state in ('scheduled', 'activating');
create index grant_due_end on "grant" (due_at) where state in ('activating', 'active', 'ending');
