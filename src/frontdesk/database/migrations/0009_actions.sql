-- Actions: data-changing tool calls, recorded before they run. What waits for a person is a row.

CREATE TABLE actions (
  id              uuid PRIMARY KEY,  -- also the name of its effect, and the Idempotency-Key it goes out with
  conversation_id uuid NOT NULL REFERENCES conversations,
  turn_id         uuid NOT NULL REFERENCES turns,
  principal       text NOT NULL,
  tool            text NOT NULL,
  arguments       jsonb NOT NULL,    -- canonical
  digest          bytea NOT NULL,    -- SHA-256 of them
  preview         jsonb NOT NULL,    -- what the customer was shown
  basis           bytea NOT NULL,    -- SHA-256 of that: other data when it is to run, and it does not run
  policy          text NOT NULL,     -- the version of what is declared beside the tool
  object          text NOT NULL DEFAULT '',
  amount          numeric CHECK (amount > 0),
  currency        text,
  needs           smallint NOT NULL DEFAULT 0 CHECK (needs BETWEEN 0 AND 2),  -- staff who must approve
  status          text NOT NULL CHECK (status IN (
    'proposed', 'confirmed', 'declined', 'expired', 'executing', 'executed', 'failed', 'unknown', 'undoing', 'undone')),
  reason          text NOT NULL DEFAULT '',
  result          jsonb,
  attempts        smallint NOT NULL DEFAULT 0,
  created_at      timestamptz NOT NULL DEFAULT now(),
  expires_at      timestamptz NOT NULL,
  decided_at      timestamptz,
  ended_at        timestamptz,
  undo_until      timestamptz,
  lease_owner     uuid,
  lease_until     timestamptz,
  CHECK ((amount IS NULL) = (currency IS NULL))
);
CREATE INDEX actions_of_turn ON actions (turn_id);
CREATE INDEX actions_of ON actions (principal, tool, object) WHERE status = 'proposed';
CREATE INDEX actions_open ON actions (lease_until) WHERE status IN ('proposed', 'confirmed', 'executing', 'unknown', 'undoing');

-- Who of the staff has approved; a person counts once.
CREATE TABLE approvals (
  action_id uuid NOT NULL REFERENCES actions,
  principal text NOT NULL,  -- the action's customer
  staff     text NOT NULL CHECK (staff <> '' AND length(staff) <= 128),
  at        timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (action_id, staff)
);

-- The ledger: each effect that was begun, once. Limits are counted over it.
CREATE TABLE effects (
  id              uuid PRIMARY KEY,
  action_id       uuid NOT NULL REFERENCES actions,
  kind            text NOT NULL CHECK (kind IN ('do', 'undo')),
  conversation_id uuid NOT NULL REFERENCES conversations,
  principal       text NOT NULL,
  tool            text NOT NULL,
  keys            jsonb NOT NULL DEFAULT '{}',  -- the arguments that a limit counts by: {"order_id": "456"}
  amount          numeric,
  currency        text,
  outcome         text NOT NULL DEFAULT 'begun' CHECK (outcome IN ('begun', 'done', 'failed', 'unknown')),
  begun_at        timestamptz NOT NULL DEFAULT now(),
  ended_at        timestamptz
);
CREATE INDEX effects_of ON effects (tool, principal, begun_at) WHERE kind = 'do';
CREATE INDEX effects_all ON effects (tool, begun_at) WHERE kind = 'do';
CREATE INDEX effects_of_action ON effects (action_id);

ALTER TABLE actions   ENABLE ROW LEVEL SECURITY;
ALTER TABLE approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE effects   ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON actions   TO frontdesk_app USING (principal = current_setting('frontdesk.principal', true));
CREATE POLICY own ON approvals TO frontdesk_app USING (principal = current_setting('frontdesk.principal', true));
CREATE POLICY own ON effects   TO frontdesk_app USING (principal = current_setting('frontdesk.principal', true));
-- What was proposed never changes: not its arguments, not whose it is, not what was shown.
GRANT SELECT, INSERT ON actions, approvals, effects TO frontdesk_app;
GRANT UPDATE (status, reason, result, attempts, needs, expires_at, decided_at, ended_at, undo_until, lease_owner, lease_until)
  ON actions TO frontdesk_app;
GRANT UPDATE (outcome, ended_at) ON effects TO frontdesk_app;

-- How much of each cap is used, in their order: {"most", "currency", "seconds", "scope", "value"}. It counts over
-- all customers where the scope is wider than one, so it runs with the owner's rights and gives out sums alone.
-- What is begun, and what nobody knows the end of, counts; what failed does not.
CREATE FUNCTION effects_used(of_tool text, who text, caps jsonb) RETURNS TABLE (used numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  SELECT (
    SELECT coalesce(sum(CASE WHEN c.cap ->> 'currency' = '' THEN 1 ELSE e.amount END), 0)
    FROM effects e
    WHERE e.kind = 'do' AND e.tool = of_tool AND e.outcome <> 'failed'
      AND (c.cap ->> 'seconds' IS NULL OR e.begun_at > clock_timestamp() - make_interval(secs => (c.cap ->> 'seconds')::float))
      AND CASE c.cap ->> 'scope'
            WHEN 'shop' THEN true
            WHEN 'customer' THEN e.principal = who
            ELSE e.keys ->> (c.cap ->> 'scope') = c.cap ->> 'value' END
      AND (c.cap ->> 'currency' = '' OR e.currency = c.cap ->> 'currency')
  )
  FROM jsonb_array_elements(caps) WITH ORDINALITY AS c(cap, n) ORDER BY c.n
$$;

-- What nobody is at any more: run by a process that died, unknown and due to be asked about, approved by the last
-- and not yet run, or run out. Only ids leave.
CREATE FUNCTION actions_due(most integer) RETURNS TABLE (id uuid, principal text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  SELECT a.id, a.principal FROM actions a
  WHERE (a.status IN ('executing', 'unknown', 'undoing') AND a.lease_until < now())
     OR (a.status IN ('proposed', 'confirmed') AND a.expires_at < now())
     OR (a.status = 'confirmed' AND a.decided_at < now() - interval '2 seconds'
         AND a.needs <= (SELECT count(*) FROM approvals p WHERE p.action_id = a.id))
  LIMIT most
$$;

-- For staff: whose an action is, and which wait for them.
CREATE FUNCTION action_owner(wanted uuid) RETURNS TABLE (principal text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  SELECT a.principal FROM actions a WHERE a.id = wanted
$$;
CREATE FUNCTION actions_waiting(most integer) RETURNS TABLE (id uuid, principal text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  SELECT a.id, a.principal FROM actions a
  WHERE (a.status = 'confirmed' AND a.expires_at > now()) OR (a.status = 'unknown' AND a.reason = 'person')
  ORDER BY a.created_at LIMIT most
$$;

-- An action as the transcript tells of it: what has become of it by now.
CREATE FUNCTION action_state(a actions) RETURNS json
LANGUAGE sql STABLE SET search_path = frontdesk, pg_temp AS $$
  SELECT json_build_object(
    'id', a.id, 'conversation_id', a.conversation_id, 'turn_id', a.turn_id, 'principal', a.principal, 'tool', a.tool,
    'arguments', a.arguments, 'digest', encode(a.digest, 'hex'), 'preview', a.preview, 'basis', encode(a.basis, 'hex'),
    'policy', a.policy, 'needs', a.needs,
    'status', CASE WHEN a.status IN ('proposed', 'confirmed') AND a.expires_at < now() THEN 'expired' ELSE a.status END,
    'reason', a.reason, 'result', a.result, 'attempts', a.attempts, 'created_at', a.created_at,
    'expires_at', a.expires_at, 'undo_until', a.undo_until,
    'approved_by', (SELECT coalesce(json_agg(p.staff ORDER BY p.at), '[]') FROM approvals p WHERE p.action_id = a.id))
$$;

-- Record proposals; earlier ones of the same tool for the same object give way to them.
CREATE FUNCTION propose_actions(who text, conv uuid, of_turn uuid, proposals jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
DECLARE
  p record;
BEGIN
  FOR p IN SELECT * FROM jsonb_to_recordset(proposals) AS r(
    id uuid, tool text, arguments jsonb, digest text, preview jsonb, basis text, policy text, object text,
    amount numeric, currency text, needs smallint, expires_at timestamptz)
  LOOP
    UPDATE actions SET status = 'expired', reason = 'replaced', ended_at = now()
    WHERE principal = who AND status = 'proposed' AND tool = p.tool AND object = p.object AND turn_id <> of_turn;
    INSERT INTO actions (id, conversation_id, turn_id, principal, tool, arguments, digest, preview, basis, policy, object,
                         amount, currency, needs, status, expires_at)
      VALUES (p.id, conv, of_turn, who, p.tool, p.arguments, decode(p.digest, 'hex'), p.preview, decode(p.basis, 'hex'),
              p.policy, p.object, p.amount, p.currency, p.needs, 'proposed', p.expires_at)
      ON CONFLICT (id) DO NOTHING;
    PERFORM audit_append(conv, 'action', json_build_object(
      'action', p.id, 'event', 'proposed', 'tool', p.tool, 'arguments', left(p.digest, 16), 'turn', of_turn)::text);
  END LOOP;
END $$;

-- As before, with all that was said after a turn's message, and what has become of its actions.
CREATE OR REPLACE FUNCTION window_of(conv uuid, first_seq integer, before_seq integer) RETURNS json
LANGUAGE sql STABLE SET search_path = frontdesk, pg_temp AS $$
  SELECT json_agg(json_build_array(
    t.seq,
    (SELECT m.body FROM messages m WHERE m.conversation_id = conv AND m.turn_seq = t.seq AND m.n = 0),
    coalesce((SELECT string_agg(m.body, E'\n\n' ORDER BY m.n) FROM messages m
              WHERE m.conversation_id = conv AND m.turn_seq = t.seq AND m.n > 0 AND m.role <> 'note'), ''),
    t.record -> 'steps',
    CASE WHEN t.record ? 'actions' THEN (SELECT json_agg(action_state(a)) FROM actions a WHERE a.turn_id = t.id) END
  ) ORDER BY t.seq)
  FROM turns t WHERE t.conversation_id = conv AND t.seq >= first_seq AND t.seq < before_seq
$$;

DROP FUNCTION find_turn(text, uuid);
CREATE FUNCTION find_turn(who text, wanted uuid) RETURNS TABLE (
  turn uuid, conversation uuid, seq integer, status text, outcome text, record jsonb, mode text, reply text, actions json
)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
BEGIN
  PERFORM set_config('frontdesk.principal', who, true);
  RETURN QUERY
  SELECT t.id, t.conversation_id, t.seq, t.status, t.outcome, t.record, c.mode,
    (SELECT m.body FROM messages m WHERE m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 1),
    CASE WHEN t.record ? 'actions' THEN (
      SELECT json_agg(action_state(a) ORDER BY a.created_at, a.id) FROM actions a
      WHERE a.id IN (SELECT jsonb_array_elements_text(t.record -> 'actions')::uuid)) END
  FROM turns t JOIN conversations c ON c.id = t.conversation_id WHERE t.id = wanted;
END $$;

-- As before, with the turn's proposals in the same commit. A turn that a newer message has overtaken proposes
-- nothing: then nothing is written and ``superseded`` says so. The conversation's row is locked first, as
-- accept_turn locks it, so that no message slips in between.
DROP FUNCTION finish_turn(text, uuid, uuid, integer, uuid, interval, text, jsonb, text, jsonb, text, text);
CREATE FUNCTION finish_turn(
  who text, conv uuid, done_turn uuid, done_seq integer, runner uuid, lease interval,
  result text, entry jsonb, reply text, new_facts jsonb, new_mode text, audit_data text, proposals jsonb
) RETURNS TABLE (more boolean, superseded boolean)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
BEGIN
  PERFORM set_config('frontdesk.principal', who, true);
  IF proposals IS NOT NULL THEN
    -- In READ COMMITTED the row that is locked is the newest one, so what is compared here is the truth.
    SELECT c.turns_accepted > done_seq INTO superseded FROM conversations c
    WHERE c.id = conv AND c.lease_owner = runner AND c.turns_done = done_seq - 1 FOR UPDATE;
    IF superseded THEN
      more := true;
      RETURN NEXT;
      RETURN;
    END IF;
  END IF;
  superseded := false;
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
  IF proposals IS NOT NULL THEN
    PERFORM propose_actions(who, conv, done_turn, proposals);
  END IF;
  RETURN NEXT;
END $$;

-- What is said when an action has come to its end: after the newest turn that is answered, or the one that proposed
-- it. The lock on the conversation gives each message a place of its own.
CREATE FUNCTION tell(conv uuid, of_turn uuid, who text, said text) RETURNS void
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
DECLARE
  place integer;
BEGIN
  SELECT greatest(c.turns_done, t.seq) INTO place
  FROM conversations c, turns t WHERE c.id = conv AND t.id = of_turn FOR UPDATE OF c;
  INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body)
    SELECT conv, place, greatest(coalesce(max(m.n), 0), 1) + 1, who, 'assistant', said
    FROM messages m WHERE m.conversation_id = conv AND m.turn_seq = place;
END $$;

ALTER TABLE service_keys DROP CONSTRAINT service_keys_rights_check;
ALTER TABLE service_keys ADD CONSTRAINT service_keys_rights_check CHECK (rights <@ ARRAY['knowledge', 'approvals']);

REVOKE EXECUTE ON FUNCTION effects_used, actions_due, action_owner, actions_waiting FROM PUBLIC;
GRANT EXECUTE ON FUNCTION effects_used, actions_due, action_owner, actions_waiting TO frontdesk_app;
