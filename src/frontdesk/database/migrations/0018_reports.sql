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
