-- Passkeys, and decisions that are signed with them.

-- A key that is gone keeps its row: what it signed while it stood is judged by it for as long as anybody asks.
create table passkey (
  id text not null,
  person_id text not null,
  -- What the browser is told to look for, base64url; the log knows only its hash.
  credential_id text not null,
  credential_hash text not null,
  -- DER of the SubjectPublicKeyInfo, base64.
  public_key text not null,
  counter bigint not null,
  name text not null,
  transports jsonb not null default '[]',
  synced boolean not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  removed_at timestamptz,
  constraint passkey_pk primary key (id),
  constraint passkey_id_is_well_formed check (id ~ '^pky_[a-z2-7]{20}$'),
  constraint passkey_person_fk foreign key (person_id) references person (id),
  constraint passkey_credential_is_registered_once unique (credential_hash),
  constraint passkey_credential_hash_is_a_sha256 check (credential_hash ~ '^[0-9a-f]{64}$'),
  constraint passkey_counter_is_32_bits check (counter between 0 and 4294967295)
);
create index passkey_person on passkey (person_id) where removed_at is null;

-- Whose key it is, and which, never changes; a removed one does not come back.
create function passkey_stays_what_it_is() returns trigger language plpgsql as $$
begin
  if (new.id, new.person_id, new.credential_id, new.credential_hash, new.public_key, new.created_at)
       is distinct from (old.id, old.person_id, old.credential_id, old.credential_hash, old.public_key, old.created_at)
    or (old.removed_at is not null and new.removed_at is distinct from old.removed_at)
  then
    raise exception 'passkey % stays what it is', old.id using errcode = 'check_violation', constraint = 'passkey_stays_what_it_is';
  end if;
  return new;
end $$;
create trigger passkey_stays_what_it_is before update on passkey
  for each row execute function passkey_stays_what_it_is();

-- A question that an authenticator may answer once, soon. The challenge itself is not stored.
create table passkey_challenge (
  challenge_hash text not null,
  purpose text not null,
  person_id text not null,
  -- The sign-in that asked, where only that one may use the answer.
  sign_in text,
  -- What is to be signed, where that is a document; its hash is the challenge.
  document text,
  comment_salt bytea,
  expires_at timestamptz not null,
  constraint passkey_challenge_pk primary key (challenge_hash),
  constraint passkey_challenge_hash_is_a_sha256 check (challenge_hash ~ '^[0-9a-f]{64}$'),
  constraint passkey_challenge_person_fk foreign key (person_id) references person (id),
  constraint passkey_challenge_purpose_is_known check (purpose in ('register', 'step-up', 'approve', 'recover')),
  constraint passkey_challenge_has_a_document_to_sign check ((purpose in ('approve', 'recover')) = (document is not null))
);
create index passkey_challenge_expires on passkey_challenge (expires_at);

-- What an approver agreed to, and the signature. The document and the answer of the authenticator are kept as they came.
alter table approval
  add column duration_ms bigint,
  add column document text,
  add column challenge text,
  add column assertion jsonb,
  add constraint approval_duration_is_positive check (duration_ms > 0),
  add constraint approval_signature_is_whole
    check ((document is null) = (assertion is null) and (document is null) = (challenge is null)),
  add constraint approval_only_a_yes_is_signed check (document is null or verdict = 'approve'),
  add constraint approval_document_is_used_once unique (challenge);

-- Somebody lost all passkeys; two others confirm that it is really them who asks.
create table passkey_recovery (
  id text not null,
  person_id text not null,
  asked_at timestamptz not null,
  lapses_at timestamptz not null,
  -- Until when a new passkey may be registered; set when the second person confirmed.
  open_until timestamptz,
  closed_at timestamptz,
  constraint passkey_recovery_pk primary key (id),
  constraint passkey_recovery_id_is_well_formed check (id ~ '^rcv_[a-z2-7]{20}$'),
  constraint passkey_recovery_person_fk foreign key (person_id) references person (id)
);
create unique index passkey_recovery_one_at_a_time on passkey_recovery (person_id) where closed_at is null;

create table passkey_recovery_confirmation (
  recovery_id text not null,
  person_id text not null,
  document text not null,
  challenge text not null,
  assertion jsonb not null,
  confirmed_at timestamptz not null,
  constraint passkey_recovery_confirmation_pk primary key (recovery_id, person_id),
  constraint passkey_recovery_confirmation_recovery_fk foreign key (recovery_id) references passkey_recovery (id),
  constraint passkey_recovery_confirmation_person_fk foreign key (person_id) references person (id),
  constraint passkey_recovery_document_is_used_once unique (challenge)
);

-- Nobody confirms their own recovery.
create function passkey_recovery_is_confirmed_by_others() returns trigger language plpgsql as $$
begin
  if exists (select from passkey_recovery where id = new.recovery_id and person_id = new.person_id) then
    raise exception 'recovery % is not confirmed by whom it is about', new.recovery_id
      using errcode = 'check_violation', constraint = 'passkey_recovery_is_confirmed_by_others';
  end if;
  return new;
end $$;
create trigger passkey_recovery_is_confirmed_by_others before insert on passkey_recovery_confirmation
  for each row execute function passkey_recovery_is_confirmed_by_others();
