-- What the log is searched by: copies out of the body, which alone is what was hashed. Generated, so that nothing can be told beside it.

-- The words of the facts that people look for. A function, so that the body is parsed once for all of them.
create function ledger_words(body jsonb) returns tsvector language plpgsql immutable as $$
declare facts jsonb := body -> 'facts';
begin
  return to_tsvector('simple'::regconfig, translate(
    concat_ws(' ', facts ->> 'role', facts ->> 'target', facts ->> 'items', facts ->> 'finding', facts ->> 'cause', facts ->> 'revocation'),
    '@/-_.,:[]{}"', '            '));
end $$;

alter table ledger_entry
  add column kind text generated always as (body::jsonb ->> 'kind') stored,
  -- RFC 3339 in UTC with milliseconds: its order as text is its order in time.
  add column happened_at text collate "C" generated always as (body::jsonb ->> 'at') stored,
  add column actor_id text generated always as (body::jsonb #>> '{actor,id}') stored,
  add column person_id text generated always as (body::jsonb #>> '{subjects,person}') stored,
  add column words tsvector generated always as (ledger_words(body::jsonb)) stored;
create index ledger_entry_kind on ledger_entry (kind, seq);
create index ledger_entry_happened_at on ledger_entry (happened_at);
create index ledger_entry_actor on ledger_entry (actor_id, seq) where actor_id is not null;
create index ledger_entry_person on ledger_entry (person_id, seq) where person_id is not null;
create index ledger_entry_words on ledger_entry using gin (words);
create index approval_person on approval (person_id);
