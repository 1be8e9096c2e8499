-- What a service key may do beyond speaking for customers, and who decided what about the knowledge base.

-- 'knowledge': read gaps (what all customers asked), ask for a sync, publish what all customers read. Keys made before
-- this hold no right: a key for chat that leaked must not plant text in answers. No key is given one later on: the
-- application may change nothing of a key but that it is revoked.
ALTER TABLE service_keys ADD COLUMN rights text[] NOT NULL DEFAULT '{}' CHECK (rights <@ ARRAY['knowledge']);

-- Decisions about gaps, beside the audit log, which is a chain a conversation. "by": 'key:<id>' for a service key,
-- 'settings:<id>' for one in the settings, 'cli:<user>' at the command line, 'desk' for what the desk does by itself.
-- Without references: what was decided stays when its gap or its key is gone.
CREATE TABLE knowledge_decisions (
  id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gap  bigint,
  what text NOT NULL CHECK (what IN ('drafted', 'approved', 'dismissed', 'resolved', 'sync')),
  "by" text NOT NULL CHECK ("by" <> '' AND length("by") <= 200 AND "by" !~ '[[:cntrl:]]'),
  "at" timestamptz NOT NULL DEFAULT now(),
  CHECK ((gap IS NULL) = (what = 'sync'))
);
CREATE INDEX knowledge_decisions_of ON knowledge_decisions (gap, id);

-- Append only: no row is changed or removed, and its time is the database's.
GRANT SELECT, INSERT (gap, what, "by") ON knowledge_decisions TO frontdesk_app;
