-- Articles that disagree, as answers met them: which of the two was answered with, what each says, how often.
--
-- A row goes with either of its articles: an article that was edited is another article, and is compared anew.

CREATE TABLE knowledge_conflicts (
  id              uuid PRIMARY KEY DEFAULT uuidv7(),
  chosen_id       uuid NOT NULL REFERENCES knowledge_articles ON DELETE CASCADE,
  other_id        uuid NOT NULL REFERENCES knowledge_articles ON DELETE CASCADE,
  chosen_sentence text NOT NULL,
  other_sentence  text NOT NULL,
  questions       integer NOT NULL DEFAULT 1,
  first_seen      timestamptz NOT NULL DEFAULT now(),
  last_seen       timestamptz NOT NULL DEFAULT now(),
  CHECK (chosen_id <> other_id)
);
CREATE UNIQUE INDEX knowledge_conflicts_once
  ON knowledge_conflicts (chosen_id, other_id, md5(chosen_sentence), md5(other_sentence));
CREATE INDEX knowledge_conflicts_other ON knowledge_conflicts (other_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON knowledge_conflicts TO frontdesk_app;
