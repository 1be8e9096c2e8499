-- Conversations, turns, messages, tickets and the audit log.
--
-- Rows of a customer carry ``principal`` ("customer:u123"). The application's role sees a row only while
-- frontdesk.principal, set for the transaction, names its owner; without it the role sees nothing.

CREATE TABLE conversations (
  id             uuid PRIMARY KEY,
  principal      text NOT NULL,
  channel        text NOT NULL,
  mode           text NOT NULL DEFAULT 'ai' CHECK (mode IN ('ai', 'queued', 'human')),
  -- A turn's seq is turns_accepted at its acceptance; all is answered when the two are equal.
  turns_accepted integer NOT NULL DEFAULT 0,
  turns_done     integer NOT NULL DEFAULT 0,
  -- One process answers a conversation at a time: the one that holds the lease.
  lease_owner    uuid,
  lease_until    timestamptz,
  facts          jsonb NOT NULL DEFAULT '{}',
  audit_n        integer NOT NULL DEFAULT 0,
  audit_head     bytea NOT NULL DEFAULT '\x',
  created_at     timestamptz NOT NULL DEFAULT now(),
  active_at      timestamptz NOT NULL DEFAULT now(),
  closed_at      timestamptz,
  CHECK (turns_done <= turns_accepted)
) WITH (fillfactor = 60);  -- room for HOT updates: each turn updates its conversation twice
CREATE INDEX conversations_of ON conversations (principal, channel, id DESC);

CREATE TABLE turns (
  id                uuid PRIMARY KEY,
  conversation_id   uuid NOT NULL REFERENCES conversations,
  principal         text NOT NULL,
  seq               integer NOT NULL,
  status            text NOT NULL DEFAULT 'accepted' CHECK (status IN ('accepted', 'done')),
  attempts          smallint NOT NULL DEFAULT 0,
  client_message_id text,
  body_sha256       bytea,
  permissions       text[],  -- what the caller's token narrowed the customer's rights to; NULL: all of them
  outcome           text,
  record            jsonb,
  accepted_at       timestamptz NOT NULL DEFAULT now(),
  done_at           timestamptz,
  UNIQUE (conversation_id, seq)
);
CREATE UNIQUE INDEX turns_client_message ON turns (principal, client_message_id) WHERE client_message_id IS NOT NULL;
CREATE INDEX turns_waiting ON turns (accepted_at) WHERE status = 'accepted';

CREATE TABLE messages (
  conversation_id uuid NOT NULL REFERENCES conversations,
  turn_seq        integer NOT NULL,
  n               smallint NOT NULL,  -- 0 the customer's message, 1 the reply, then what staff adds
  principal       text NOT NULL,
  role            text NOT NULL CHECK (role IN ('customer', 'assistant', 'staff', 'note')),
  body            text NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (conversation_id, turn_seq, n)
);

CREATE SEQUENCE ticket_numbers START 1001;
CREATE TABLE tickets (
  id              uuid PRIMARY KEY,  -- the effect's id: the same effect tried again finds its ticket
  number          bigint NOT NULL UNIQUE DEFAULT nextval('ticket_numbers'),
  principal       text NOT NULL,
  conversation_id uuid NOT NULL REFERENCES conversations,
  turn_id         uuid NOT NULL REFERENCES turns,
  subject         text NOT NULL,
  body            text NOT NULL,
  reason          text NOT NULL,
  status          text NOT NULL DEFAULT 'open',
  created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tickets_of ON tickets (conversation_id);

-- Append-only; each row's hash covers the one before it, and the chain's head stands on the conversation.
-- It holds ids, names and hashes, no text of a customer's.
CREATE TABLE audit (
  conversation_id uuid NOT NULL,
  n               integer NOT NULL,
  at              timestamptz NOT NULL,
  kind            text NOT NULL,
  data            text NOT NULL,
  hash            bytea NOT NULL,
  PRIMARY KEY (conversation_id, n)
);

ALTER TABLE conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE turns         ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages      ENABLE ROW LEVEL SECURITY;
ALTER TABLE tickets       ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit         ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON conversations TO frontdesk_app USING (principal = current_setting('frontdesk.principal', true));
CREATE POLICY own ON turns         TO frontdesk_app USING (principal = current_setting('frontdesk.principal', true));
CREATE POLICY own ON messages      TO frontdesk_app USING (principal = current_setting('frontdesk.principal', true));
CREATE POLICY own ON tickets       TO frontdesk_app USING (principal = current_setting('frontdesk.principal', true));
GRANT SELECT, INSERT, UPDATE ON conversations, turns TO frontdesk_app;
GRANT SELECT, INSERT ON messages, tickets TO frontdesk_app;
GRANT USAGE ON SEQUENCE ticket_numbers TO frontdesk_app;

-- The application may append to the audit log and do nothing else with it.
CREATE FUNCTION audit_append(conversation uuid, kind text, data text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
DECLARE
  head bytea;
  last integer;
  stamp timestamptz := date_trunc('milliseconds', clock_timestamp());
  next_hash bytea;
BEGIN
  SELECT audit_head, audit_n INTO head, last FROM conversations WHERE id = conversation FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no such conversation';
  END IF;
  next_hash := sha256(head || convert_to(concat_ws(
    E'\n', conversation, last + 1, to_char(stamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), kind, data
  ), 'UTF8'));
  INSERT INTO audit VALUES (conversation, last + 1, stamp, kind, data, next_hash);
  UPDATE conversations SET audit_n = last + 1, audit_head = next_hash WHERE id = conversation;
END $$;

-- Turns whose process fell silent: any other may take them. Only ids leave; the rows stay behind their policies.
CREATE FUNCTION abandoned_turns(most integer) RETURNS TABLE (conversation_id uuid, principal text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  SELECT DISTINCT c.id, c.principal
  FROM turns t JOIN conversations c ON c.id = t.conversation_id
  WHERE t.status = 'accepted' AND (c.lease_owner IS NULL OR c.lease_until < now())
  LIMIT most
$$;

-- Accept a message: find or make its conversation, store it, take the lease if nobody holds it. One round trip.
CREATE FUNCTION accept_turn(
  who text, chan text, wanted uuid, new_conversation uuid, new_turn uuid, text_body text,
  message_id text, sha bytea, rights text[], runner uuid, lease interval
) RETURNS TABLE (problem text, conversation uuid, turn uuid, turn_seq integer, claimed boolean, repeated boolean)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
DECLARE
  known turns%ROWTYPE;
BEGIN
  -- One customer's messages are accepted one after the other: two first messages that race share a
  -- conversation, and a repeated client_message_id always finds the first.
  PERFORM pg_advisory_xact_lock(hashtextextended(who, 0));
  IF message_id IS NOT NULL THEN
    SELECT * INTO known FROM turns t WHERE t.principal = who AND t.client_message_id = message_id;
    IF FOUND THEN
      RETURN QUERY SELECT CASE WHEN known.body_sha256 = sha THEN NULL ELSE 'mismatch' END,
        known.conversation_id, known.id, known.seq, false, true;
      RETURN;
    END IF;
  END IF;
  conversation := wanted;
  IF conversation IS NULL THEN
    SELECT c.id INTO conversation FROM conversations c
    WHERE c.principal = who AND c.channel = chan AND c.closed_at IS NULL AND c.active_at > now() - interval '24 hours'
    ORDER BY c.id DESC LIMIT 1;
    IF conversation IS NULL THEN
      conversation := new_conversation;
      INSERT INTO conversations (id, principal, channel) VALUES (conversation, who, chan);
    END IF;
  END IF;
  UPDATE conversations c SET
    turns_accepted = c.turns_accepted + 1,
    active_at = now(),
    lease_owner = CASE WHEN c.lease_owner IS NULL OR c.lease_until < now() THEN runner ELSE c.lease_owner END,
    lease_until = CASE WHEN c.lease_owner IS NULL OR c.lease_until < now() THEN now() + lease ELSE c.lease_until END
  WHERE c.id = conversation AND c.principal = who
  RETURNING c.turns_accepted, c.lease_owner = runner INTO turn_seq, claimed;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'not_found', NULL::uuid, NULL::uuid, 0, false, false;
    RETURN;
  END IF;
  INSERT INTO turns (id, conversation_id, principal, seq, client_message_id, body_sha256, permissions)
    VALUES (new_turn, conversation, who, turn_seq, message_id, sha, rights);
  INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body)
    VALUES (conversation, turn_seq, 0, who, 'customer', text_body);
  RETURN QUERY SELECT NULL, conversation, new_turn, turn_seq, claimed, false;
END $$;

-- Record a finished turn; false when another process has taken the conversation over meanwhile.
-- Gives the lease back when nothing waits; both columns stand on the row that is locked here, so a
-- message accepted at the same moment is either seen now or finds the lease free.
CREATE FUNCTION finish_turn(
  conv uuid, done_turn uuid, done_seq integer, runner uuid, lease interval,
  result text, entry jsonb, reply text, new_facts jsonb, new_mode text, audit_data text
) RETURNS TABLE (kept boolean, more boolean)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
DECLARE
  who text;
BEGIN
  UPDATE conversations c SET
    turns_done = done_seq,
    active_at = now(),
    facts = new_facts,
    mode = CASE WHEN c.mode = 'human' THEN c.mode ELSE new_mode END,
    lease_owner = CASE WHEN c.turns_accepted = done_seq THEN NULL ELSE runner END,
    lease_until = CASE WHEN c.turns_accepted = done_seq THEN NULL ELSE now() + lease END
  WHERE c.id = conv AND c.lease_owner = runner AND c.turns_done = done_seq - 1
  RETURNING c.principal, c.turns_accepted > done_seq INTO who, more;
  IF NOT FOUND THEN
    RETURN QUERY SELECT false, false;
    RETURN;
  END IF;
  UPDATE turns SET status = 'done', outcome = result, record = entry, done_at = now() WHERE id = done_turn;
  IF reply <> '' THEN
    INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body)
      VALUES (conv, done_seq, 1, who, 'assistant', reply);
  END IF;
  PERFORM audit_append(conv, 'turn', audit_data);
  RETURN QUERY SELECT true, more;
END $$;
