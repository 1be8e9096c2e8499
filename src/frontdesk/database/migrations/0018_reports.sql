-- The console: its reports, and failed sign-ins that all processes count together.

-- The last count of the report's periods, and of each conversation what it counted as: a view of the console reads no
-- transcript. Nothing of a customer's is in them but the conversation's id.

CREATE TABLE counted (
  conversation_id uuid PRIMARY KEY,
  created_at      timestamptz NOT NULL,
  became          text NOT NULL,
  reason          text,
  cost            double precision NOT NULL,
  unpaid          boolean NOT NULL,
  sourced         boolean NOT NULL,  -- a question to the help center was answered with a source
  titles          text[] NOT NULL    -- of the articles that were cited
);
CREATE INDEX counted_by ON counted (created_at);

CREATE TABLE reports (
  days    integer PRIMARY KEY,
  at      timestamptz NOT NULL,
  content jsonb NOT NULL
);

-- Read by who runs the desk alone.
ALTER TABLE counted ENABLE ROW LEVEL SECURITY;
ALTER TABLE reports ENABLE ROW LEVEL SECURITY;

-- A try that was counted before it was made, and was none of those that count: it is taken back, or with all before it.
CREATE FUNCTION give_back_rate(name bytea, every boolean) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  UPDATE rates SET hits = CASE WHEN every THEN '{}' ELSE hits[: cardinality(hits) - 1] END WHERE key = name
$$;
REVOKE EXECUTE ON FUNCTION give_back_rate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION give_back_rate TO frontdesk_app;
