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
-- The chain's head is not among what the application may write: only audit_append does.
GRANT SELECT ON conversations TO frontdesk_app;
GRANT INSERT (id, principal, channel) ON conversations TO frontdesk_app;
GRANT UPDATE (mode, turns_accepted, turns_done, lease_owner, lease_until, facts, active_at, closed_at)
  ON conversations TO frontdesk_app;
GRANT SELECT, INSERT, UPDATE ON turns TO frontdesk_app;
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
  SELECT c.id, c.principal
  FROM turns t JOIN conversations c ON c.id = t.conversation_id
  WHERE t.status = 'accepted' AND (c.lease_owner IS NULL OR c.lease_until < now())
  GROUP BY c.id ORDER BY min(t.accepted_at) LIMIT most
$$;

-- One process says of all its conversations that it is still at them.
CREATE FUNCTION renew_leases(runner uuid, lease interval, held uuid[]) RETURNS uuid[]
LANGUAGE sql SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  WITH renewed AS (
    UPDATE conversations SET lease_until = now() + lease WHERE id = ANY (held) AND lease_owner = runner
    RETURNING id
  )
  SELECT array_agg(id) FROM renewed
$$;

-- The window of a conversation: the finished turns from one number up to another, as ready JSON.
-- Look-ups by whole key, not joins: before the tables are analysed, a join here was planned as a walk over the
-- whole conversation, and a turn's cost grew with it.
CREATE FUNCTION window_of(conv uuid, first_seq integer, before_seq integer) RETURNS json
LANGUAGE sql STABLE SET search_path = frontdesk, pg_temp AS $$
  SELECT json_agg(json_build_array(
    t.seq,
    (SELECT m.body FROM messages m WHERE m.conversation_id = conv AND m.turn_seq = t.seq AND m.n = 0),
    coalesce((SELECT m.body FROM messages m WHERE m.conversation_id = conv AND m.turn_seq = t.seq AND m.n = 1), ''),
    t.record -> 'steps'
  ) ORDER BY t.seq)
  FROM turns t WHERE t.conversation_id = conv AND t.seq >= first_seq AND t.seq < before_seq
$$;

-- Accept a message: find or make its conversation, store it, and take the lease if nobody holds it; then the
-- answer says all that the turn is run from. One round trip, one transaction.
CREATE FUNCTION accept_turn(
  who text, chan text, wanted uuid, new_conversation uuid, new_turn uuid, text_body text,
  message_id text, sha bytea, rights text[], runner uuid, lease interval, window_turns integer
) RETURNS TABLE (
  problem text, conversation uuid, turn uuid, turn_seq integer, claimed boolean, repeated boolean,
  facts jsonb, mode text, past json
)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
DECLARE
  known turns%ROWTYPE;
  c conversations%ROWTYPE;
  free boolean;
BEGIN
  PERFORM set_config('frontdesk.principal', who, true);
  -- One customer's messages are accepted one after the other: two first messages that race share a
  -- conversation, and a repeated client_message_id always finds the first.
  PERFORM pg_advisory_xact_lock(hashtextextended(who, 0));
  IF message_id IS NOT NULL THEN
    SELECT * INTO known FROM turns t WHERE t.principal = who AND t.client_message_id = message_id;
    IF FOUND THEN
      RETURN QUERY SELECT CASE WHEN known.body_sha256 = sha THEN NULL ELSE 'mismatch' END,
        known.conversation_id, known.id, known.seq, false, true, NULL::jsonb, NULL, NULL::json;
      RETURN;
    END IF;
  END IF;
  IF wanted IS NULL THEN
    SELECT * INTO c FROM conversations v
    WHERE v.principal = who AND v.channel = chan AND v.closed_at IS NULL AND v.active_at > now() - interval '24 hours'
    ORDER BY v.id DESC LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN
      INSERT INTO conversations (id, principal, channel) VALUES (new_conversation, who, chan) RETURNING * INTO c;
    END IF;
  ELSE
    SELECT * INTO c FROM conversations v WHERE v.id = wanted AND v.principal = who FOR UPDATE;
    IF NOT FOUND THEN
      RETURN QUERY SELECT 'not_found', NULL::uuid, NULL::uuid, 0, false, false, NULL::jsonb, NULL, NULL::json;
      RETURN;
    END IF;
  END IF;
  IF c.turns_accepted - c.turns_done >= 100 THEN
    RETURN QUERY SELECT 'full', NULL::uuid, NULL::uuid, 0, false, false, NULL::jsonb, NULL, NULL::json;
    RETURN;
  END IF;
  free := c.lease_owner IS NULL OR c.lease_until < now();
  turn_seq := c.turns_accepted + 1;
  UPDATE conversations v SET
    turns_accepted = turn_seq,
    active_at = now(),
    lease_owner = CASE WHEN free THEN runner ELSE v.lease_owner END,
    lease_until = CASE WHEN free THEN now() + lease ELSE v.lease_until END
  WHERE v.id = c.id;
  free := free AND c.turns_done = c.turns_accepted;  -- nothing waits before this turn: it can begin at once
  INSERT INTO turns (id, conversation_id, principal, seq, client_message_id, body_sha256, permissions)
    VALUES (new_turn, c.id, who, turn_seq, message_id, sha, rights);
  INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body)
    VALUES (c.id, turn_seq, 0, who, 'customer', text_body);
  RETURN QUERY SELECT NULL, c.id, new_turn, turn_seq,
    free OR c.lease_owner = runner OR c.lease_owner IS NULL OR c.lease_until < now(), false,
    CASE WHEN free THEN c.facts END, CASE WHEN free THEN c.mode END,
    CASE WHEN free AND turn_seq > 1 THEN window_of(c.id, turn_seq - window_turns, turn_seq) END;
END $$;

-- The oldest turn still to be answered of a conversation whose lease we hold. It counts the attempt, so that a
-- turn that keeps ending its process is given up.
CREATE FUNCTION next_turn(who text, conv uuid, runner uuid, window_turns integer) RETURNS TABLE (
  turn uuid, turn_seq integer, message text, tries smallint, facts jsonb, mode text, rights text[], past json
)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
DECLARE
  c conversations%ROWTYPE;
BEGIN
  PERFORM set_config('frontdesk.principal', who, true);
  SELECT * INTO c FROM conversations v WHERE v.id = conv AND v.lease_owner = runner;
  RETURN QUERY
  UPDATE turns t SET attempts = t.attempts + 1 WHERE t.conversation_id = c.id AND t.seq = c.turns_done + 1
  RETURNING t.id, t.seq,
    (SELECT m.body FROM messages m WHERE m.conversation_id = conv AND m.turn_seq = t.seq AND m.n = 0),
    t.attempts, c.facts, c.mode, t.permissions,
    CASE WHEN t.seq > 1 THEN window_of(conv, t.seq - window_turns, t.seq) END;
END $$;

-- A turn as it stands, for its owner.
CREATE FUNCTION find_turn(who text, wanted uuid) RETURNS TABLE (
  turn uuid, conversation uuid, seq integer, status text, outcome text, record jsonb, mode text, reply text
)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
BEGIN
  PERFORM set_config('frontdesk.principal', who, true);
  RETURN QUERY
  SELECT t.id, t.conversation_id, t.seq, t.status, t.outcome, t.record, c.mode,
    (SELECT m.body FROM messages m WHERE m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 1)
  FROM turns t JOIN conversations c ON c.id = t.conversation_id WHERE t.id = wanted;
END $$;

-- Record a finished turn; no row when another process has taken the conversation over meanwhile.
-- Gives the lease back when nothing waits; both columns stand on the row that is locked here, so a
-- message accepted at the same moment is either seen now or finds the lease free.
CREATE FUNCTION finish_turn(
  who text, conv uuid, done_turn uuid, done_seq integer, runner uuid, lease interval,
  result text, entry jsonb, reply text, new_facts jsonb, new_mode text, audit_data text
) RETURNS TABLE (more boolean)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
BEGIN
  PERFORM set_config('frontdesk.principal', who, true);
  UPDATE conversations c SET
    turns_done = done_seq,
    active_at = now(),
    facts = new_facts,
    mode = CASE WHEN c.mode = 'human' THEN c.mode ELSE new_mode END,
    lease_owner = CASE WHEN c.turns_accepted = done_seq THEN NULL ELSE runner END,
    lease_until = CASE WHEN c.turns_accepted = done_seq THEN NULL ELSE now() + lease END
  WHERE c.id = conv AND c.lease_owner = runner AND c.turns_done = done_seq - 1
  RETURNING c.turns_accepted > done_seq INTO more;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  UPDATE turns SET status = 'done', outcome = result, record = entry, done_at = now() WHERE id = done_turn;
  IF reply <> '' THEN
    INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body)
      VALUES (conv, done_seq, 1, who, 'assistant', reply);
  END IF;
  PERFORM audit_append(conv, 'turn', audit_data);
  RETURN NEXT;
END $$;

-- What runs with the owner's rights is for the application alone.
REVOKE EXECUTE ON FUNCTION audit_append, abandoned_turns, renew_leases FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append, abandoned_turns, renew_leases TO frontdesk_app;
