-- People: staff and their sessions, who holds a conversation, what waits for them, and who hears of it.
--
-- Staff read across customers: their policies hold only while frontdesk.staff is set for the transaction, which the
-- path of a customer's message never does.

CREATE TABLE staff (
  id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email           text NOT NULL CHECK (email = lower(email)),
  name            text NOT NULL CHECK (name <> ''),
  role            text NOT NULL CHECK (role IN ('agent', 'lead', 'admin')),
  password_scrypt bytea NOT NULL,  -- 16 bytes of salt, then the hash
  shortcuts       boolean NOT NULL DEFAULT true,
  disabled_at     timestamptz,
  created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX staff_email ON staff (email);
CREATE TABLE staff_sessions (
  token_sha256 bytea PRIMARY KEY,
  staff_id     uuid NOT NULL REFERENCES staff,
  created_at   timestamptz NOT NULL DEFAULT now(),
  seen_at      timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz
);
CREATE INDEX staff_sessions_of ON staff_sessions (staff_id);
GRANT SELECT, INSERT, UPDATE ON staff, staff_sessions TO frontdesk_app;

ALTER TABLE conversations
  ADD COLUMN queued_at timestamptz,
  ADD COLUMN queue_reason text NOT NULL DEFAULT '',
  ADD COLUMN assignee uuid REFERENCES staff,
  ADD COLUMN assignee_name text NOT NULL DEFAULT '',
  ADD COLUMN taken_at timestamptz,
  ADD COLUMN resolved_at timestamptz,
  ADD COLUMN contact_email text,
  ADD COLUMN staff_seen_at timestamptz,
  ADD COLUMN waiting_since timestamptz,  -- of the first message that a person still owes an answer to
  ADD COLUMN silenced_through integer NOT NULL DEFAULT 0;  -- up to this turn a person has answered, or will
CREATE INDEX conversations_waiting ON conversations (waiting_since, id) WHERE waiting_since IS NOT NULL;
CREATE INDEX conversations_held ON conversations (assignee, id) WHERE assignee IS NOT NULL;
GRANT UPDATE (queued_at, queue_reason, assignee, assignee_name, taken_at, resolved_at, contact_email, staff_seen_at,
              waiting_since, silenced_through) ON conversations TO frontdesk_app;

ALTER TABLE messages ADD COLUMN author uuid, ADD COLUMN author_name text, ADD COLUMN client_id text;
CREATE UNIQUE INDEX messages_once ON messages (conversation_id, author, client_id) WHERE client_id IS NOT NULL;

ALTER TABLE tickets
  ADD COLUMN assignee uuid REFERENCES staff,
  ADD COLUMN assignee_name text NOT NULL DEFAULT '',
  ADD COLUMN priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
  ADD COLUMN closed_at timestamptz,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN external_id text,
  ADD COLUMN external_url text,
  ADD COLUMN helpdesk text NOT NULL DEFAULT '',
  ADD CONSTRAINT tickets_status CHECK (status IN ('open', 'pending', 'solved', 'closed'));
CREATE INDEX tickets_open ON tickets (status, number DESC);
GRANT UPDATE (status, assignee, assignee_name, priority, closed_at, updated_at, external_id, external_url, helpdesk)
  ON tickets TO frontdesk_app;

CREATE FUNCTION is_staff() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(current_setting('frontdesk.staff', true), '') <> ''
$$;
CREATE POLICY staff ON conversations TO frontdesk_app USING (is_staff());
CREATE POLICY staff ON turns         TO frontdesk_app USING (is_staff());
CREATE POLICY staff ON messages      TO frontdesk_app USING (is_staff());
CREATE POLICY staff ON tickets       TO frontdesk_app USING (is_staff());
CREATE POLICY staff ON actions       FOR SELECT TO frontdesk_app USING (is_staff());
CREATE POLICY staff ON approvals     FOR SELECT TO frontdesk_app USING (is_staff());
CREATE POLICY staff ON ratings       FOR SELECT TO frontdesk_app USING (is_staff());

-- What a person owes: kept beside each change, so that the inbox reads no transcript. A new message reopens what was
-- resolved.
CREATE FUNCTION conversation_waits() RETURNS trigger
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
BEGIN
  IF NEW.mode = 'queued' AND OLD.mode <> 'queued' THEN
    NEW.queued_at := now();
    NEW.waiting_since := coalesce(OLD.waiting_since, now());
    NEW.resolved_at := NULL;
  END IF;
  IF NEW.turns_accepted > OLD.turns_accepted THEN
    NEW.resolved_at := NULL;
    IF NEW.mode <> 'ai' THEN
      NEW.waiting_since := coalesce(OLD.waiting_since, now());
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER conversation_waits BEFORE UPDATE OF mode, turns_accepted ON conversations FOR EACH ROW
  WHEN (NEW.mode <> 'ai' OR NEW.resolved_at IS NOT NULL) EXECUTE FUNCTION conversation_waits();

-- Who works here hears of what concerns them. A conversation that the AI answers and nobody looks at is silent:
-- NOTIFY takes a lock over the whole database at commit.
CREATE FUNCTION people_notify() RETURNS trigger
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
DECLARE
  row jsonb := to_jsonb(NEW);
BEGIN
  PERFORM pg_notify('frontdesk_people', json_build_object(
    'conversation', coalesce(row ->> 'conversation_id', row ->> 'id'), 'what', TG_ARGV[0])::text);
  RETURN NULL;
END $$;
CREATE TRIGGER people_mode
  AFTER UPDATE OF mode, turns_accepted, turns_done, assignee, resolved_at, waiting_since ON conversations FOR EACH ROW
  WHEN (NEW.mode <> 'ai' OR OLD.mode <> 'ai' OR NEW.resolved_at IS DISTINCT FROM OLD.resolved_at
        OR NEW.staff_seen_at > now() - interval '10 minutes') EXECUTE FUNCTION people_notify('mode');
CREATE TRIGGER people_message AFTER INSERT ON messages FOR EACH ROW
  WHEN (NEW.role IN ('staff', 'note')) EXECUTE FUNCTION people_notify('message');
CREATE TRIGGER people_ticket AFTER INSERT OR UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION people_notify('ticket');
CREATE TRIGGER people_action AFTER UPDATE OF status ON actions FOR EACH ROW
  WHEN (NEW.status IN ('confirmed', 'unknown') OR OLD.status IN ('confirmed', 'unknown'))
  EXECUTE FUNCTION people_notify('action');
CREATE TRIGGER people_approval AFTER INSERT ON approvals FOR EACH ROW EXECUTE FUNCTION people_notify('action');

-- As before; a turn that was accepted before a person took over is not begun any more, even if they have left since.
CREATE OR REPLACE FUNCTION next_turn(who text, conv uuid, runner uuid, window_turns integer) RETURNS TABLE (
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
    t.attempts, c.facts, CASE WHEN t.seq <= c.silenced_through THEN 'human' ELSE c.mode END, t.permissions,
    CASE WHEN t.seq > 1 THEN window_of(conv, t.seq - window_turns, t.seq) END;
END $$;

-- As before; of a turn that a person has taken over meanwhile, even if they have left since, nothing that was written is
-- kept, and ``silenced`` says so: its audit entry too says what was kept. The row's lock decides which came first.
-- ``now_mode`` is the conversation's mode from here on.
DROP FUNCTION finish_turn(text, uuid, uuid, integer, uuid, interval, text, jsonb, text, jsonb, text, text, jsonb);
CREATE FUNCTION finish_turn(
  who text, conv uuid, done_turn uuid, done_seq integer, runner uuid, lease interval,
  result text, entry jsonb, reply text, new_facts jsonb, new_mode text, audit_data text, proposals jsonb
) RETURNS TABLE (more boolean, superseded boolean, silenced boolean, now_mode text)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
DECLARE
  through integer;
  called boolean := EXISTS (SELECT FROM jsonb_array_elements(coalesce(entry -> 'steps', '[]')) s
    WHERE s ->> 'tool' = 'hand_over' AND coalesce((s ->> 'ok')::boolean, true));
BEGIN
  PERFORM set_config('frontdesk.principal', who, true);
  IF proposals IS NOT NULL THEN
    -- In READ COMMITTED the row that is locked is the newest one, so what is compared here is the truth.
    SELECT c.turns_accepted > done_seq AND done_seq > c.silenced_through INTO superseded FROM conversations c
    WHERE c.id = conv AND c.lease_owner = runner AND c.turns_done = done_seq - 1 FOR UPDATE;
    IF superseded THEN
      more := true;
      silenced := false;
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  superseded := false;
  UPDATE conversations c SET
    turns_done = done_seq,
    active_at = now(),
    facts = new_facts,
    -- A turn only brings a person in, and only by what it did itself: what a button or staff decided meanwhile stands.
    mode = CASE WHEN c.mode = 'ai' AND new_mode = 'queued' AND called AND done_seq > c.silenced_through
      THEN 'queued' ELSE c.mode END,
    queue_reason = CASE WHEN c.mode = 'ai' AND new_mode = 'queued' AND called AND done_seq > c.silenced_through
      THEN coalesce((
      SELECT CASE s -> 'arguments' ->> 'reason'
        WHEN 'customer_wish' THEN 'asked' WHEN 'anger' THEN 'anger' WHEN 'safety' THEN 'danger' WHEN 'legal' THEN 'policy'
        WHEN 'repeated_failure' THEN 'failed_twice' ELSE 'unsure' END
      FROM jsonb_array_elements(entry -> 'steps') s WHERE s ->> 'tool' = 'hand_over' LIMIT 1), 'unsure')
      ELSE c.queue_reason END,
    lease_owner = CASE WHEN c.turns_accepted = done_seq THEN NULL ELSE runner END,
    lease_until = CASE WHEN c.turns_accepted = done_seq THEN NULL ELSE now() + lease END
  WHERE c.id = conv AND c.lease_owner = runner AND c.turns_done = done_seq - 1
  RETURNING c.turns_accepted > done_seq, c.mode, c.silenced_through INTO more, now_mode, through;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  silenced := new_mode <> 'human' AND (now_mode = 'human' OR done_seq <= through);
  IF silenced THEN
    result := 'handed_off';
    entry := entry - '{actions,citations,suggestions,receipt,confidence}'::text[];
    audit_data := (audit_data::jsonb || jsonb_build_object(
      'outcome', result, 'reply', left(encode(sha256(''), 'hex'), 16), 'silenced', true))::text;
    reply := '';
    proposals := NULL;
  END IF;
  UPDATE turns SET status = 'done', outcome = result, record = entry || jsonb_build_object('mode', now_mode), done_at = now()
  WHERE id = done_turn;
  IF reply <> '' THEN
    INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body)
      VALUES (conv, done_seq, 1, who, 'assistant', reply);
  END IF;
  PERFORM audit_append(conv, 'turn', audit_data);
  IF proposals IS NOT NULL THEN
    PERFORM propose_actions(who, conv, done_turn, proposals);
  END IF;
  RETURN NEXT;
END $$;

-- What staff write stands behind the newest message (before the first one, in turn 0), in the order of the conversation's
-- lock. Whoever calls it holds that lock, and has looked whether ``once`` is there already.
CREATE FUNCTION staff_write(conv uuid, kind text, said text, by uuid, by_name text, once text)
RETURNS TABLE (turn_seq integer, n smallint, created_at timestamptz)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
DECLARE
  place integer;
  whose text;
BEGIN
  SELECT c.turns_accepted, c.principal INTO place, whose FROM conversations c WHERE c.id = conv FOR UPDATE;
  RETURN QUERY
  INSERT INTO messages AS m (conversation_id, turn_seq, n, principal, role, body, author, author_name, client_id, created_at)
    SELECT conv, place, greatest(coalesce(max(k.n), 0), 1) + 1, whose, kind, said, by, by_name, once, clock_timestamp()
    FROM messages k WHERE k.conversation_id = conv AND k.turn_seq = place
  RETURNING m.turn_seq, m.n, m.created_at;
END $$;
