-- Who may call: sessions of the widget, and keys of trusted backends. Only hashes of either are kept.
-- No row-level security here: a row is found by the hash of a 256-bit secret, before there is a principal.

CREATE TABLE widget_sessions (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    token_sha256  bytea NOT NULL UNIQUE CHECK (octet_length(token_sha256) = 32),
    kind          text NOT NULL CHECK (kind IN ('customer', 'visitor')),
    customer_id   text NOT NULL CHECK (customer_id ~ '^[A-Za-z0-9._:@|-]{1,128}$'),
    kid           text,                    -- the key that signed the customer's token
    permissions   text[],                  -- what the token narrowed them to; NULL: not narrowed
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    revoked_at    timestamptz,
    CHECK ((kind = 'visitor') = (customer_id LIKE 'anon:%')),
    CHECK ((kind = 'visitor') = (kid IS NULL))
);

CREATE INDEX widget_sessions_customer ON widget_sessions (customer_id) WHERE revoked_at IS NULL;
CREATE INDEX widget_sessions_kid ON widget_sessions (kid) WHERE revoked_at IS NULL;
CREATE INDEX widget_sessions_expiry ON widget_sessions (expires_at);

CREATE TABLE service_keys (
    id            text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9]{8,32}$'),
    name          text NOT NULL CHECK (name ~ '^[A-Za-z0-9._-]{1,64}$'),
    slot          smallint NOT NULL CHECK (slot IN (1, 2)),
    key_sha256    bytea NOT NULL CHECK (octet_length(key_sha256) = 32),
    created_at    timestamptz NOT NULL DEFAULT now(),
    revoked_at    timestamptz
);

-- Two active keys a name, so that one can be replaced without a pause, and never a third.
CREATE UNIQUE INDEX service_keys_active ON service_keys (name, slot) WHERE revoked_at IS NULL;

GRANT SELECT, INSERT, DELETE ON widget_sessions TO frontdesk_app;
GRANT UPDATE (last_seen_at, revoked_at) ON widget_sessions TO frontdesk_app;
GRANT SELECT, INSERT ON service_keys TO frontdesk_app;
GRANT UPDATE (revoked_at) ON service_keys TO frontdesk_app;
