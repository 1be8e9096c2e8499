-- As before, but a turn's files are looked for among those of its conversation, of which there is an index: each look at
-- what is due read all files of all customers, once for each turn. And a file belongs to its message as late as the
-- request that brings both may take, which is five seconds.
CREATE OR REPLACE FUNCTION next_told(t tickets, through integer) RETURNS integer
LANGUAGE sql STABLE SET search_path = frontdesk, pg_temp AS $$
  SELECT min(u.seq) FROM turns u
  WHERE u.conversation_id = t.conversation_id AND u.seq > through AND u.accepted_at < now() - interval '6 seconds'
    AND (u.seq > told_from(t) OR EXISTS (
      SELECT FROM attachments a WHERE a.conversation_id = t.conversation_id AND a.turn_id = u.id))
$$;
