-- Indexes for what is asked of grants and requests again and again, so that its cost does not grow with all that ever was.
-- Where two of them would do and nothing is known of the rows yet, the one that is made last is taken: what is live comes behind what ever was.

-- Nodes of the version before may be at work meanwhile. They wait with what they write, and all of that is locked before anything is built,
-- so that a deadlock costs nothing. They read on, and must: whoever has read a grant and waits to write it never lets go of what they read,
-- so that a statement here which keeps readers out would be a deadlock at the end of the work. Dropping an index is one. That is why
-- grant_person_live, which is small, stays beside the index that begins with the same column.
lock table revocation, request, "grant" in share mode;

-- Lists, newest first: of one person, of everybody, and of what is not over.
create index grant_person on "grant" (person_id, starts_at, id);
create index grant_starts on "grant" (starts_at, id);
create index grant_starts_live on "grant" (starts_at, id) where state not in ('ended', 'failed');
create index grant_person_starts_live on "grant" (person_id, starts_at, id) where state not in ('ended', 'failed');
-- What ended since a moment: an order of the kill switch that counts, and what looks for traces of past grants.
create index grant_ended on "grant" (ended_at, id) where ended_at is not null;
-- What is walked in the order of ids, page by page, while all access is taken away: by the primary key that would be everything there ever was.
create index grant_id_live on "grant" (id) where state not in ('ended', 'failed');
create index request_id_pending on request (id) where state = 'pending';
create index request_created on request (created_at, id);
create index revocation_ordered on revocation (ordered_at, id);
