-- The desk: when a customer said yes and who of the staff decided, which tickets a handover opened, and what of a
-- conversation a helpdesk has been told.

-- Staff who decline do not take the customer's yes away. ``decided_by``: who of the staff ended it.
ALTER TABLE actions ADD COLUMN confirmed_at timestamptz, ADD COLUMN decided_by text NOT NULL DEFAULT '';
GRANT UPDATE (confirmed_at, decided_by) ON actions TO frontdesk_app;
UPDATE actions SET confirmed_at = decided_at
WHERE decided_at <> created_at AND (status NOT IN ('declined', 'expired') OR status = 'declined' AND reason <> 'customer');
UPDATE actions a SET decided_by = substr(s.told ->> 'by', 7)
FROM (SELECT data::jsonb AS told FROM audit WHERE kind = 'action' AND data LIKE '%"by":"staff:%') s
WHERE s.told ->> 'event' = 'declined' AND (s.told ->> 'action')::uuid = a.id AND a.status = 'declined';
DELETE FROM reports;  -- they were counted without that
CREATE INDEX actions_decided ON actions (ended_at DESC) WHERE decided_by <> '';
CREATE INDEX approvals_newest ON approvals (at DESC);

-- Resolving a conversation solves them, and no other ticket of it.
ALTER TABLE tickets ADD COLUMN handover boolean NOT NULL DEFAULT false;
UPDATE tickets SET handover = true WHERE subject LIKE 'Handover: %';

-- Up to which turn the helpdesk has what the customer wrote, and since when a call is under way that tells it the next.
ALTER TABLE deliveries ADD COLUMN told_through integer NOT NULL DEFAULT 0, ADD COLUMN telling_at timestamptz;
UPDATE deliveries d SET told_through = c.turns_accepted
FROM tickets t JOIN conversations c ON c.id = t.conversation_id WHERE t.id = d.ticket_id;

-- The turn that a ticket was opened in: the ticket has what was written up to there.
CREATE FUNCTION told_from(t tickets) RETURNS integer
LANGUAGE sql STABLE SET search_path = frontdesk, pg_temp AS $$
  SELECT coalesce(
    (SELECT u.seq FROM turns u WHERE u.id = t.turn_id),
    (SELECT max(u.seq) FROM turns u WHERE u.conversation_id = t.conversation_id AND u.accepted_at <= t.created_at), 0)
$$;

-- The next turn behind ``through`` that a ticket's helpdesk is to be told of: one written later, or one that came with a
-- file. A file belongs to its message a moment after that is accepted.
CREATE FUNCTION next_told(t tickets, through integer) RETURNS integer
LANGUAGE sql STABLE SET search_path = frontdesk, pg_temp AS $$
  SELECT min(u.seq) FROM turns u
  WHERE u.conversation_id = t.conversation_id AND u.seq > through AND u.accepted_at < now() - interval '3 seconds'
    AND (u.seq > told_from(t) OR EXISTS (SELECT FROM attachments a WHERE a.turn_id = u.id))
$$;
