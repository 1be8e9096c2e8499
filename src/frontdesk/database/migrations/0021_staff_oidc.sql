-- Staff who sign in at the company's identity provider (OpenID Connect), and who signed in when.

CREATE TABLE staff_identities (
  issuer    text NOT NULL,
  subject   text NOT NULL CHECK (subject <> ''),  -- who they are there; their address may pass to somebody else
  staff_id  uuid NOT NULL REFERENCES staff,
  linked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX staff_identities_of ON staff_identities (staff_id, issuer);

ALTER TABLE staff_sessions ADD COLUMN via text NOT NULL DEFAULT 'password' CHECK (via IN ('password', 'oidc'));

-- Begun at the provider and not come back from it: each comes back once.
CREATE TABLE staff_sign_ins (
  state_sha256 bytea PRIMARY KEY,
  begun_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX staff_sign_ins_begun ON staff_sign_ins (begun_at);

-- Whom the application let in and what it changed by what the provider said. It can only add to it.
CREATE TABLE staff_events (
  n        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT now(),
  staff_id uuid NOT NULL REFERENCES staff,
  event    text NOT NULL,
  data     jsonb NOT NULL DEFAULT '{}'
);

GRANT SELECT, INSERT, DELETE ON staff_identities, staff_sign_ins TO frontdesk_app;
GRANT SELECT, INSERT ON staff_events TO frontdesk_app;
