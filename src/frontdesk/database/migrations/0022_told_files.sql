-- As before, but each look at what is due read all files of all customers, once for each turn: the next turn that was
-- written later and the next with a file are two walks along an index now. And a file belongs to its message as late as
-- the request that brings both may take, which is five seconds.
CREATE OR REPLACE FUNCTION next_told(t tickets, through integer) RETURNS integer
LANGUAGE sql STABLE SET search_path = frontdesk, pg_temp AS $$
  SELECT least(
    (SELECT min(u.seq) FROM turns u
     WHERE u.conversation_id = t.conversation_id AND u.seq > greatest(through, told_from(t))
       AND u.accepted_at < now() - interval '6 seconds'),
    (SELECT min(u.seq) FROM attachments a JOIN turns u ON u.id = a.turn_id
     WHERE a.conversation_id = t.conversation_id AND u.seq > through AND u.accepted_at < now() - interval '6 seconds'))
$$;
