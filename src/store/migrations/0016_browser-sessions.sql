-- Sessions of browsers. A session has one token in force, perhaps a younger one that its browser has not shown yet, and those that were
-- replaced: they are kept as long as the session, because whoever shows one of them later has a copy.

create table browser_session (
  id text not null,
  person_id text not null,
  created_at timestamptz not null,
  -- To the minute: a write at every request would be too many.
  used_at timestamptz not null,
  -- When a younger token was offered last.
  rotated_at timestamptz not null,
  ends_at timestamptz not null,
  mfa_at timestamptz,
  -- What a page must say with every change, beside the cookie. Alone it opens nothing.
  csrf text not null,
  agent text not null,
  -- SHA-256 of issuer and subject, and of issuer and the company's own session: what a logout at the company names.
  company_subject text not null,
  company_session text,
  constraint browser_session_pk primary key (id),
  constraint browser_session_person_fk foreign key (person_id) references person (id),
  constraint browser_session_subject_is_a_sha256 check (company_subject ~ '^[0-9a-f]{64}$')
);
create index browser_session_person on browser_session (person_id);
create index browser_session_company_subject on browser_session (company_subject);
create index browser_session_company_session on browser_session (company_session) where company_session is not null;
create index browser_session_ends on browser_session (ends_at);
create index browser_session_used on browser_session (used_at);

create table session_token (
  -- SHA-256 of the token, which stands in the browser's cookie alone.
  hash text not null,
  session_id text not null,
  -- Null while the browser has not shown it.
  used_at timestamptz,
  -- When a younger one was shown. It is taken for a moment longer, for what was under way.
  replaced_at timestamptz,
  constraint session_token_pk primary key (hash),
  constraint session_token_is_a_sha256 check (hash ~ '^[0-9a-f]{64}$'),
  constraint session_token_session_fk foreign key (session_id) references browser_session (id) on delete cascade
);
create index session_token_session on session_token (session_id);

-- Sign-ins of the command line, for the same list: whose a stored artifact is, the sign-in that it belongs to, and since when it is there.
-- What was stored before has none of these, and ends within twelve hours.

alter table oidc_payload add column person_id text, add column sign_in_id text, add column created_at timestamptz;
create index oidc_payload_person on oidc_payload (person_id) where person_id is not null;
create index oidc_payload_sign_in on oidc_payload (sign_in_id) where sign_in_id is not null;
create index oidc_payload_model_expires on oidc_payload (model, expires_at);

create table company_logout (
  -- SHA-256 of issuer and the logout token's own id.
  hash text not null,
  -- Until when the token would be taken if it were not known.
  expires_at timestamptz not null,
  constraint company_logout_pk primary key (hash),
  constraint company_logout_is_a_sha256 check (hash ~ '^[0-9a-f]{64}$')
);
create index company_logout_expires on company_logout (expires_at);
