-- What a customer does beside writing: asks for a person, leaves an address, attaches a file. And the mail that follows.

ALTER TABLE conversations ADD COLUMN customer_seen_at timestamptz;  -- while a person is asked for, when its page was open
GRANT UPDATE (customer_seen_at) ON conversations TO frontdesk_app;

-- A button is no turn.
ALTER TABLE tickets ALTER COLUMN turn_id DROP NOT NULL;

CREATE TABLE attachments (
  id              uuid PRIMARY KEY,
  conversation_id uuid NOT NULL REFERENCES conversations,
  principal       text NOT NULL,
  turn_id         uuid REFERENCES turns,  -- of the message that it was sent with
  name            text NOT NULL,
  media_type      text NOT NULL,
  content         bytea NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX attachments_of ON attachments (conversation_id, created_at);
ALTER TABLE attachments ENABLE ROW LEVEL SECURITY;
CREATE POLICY own   ON attachments TO frontdesk_app USING (principal = current_setting('frontdesk.principal', true));
CREATE POLICY staff ON attachments FOR SELECT TO frontdesk_app USING (is_staff());
GRANT SELECT, INSERT, DELETE ON attachments TO frontdesk_app;
GRANT UPDATE (turn_id) ON attachments TO frontdesk_app;

-- How long people waited for a person, for an honest promise. It names nobody.
CREATE TABLE waits (taken_at timestamptz NOT NULL DEFAULT now(), seconds double precision NOT NULL);
CREATE INDEX waits_at ON waits (taken_at DESC);
GRANT SELECT, INSERT ON waits TO frontdesk_app;
CREATE FUNCTION conversation_waited() RETURNS trigger
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
BEGIN
  INSERT INTO waits (seconds) VALUES (extract(epoch FROM now() - OLD.queued_at));
  RETURN NULL;
END $$;
CREATE TRIGGER conversation_waited AFTER UPDATE OF mode ON conversations FOR EACH ROW
  WHEN (OLD.mode = 'queued' AND NEW.mode = 'human' AND OLD.queued_at IS NOT NULL) EXECUTE FUNCTION conversation_waited();

-- Mail to send, written in the transaction of what it tells of, so that neither is without the other. ``key`` names the
-- event: the same twice is one mail. It holds ids, and the one address that it goes to.
CREATE TABLE outbox (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key             text NOT NULL UNIQUE,
  kind            text NOT NULL CHECK (kind IN ('reply', 'transcript')),
  conversation_id uuid NOT NULL REFERENCES conversations,
  address         text NOT NULL,
  turn_seq        integer,
  n               smallint,
  attempts        smallint NOT NULL DEFAULT 0,
  next_at         timestamptz NOT NULL DEFAULT now(),
  done_at         timestamptz,
  how             text NOT NULL DEFAULT '',  -- sent, seen (they had read it), or the kind of the last error
  created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE done_at IS NULL;
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY staff ON outbox TO frontdesk_app USING (is_staff());
CREATE POLICY own   ON outbox FOR INSERT TO frontdesk_app
  WITH CHECK (EXISTS (SELECT FROM conversations c WHERE c.id = conversation_id));
GRANT SELECT, INSERT ON outbox TO frontdesk_app;
GRANT UPDATE (attempts, next_at, done_at, how) ON outbox TO frontdesk_app;

-- What a person writes goes by mail as well, a minute later, where an address was left.
CREATE FUNCTION mail_reply() RETURNS trigger
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
BEGIN
  INSERT INTO outbox (key, kind, conversation_id, address, turn_seq, n, next_at)
    SELECT format('reply:%s:%s.%s', NEW.conversation_id, NEW.turn_seq, NEW.n), 'reply', c.id, c.contact_email,
      NEW.turn_seq, NEW.n, now() + interval '1 minute'
    FROM conversations c WHERE c.id = NEW.conversation_id AND c.contact_email IS NOT NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER mail_reply AFTER INSERT ON messages FOR EACH ROW
  WHEN (NEW.role = 'staff') EXECUTE FUNCTION mail_reply();
