-- What a person must find out may also be whether an effect was taken back.
CREATE OR REPLACE FUNCTION actions_waiting(most integer) RETURNS TABLE (id uuid, principal text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  SELECT a.id, a.principal FROM actions a
  WHERE (a.status = 'confirmed' AND a.expires_at > now())
     OR (a.status = 'unknown' AND a.reason IN ('person', 'undo_person'))
  ORDER BY a.created_at LIMIT most
$$;

-- As before, the longest due first: what cannot be seen to must not stand in front of what can.
CREATE OR REPLACE FUNCTION actions_due(most integer) RETURNS TABLE (id uuid, principal text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  SELECT a.id, a.principal FROM actions a
  WHERE (a.status IN ('executing', 'unknown', 'undoing') AND a.lease_until < now())
     OR (a.status IN ('proposed', 'confirmed') AND a.expires_at < now())
     OR (a.status = 'confirmed' AND a.decided_at < now() - interval '2 seconds'
         AND a.needs <= (SELECT count(*) FROM approvals p WHERE p.action_id = a.id))
  ORDER BY coalesce(a.lease_until, a.expires_at) LIMIT most
$$;

-- As before, with a turn's actions by its record: a wish said again shows the button that stands already.
CREATE OR REPLACE FUNCTION window_of(conv uuid, first_seq integer, before_seq integer) RETURNS json
LANGUAGE sql STABLE SET search_path = frontdesk, pg_temp AS $$
  SELECT json_agg(json_build_array(
    t.seq,
    (SELECT m.body FROM messages m WHERE m.conversation_id = conv AND m.turn_seq = t.seq AND m.n = 0),
    coalesce((SELECT string_agg(m.body, E'\n\n' ORDER BY m.n) FROM messages m
              WHERE m.conversation_id = conv AND m.turn_seq = t.seq AND m.n > 0 AND m.role <> 'note'), ''),
    t.record -> 'steps',
    CASE WHEN t.record ? 'actions' THEN (
      SELECT json_agg(action_state(a)) FROM actions a
      WHERE a.id IN (SELECT jsonb_array_elements_text(t.record -> 'actions')::uuid)) END
  ) ORDER BY t.seq)
  FROM turns t WHERE t.conversation_id = conv AND t.seq >= first_seq AND t.seq < before_seq
$$;

-- As before; how long a proposal stands is counted by the clock that it runs out by, the database's.
CREATE OR REPLACE FUNCTION propose_actions(who text, conv uuid, of_turn uuid, proposals jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
DECLARE
  p record;
BEGIN
  FOR p IN SELECT * FROM jsonb_to_recordset(proposals) AS r(
    id uuid, tool text, arguments jsonb, digest text, preview jsonb, basis text, policy text, object text,
    amount numeric, currency text, needs smallint, stands float)
  LOOP
    UPDATE actions SET status = 'expired', reason = 'replaced', ended_at = now()
    WHERE principal = who AND status = 'proposed' AND tool = p.tool AND object = p.object AND turn_id <> of_turn;
    INSERT INTO actions (id, conversation_id, turn_id, principal, tool, arguments, digest, preview, basis, policy, object,
                         amount, currency, needs, status, expires_at)
      VALUES (p.id, conv, of_turn, who, p.tool, p.arguments, decode(p.digest, 'hex'), p.preview, decode(p.basis, 'hex'),
              p.policy, p.object, p.amount, p.currency, p.needs, 'proposed', now() + make_interval(secs => p.stands))
      ON CONFLICT (id) DO NOTHING;
    PERFORM audit_append(conv, 'action', json_build_object(
      'action', p.id, 'event', 'proposed', 'tool', p.tool, 'arguments', left(p.digest, 16), 'turn', of_turn)::text);
  END LOOP;
END $$;
