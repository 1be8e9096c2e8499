-- Embeddings of any model and dimension, side by side while one takes the place of another; dates of validity.
--
-- A passage is found by the vectors of one model, the active one. Another model's rows are made beside them, and
-- become active all at once: until then nobody sees them. An index holds vectors of one dimension, so there is
-- one for each dimension in use.

CREATE TABLE knowledge_models (
  name      text PRIMARY KEY,
  dimension integer NOT NULL CHECK (dimension BETWEEN 1 AND 4000),  -- what pgvector can index as halfvec
  active    boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX knowledge_models_active ON knowledge_models (active) WHERE active;
INSERT INTO knowledge_models
SELECT model, 384, row_number() OVER (ORDER BY count(*) DESC) = 1 FROM knowledge_chunks GROUP BY model;

ALTER TABLE knowledge_articles
  ADD COLUMN model text,
  ADD COLUMN valid_from date,
  ADD COLUMN valid_until date,
  ADD COLUMN warning text NOT NULL DEFAULT '',
  ADD COLUMN passages integer NOT NULL DEFAULT 0,
  ALTER COLUMN title_embedding TYPE halfvec,
  ALTER COLUMN title_embedding DROP NOT NULL,  -- the passages may be kept in another vector store
  DROP CONSTRAINT knowledge_articles_source_path_key;
UPDATE knowledge_articles a SET model = coalesce(
  (SELECT model FROM knowledge_chunks WHERE article_id = a.id LIMIT 1), 'all-minilm-l6-v2-int8'
);
ALTER TABLE knowledge_articles
  ALTER COLUMN model SET NOT NULL,
  ADD UNIQUE (source, path, model);
CREATE INDEX knowledge_articles_of ON knowledge_articles (visibility, lower(split_part(locale, '-', 1)));

DROP INDEX knowledge_chunks_embedding;
-- A search looks at hundreds of passages' words and vectors: they stay in the row, where one page holds them all.
ALTER TABLE knowledge_chunks SET (toast_tuple_target = 8160);
ALTER TABLE knowledge_chunks
  ALTER COLUMN embedding TYPE halfvec,
  ADD COLUMN products text[] NOT NULL DEFAULT '{}',
  ADD COLUMN valid_from date,
  ADD COLUMN valid_until date;
ALTER TABLE knowledge_chunks
  ADD COLUMN dimension integer NOT NULL GENERATED ALWAYS AS (vector_dims(embedding)) STORED;
ALTER TABLE knowledge_sentences ALTER COLUMN embedding TYPE halfvec;
-- Which passages may be found. The locale itself stands in it, so that they are counted in the index alone.
CREATE INDEX knowledge_chunks_of ON knowledge_chunks (
  model, visibility, lower(split_part(locale, '-', 1)), locale
);

-- The application owns no table, so it asks for an index, of a dimension that a model it knows has.
CREATE FUNCTION knowledge_index(dimension integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = frontdesk, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM knowledge_models m WHERE m.dimension = knowledge_index.dimension) THEN
    RAISE EXCEPTION 'no model has vectors of this dimension';
  END IF;
  EXECUTE format(
    'CREATE INDEX IF NOT EXISTS knowledge_chunks_embedding_%s ON knowledge_chunks'
    ' USING hnsw ((embedding::halfvec(%s)) halfvec_cosine_ops) WHERE dimension = %s',
    dimension, dimension, dimension
  );
END $$;
REVOKE ALL ON FUNCTION knowledge_index(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION knowledge_index(integer) TO frontdesk_app;
SELECT knowledge_index(dimension) FROM knowledge_models;

GRANT SELECT, INSERT, UPDATE, DELETE ON knowledge_models TO frontdesk_app;
