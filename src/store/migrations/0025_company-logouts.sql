-- A logout at the company ends sign-ins of the command line too, and those that are under way.

-- SHA-256 of issuer and subject, and of issuer and the company's own session, as for sessions of browsers; on the row of the authorization
-- that all of a sign-in came from. Sign-ins that are older have none, and end within twelve hours.
alter table oidc_payload add column company_subject text, add column company_session text;
create index oidc_payload_company_subject on oidc_payload (company_subject) where company_subject is not null;
create index oidc_payload_company_session on oidc_payload (company_session) where company_session is not null;

-- What a logout ended, by the same names, and when it was heard: a sign-in that was under way then is not finished.
alter table company_logout add column ended text, add column heard_at timestamptz;
create index company_logout_ended on company_logout (ended) where ended is not null;
