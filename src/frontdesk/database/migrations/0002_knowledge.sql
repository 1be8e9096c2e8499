-- Articles of the help center and the passages they are cut into.
--
-- Visibility and locale stand on the passage, so that a search filters inside the index scan. A passage's
-- embedding names the model that made it: vectors of two models cannot be compared.

CREATE TABLE knowledge_articles (
  id          uuid PRIMARY KEY DEFAULT uuidv7(),
  source      text NOT NULL,
  path        text NOT NULL,
  slug        text NOT NULL,
  title       text NOT NULL,
  title_embedding halfvec(384) NOT NULL,
  url         text NOT NULL,
  locale      text NOT NULL,
  visibility  text NOT NULL CHECK (visibility IN ('public', 'customers', 'internal')),
  updated     date,
  products    text[] NOT NULL DEFAULT '{}',
  tags        text[] NOT NULL DEFAULT '{}',
  -- What the rows were made from: the file's content, the URL's template, the way of cutting, the model.
  fingerprint text NOT NULL,
  synced_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (source, path)
);

CREATE TABLE knowledge_chunks (
  id          uuid PRIMARY KEY DEFAULT uuidv7(),
  article_id  uuid NOT NULL REFERENCES knowledge_articles ON DELETE CASCADE,
  position    integer NOT NULL,
  heading     text NOT NULL,
  anchor      text NOT NULL,
  text        text NOT NULL,
  locale      text NOT NULL,
  visibility  text NOT NULL CHECK (visibility IN ('public', 'customers', 'internal')),
  model       text NOT NULL,
  embedding   vector(384) NOT NULL,
  tsv         tsvector NOT NULL,
  UNIQUE (article_id, position)
);
CREATE INDEX knowledge_chunks_embedding ON knowledge_chunks USING hnsw (embedding vector_cosine_ops);
CREATE INDEX knowledge_chunks_tsv ON knowledge_chunks USING gin (tsv) WITH (fastupdate = off);

-- A passage's sentences, each embedded behind its heading. The passage's own vector is their mean with the
-- title's: it only brings candidates, so it costs no run of the model. A question is near the one sentence that
-- answers it rather than the average of a passage: candidates are scored by their best sentence, and that
-- sentence is what is quoted. Only candidates are looked at, so there is no vector index here.
CREATE TABLE knowledge_sentences (
  chunk_id    uuid NOT NULL REFERENCES knowledge_chunks ON DELETE CASCADE,
  position    integer NOT NULL,
  text        text NOT NULL,
  embedding   halfvec(384) NOT NULL,
  PRIMARY KEY (chunk_id, position)
);

-- In how many passages a word occurs, kept up to date with each article: a search takes its candidates by
-- the rarest words, and a word that occurs nowhere says that a question is not answered here.
-- The empty term counts the passages themselves.
CREATE TABLE knowledge_terms (
  visibility  text NOT NULL,
  term        text NOT NULL,
  chunks      integer NOT NULL,
  PRIMARY KEY (visibility, term)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON knowledge_articles, knowledge_chunks, knowledge_sentences, knowledge_terms
  TO frontdesk_app;
