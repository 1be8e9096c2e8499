-- Thumbs, and what the report of outcomes is read by.

-- One rating a conversation, the customer's last word; no comment, which would be one more text of theirs to keep.
CREATE TABLE ratings (
  conversation_id uuid PRIMARY KEY REFERENCES conversations,
  principal       text NOT NULL,
  rating          text NOT NULL CHECK (rating IN ('up', 'down')),
  at              timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE ratings ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ratings TO frontdesk_app USING (principal = current_setting('frontdesk.principal', true));
GRANT SELECT, INSERT, UPDATE ON ratings TO frontdesk_app;

-- Whether a customer came back within a week, without a walk over all their conversations.
CREATE INDEX conversations_by ON conversations (principal, created_at);
