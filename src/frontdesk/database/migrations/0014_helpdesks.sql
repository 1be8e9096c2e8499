-- Tickets that somebody else's helpdesk keeps: what was brought there, and what it said back.

-- Since when a helpdesk is declared: older tickets stay where they are.
CREATE TABLE helpdesks (name text PRIMARY KEY, since timestamptz NOT NULL DEFAULT now());
GRANT SELECT, INSERT ON helpdesks TO frontdesk_app;

CREATE TABLE deliveries (
  ticket_id   uuid PRIMARY KEY REFERENCES tickets,
  helpdesk    text NOT NULL,
  attempts    smallint NOT NULL DEFAULT 0,
  called_at   timestamptz,  -- when it was last asked to make the ticket; what came of it may be unknown
  next_at     timestamptz NOT NULL DEFAULT now(),
  made_at     timestamptz,
  dead_at     timestamptz,
  status_told text NOT NULL DEFAULT '',  -- the state that both sides know
  how         text NOT NULL DEFAULT ''   -- the kind of the last error
);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE dead_at IS NULL;
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
CREATE POLICY staff ON deliveries TO frontdesk_app USING (is_staff());
GRANT SELECT, INSERT, UPDATE ON deliveries TO frontdesk_app;
CREATE INDEX tickets_external ON tickets (helpdesk, external_id) WHERE external_id IS NOT NULL;
