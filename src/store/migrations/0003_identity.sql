-- Sign-in state of the authorization server, and answers to repeated requests.

create table oidc_payload (
  model text not null,
  -- SHA-256 of the id: for codes and tokens the id is the secret itself.
  id_hash text not null,
  payload jsonb not null,
  grant_id text,
  uid text,
  user_code_hash text,
  consumed_at timestamptz,
  expires_at timestamptz,
  constraint oidc_payload_pk primary key (model, id_hash),
  constraint oidc_payload_id_is_a_sha256 check (id_hash ~ '^[0-9a-f]{64}$')
);
create index oidc_payload_grant on oidc_payload (grant_id) where grant_id is not null;
create index oidc_payload_uid on oidc_payload (uid) where uid is not null;
create index oidc_payload_user_code on oidc_payload (user_code_hash) where user_code_hash is not null;
create index oidc_payload_expires on oidc_payload (expires_at);

create table idempotency (
  person_id text not null,
  key text not null,
  -- SHA-256 of method, route and body: the same key with another body is a mistake of the caller.
  fingerprint text not null,
  status integer,
  response jsonb,
  created_at timestamptz not null,
  constraint idempotency_pk primary key (person_id, key)
);
create index idempotency_created on idempotency (created_at);
