-- Gaps: questions the knowledge base could not answer, put together with their like, and the drafts that answer them.
--
-- Derived from finished turns by a sweep, so that a turn pays nothing for them and a crash loses none. A question is
-- kept with personal data taken out, beside its principal and turn, so that it goes when its customer's data does.
-- How often a gap was asked, and by how many, is counted when it is read: an erased question counts no more.

CREATE TABLE knowledge_gaps (
  number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'drafted', 'published', 'dismissed', 'resolved')),
  locale     text NOT NULL DEFAULT 'en',
  model      text NOT NULL,     -- which embeddings its questions were compared by
  centre     halfvec NOT NULL,  -- the mean of its questions' vectors
  title      text NOT NULL DEFAULT '',
  body       text NOT NULL DEFAULT '',      -- the draft, Markdown
  others     text[] NOT NULL DEFAULT '{}',  -- what else staff replied, for the editor alone
  visibility text NOT NULL DEFAULT 'public' CHECK (visibility IN ('public', 'customers', 'internal')),
  url        text NOT NULL DEFAULT '',
  path       text UNIQUE,       -- of the article, from its first publication on, without a suffix
  article_title text NOT NULL DEFAULT '',   -- as it was approved: a draft changed later is not published by that
  article_body  text NOT NULL DEFAULT '',
  exported_at timestamptz,      -- from then on an article of its title in another source takes its place
  reason     text NOT NULL DEFAULT '',
  drafted_at timestamptz,
  decided_at timestamptz,       -- when it was published, dismissed or resolved
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (state NOT IN ('drafted', 'published') OR (title <> '' AND body <> '')),
  CHECK (state <> 'published' OR article_body <> ''),
  CHECK (article_body = '' OR (path IS NOT NULL AND article_title <> '')),
  CHECK ((state IN ('open', 'drafted')) = (decided_at IS NULL))
);

CREATE TABLE knowledge_gap_questions (
  turn_id   uuid PRIMARY KEY REFERENCES turns ON DELETE CASCADE,
  gap       bigint REFERENCES knowledge_gaps ON DELETE SET NULL,  -- NULL: nothing is asked there
  principal text NOT NULL,
  question  text NOT NULL,
  asked_at  timestamptz NOT NULL,
  embedding halfvec,
  CHECK ((gap IS NULL) OR (embedding IS NOT NULL))
);
CREATE INDEX knowledge_gap_questions_of ON knowledge_gap_questions (gap, asked_at);
CREATE INDEX knowledge_gap_questions_by ON knowledge_gap_questions (principal);

-- Up to where turns have been looked at.
CREATE TABLE knowledge_gap_sweep (
  one      boolean PRIMARY KEY DEFAULT true CHECK (one),
  swept_to timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO knowledge_gap_sweep DEFAULT VALUES;

-- A draft holds what staff wrote to those who asked: it goes with the last of their questions. What was approved is an
-- article and stays, as it was approved.
CREATE FUNCTION forget_drafts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
BEGIN
  UPDATE knowledge_gaps g SET title = article_title, body = article_body, others = '{}',
    state = CASE WHEN state <> 'drafted' THEN state WHEN article_body = '' THEN 'open' ELSE 'published' END,
    decided_at = CASE WHEN state = 'drafted' AND article_body <> '' THEN now() ELSE decided_at END,
    drafted_at = CASE WHEN article_body <> '' THEN drafted_at END
  WHERE g.number IN (SELECT gap FROM erased)
    AND NOT EXISTS (SELECT FROM knowledge_gap_questions k WHERE k.gap = g.number);
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION forget_drafts FROM PUBLIC;
CREATE TRIGGER knowledge_gap_questions_erased AFTER DELETE ON knowledge_gap_questions
  REFERENCING OLD TABLE AS erased FOR EACH STATEMENT EXECUTE FUNCTION forget_drafts();

CREATE INDEX turns_unanswered ON turns (done_at) WHERE status = 'done' AND outcome IN ('unanswered', 'handed_off');

GRANT SELECT, INSERT, UPDATE, DELETE ON knowledge_gaps, knowledge_gap_questions TO frontdesk_app;
GRANT SELECT, UPDATE ON knowledge_gap_sweep TO frontdesk_app;

-- What a conversation knows of its customer that must not stand in a question or a reply: name, address, own ids.
CREATE FUNCTION personal_facts(facts jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = frontdesk, pg_temp AS $$
  SELECT coalesce(array_agg(DISTINCT word), '{}') FROM (
    SELECT facts ->> key AS word FROM unnest(ARRAY['name', 'email']) AS key
    UNION ALL
    SELECT jsonb_array_elements_text(value) FROM jsonb_each(facts)
    WHERE key LIKE '%\_ids' AND jsonb_typeof(value) = 'array'
  ) AS words WHERE word <> ''
$$;

-- Questions that ended unanswered after a search of the help center, ended after ``since``, the oldest first, and
-- not noted yet. A handover for want of an answer counts too; where it searched nothing itself ("yes, please"), the
-- question is the last one before it that did. No other turn's text leaves.
CREATE FUNCTION unanswered_turns(since timestamptz, most integer) RETURNS TABLE (
  turn_id uuid, principal text, message text, query text, locale text, known text[], asked_at timestamptz,
  done_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  WITH ended AS MATERIALIZED (  -- along the index, and no further than it takes
    SELECT q.id, q.conversation_id, q.principal, q.seq, q.record, q.accepted_at, t.done_at
    FROM turns t, LATERAL (
      SELECT * FROM turns s
      WHERE s.conversation_id = t.conversation_id AND s.status = 'done'
        AND s.seq BETWEEN t.seq - CASE WHEN t.outcome = 'handed_off' THEN 3 ELSE 0 END AND t.seq
        AND s.record @? '$.steps[*] ? (@.tool == "search_knowledge" && !exists(@.ok))'
      ORDER BY s.seq DESC LIMIT 1
    ) AS q
    WHERE t.status = 'done' AND t.outcome IN ('unanswered', 'handed_off') AND t.done_at > since
      AND (t.outcome = 'unanswered' OR t.record @?
        '$.steps[*] ? (@.tool == "hand_over" && !exists(@.ok) && @.arguments.reason == "unanswered")')
      AND NOT EXISTS (SELECT FROM knowledge_gap_questions k WHERE k.turn_id = q.id)
    ORDER BY t.done_at LIMIT most
  ), questions AS (
    SELECT DISTINCT ON (id) * FROM ended ORDER BY id, done_at
  )
  SELECT q.id, q.principal, m.body,
    coalesce(jsonb_path_query_first(q.record, '$.steps[*] ? (@.tool == "search_knowledge").arguments.query') #>> '{}', ''),
    coalesce(q.record ->> 'locale', c.facts ->> 'locale', ''), personal_facts(c.facts), q.accepted_at, q.done_at
  FROM questions q
  JOIN conversations c ON c.id = q.conversation_id
  JOIN messages m ON m.conversation_id = q.conversation_id AND m.turn_seq = q.seq AND m.n = 0
  ORDER BY q.done_at, q.id
$$;

-- What staff wrote after a gap's questions, in the same conversations: the newest first.
CREATE FUNCTION staff_replies(wanted bigint) RETURNS TABLE (reply text, known text[], replied_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  SELECT body, known, created_at FROM (
    SELECT DISTINCT m.conversation_id, m.turn_seq, m.n, m.body, personal_facts(c.facts) AS known, m.created_at
    FROM knowledge_gap_questions k
    JOIN turns t ON t.id = k.turn_id
    JOIN conversations c ON c.id = t.conversation_id
    JOIN messages m ON m.conversation_id = t.conversation_id AND m.role = 'staff'
      AND m.turn_seq BETWEEN t.seq AND t.seq + 9 AND (m.turn_seq, m.n) > (t.seq, 0::smallint)
    WHERE k.gap = wanted
  ) AS found ORDER BY created_at DESC, n DESC LIMIT 20
$$;

-- Open gaps that staff have replied to.
CREATE FUNCTION gaps_replied_to() RETURNS TABLE (number bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  SELECT g.number FROM knowledge_gaps g WHERE g.state = 'open' AND EXISTS (
    SELECT FROM knowledge_gap_questions k
    JOIN turns t ON t.id = k.turn_id
    JOIN messages m ON m.conversation_id = t.conversation_id AND m.role = 'staff'
      AND m.turn_seq BETWEEN t.seq AND t.seq + 9 AND (m.turn_seq, m.n) > (t.seq, 0::smallint)
    WHERE k.gap = g.number
  ) ORDER BY g.number
$$;

-- Note questions, one after the other: each joins the nearest gap that is alike enough, or opens one. The lock and
-- the key keep two sweeps apart; a turn noted before, or erased meanwhile, is passed over. A gap that was published
-- or resolved takes only what was asked before that: asked again since, it is a gap again.
CREATE FUNCTION note_questions(asked jsonb, made_by text, alike float8, upto timestamptz)
RETURNS TABLE (noted bigint, opened boolean)
LANGUAGE plpgsql SET search_path = frontdesk, public, pg_temp AS $$
DECLARE
  q record;
BEGIN
  PERFORM pg_advisory_xact_lock(7240311005);
  FOR q IN
    SELECT x.*, x.vector::halfvec AS embedding FROM jsonb_to_recordset(asked)
      AS x(turn_id uuid, principal text, question text, locale text, asked_at timestamptz, vector text)
    ORDER BY x.asked_at, x.turn_id
  LOOP
    BEGIN
      INSERT INTO knowledge_gap_questions (turn_id, principal, question, asked_at, embedding)
        VALUES (q.turn_id, q.principal, q.question, q.asked_at, q.embedding) ON CONFLICT DO NOTHING;
    EXCEPTION WHEN foreign_key_violation THEN
      CONTINUE;
    END;
    CONTINUE WHEN NOT FOUND OR q.embedding IS NULL;
    SELECT g.number INTO noted FROM knowledge_gaps g
      WHERE g.model = made_by AND 1 - (g.centre <=> q.embedding) >= alike
        AND (g.state IN ('open', 'drafted', 'dismissed') OR q.asked_at < g.decided_at)
      ORDER BY g.centre <=> q.embedding, g.number LIMIT 1;
    opened := NOT FOUND;
    IF opened THEN
      INSERT INTO knowledge_gaps (locale, model, centre) VALUES (q.locale, made_by, q.embedding)
        RETURNING number INTO noted;
    END IF;
    UPDATE knowledge_gap_questions SET gap = noted WHERE turn_id = q.turn_id;
    UPDATE knowledge_gaps SET centre = (
      SELECT avg(embedding)::halfvec FROM (
        SELECT embedding FROM knowledge_gap_questions WHERE gap = noted ORDER BY asked_at DESC LIMIT 200
      ) AS newest
    ) WHERE number = noted AND NOT opened;
    RETURN NEXT;
  END LOOP;
  UPDATE knowledge_gap_sweep SET swept_to = upto WHERE upto > swept_to;
END $$;

REVOKE EXECUTE ON FUNCTION unanswered_turns, staff_replies, gaps_replied_to FROM PUBLIC;
GRANT EXECUTE ON FUNCTION unanswered_turns, staff_replies, gaps_replied_to TO frontdesk_app;
