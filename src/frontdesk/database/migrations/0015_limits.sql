-- Limits that all replicas share: rates, and what the models of a day have cost.
--
-- Names are SHA-256, so that neither table says who wrote.

-- When the newest messages of one name were counted, oldest first. A crash empties the table, which costs nobody a
-- message; in return counting waits for no disk.
CREATE UNLOGGED TABLE rates (
  key     bytea PRIMARY KEY,
  most    integer NOT NULL,
  seconds double precision NOT NULL,
  hits    double precision[] NOT NULL  -- seconds since 1970, by the database's clock
) WITH (fillfactor = 50);

-- Count one message under each of several names, or, where one of them is full, under none. Returns the seconds until
-- there is room; 0 where it was counted. Names come sorted: rows are locked in one order.
CREATE FUNCTION take_rates(names bytea[], limits integer[], spans double precision[]) RETURNS double precision
LANGUAGE plpgsql SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
DECLARE
  at double precision := extract(epoch FROM clock_timestamp());
  wait double precision := 0;
  taken bytea[];
BEGIN
  -- The limit-th newest is what must leave the window first. Read without a lock: who floods writes nothing.
  SELECT max((SELECT r.hits[cardinality(r.hits) - u.most + 1] FROM rates r WHERE r.key = u.key) + u.seconds - at)
    INTO wait FROM unnest(names, limits, spans) AS u(key, most, seconds);
  IF wait > 0 THEN
    RETURN wait;
  END IF;
  WITH counted AS (
    INSERT INTO rates AS r SELECT u.key, u.most, u.seconds, ARRAY[at]
    FROM unnest(names, limits, spans) AS u(key, most, seconds)
    ON CONFLICT (key) DO UPDATE SET most = excluded.most, seconds = excluded.seconds,
      hits = r.hits[width_bucket(at - excluded.seconds, r.hits) + 1 :] || at
    WHERE coalesce(r.hits[cardinality(r.hits) - excluded.most + 1] <= at - excluded.seconds, true)
    RETURNING r.key
  )
  SELECT array_agg(key) INTO taken FROM counted;
  IF cardinality(taken) = cardinality(names) THEN
    RETURN 0;
  END IF;
  -- Another process was faster at one of them.
  UPDATE rates SET hits = hits[: cardinality(hits) - 1] WHERE key = ANY (taken);
  SELECT max((SELECT r.hits[cardinality(r.hits) - u.most + 1] FROM rates r WHERE r.key = u.key) + u.seconds - at)
    INTO wait FROM unnest(names, limits, spans) AS u(key, most, seconds);
  RETURN greatest(wait, 0.001);
END $$;

-- What no window holds any more. What is being counted at this moment is left for the next time.
CREATE FUNCTION forget_rates() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  DELETE FROM rates WHERE key IN (
    SELECT key FROM rates
    WHERE coalesce(hits[cardinality(hits)], 0) < extract(epoch FROM clock_timestamp()) - seconds
    FOR UPDATE SKIP LOCKED
  )
$$;

-- Tokens and US dollars of a day (UTC): of each customer, and of the company, whose day is spread over 16 rows so that
-- turns do not wait for each other at commit.
CREATE TABLE spent (
  day    date NOT NULL,
  who    bytea NOT NULL,
  tokens bigint NOT NULL,
  usd    numeric NOT NULL,
  PRIMARY KEY (day, who)
) WITH (fillfactor = 50);

CREATE FUNCTION turn_spent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
DECLARE
  used jsonb := NEW.record -> 'usage';
  stripe bytea := int4send(get_byte(uuid_send(NEW.id), 15) & 15);
BEGIN
  INSERT INTO spent AS s
    SELECT (now() AT TIME ZONE 'UTC')::date, w.who,
      (used ->> 'input_tokens')::bigint + coalesce((used ->> 'output_tokens')::bigint, 0),
      coalesce((used ->> 'cost_usd')::numeric, 0)
    FROM (VALUES (1, sha256(NEW.principal::bytea)), (2, stripe)) AS w(n, who) ORDER BY w.n
  ON CONFLICT (day, who) DO UPDATE SET tokens = s.tokens + excluded.tokens, usd = s.usd + excluded.usd;
  IF random() < 0.001 THEN  -- nobody asks for the day before yesterday
    DELETE FROM spent WHERE (day, who) IN (
      SELECT s.day, s.who FROM spent s WHERE s.day < (now() AT TIME ZONE 'UTC')::date - 1 FOR UPDATE SKIP LOCKED);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER turn_spent AFTER UPDATE OF status ON turns FOR EACH ROW
  WHEN (OLD.status <> 'done' AND NEW.status = 'done' AND NEW.record -> 'usage' ? 'input_tokens') EXECUTE FUNCTION turn_spent();

-- What today has cost so far: this customer's tokens and dollars, then everybody's.
CREATE FUNCTION spent_today(who text) RETURNS TABLE (
  customer_tokens bigint, customer_usd numeric, company_tokens bigint, company_usd numeric
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
  SELECT coalesce(sum(s.tokens) FILTER (WHERE length(s.who) > 4), 0)::bigint,
    coalesce(sum(s.usd) FILTER (WHERE length(s.who) > 4), 0),
    coalesce(sum(s.tokens) FILTER (WHERE length(s.who) = 4), 0)::bigint,
    coalesce(sum(s.usd) FILTER (WHERE length(s.who) = 4), 0)
  FROM spent s
  WHERE s.day = (now() AT TIME ZONE 'UTC')::date
    AND s.who = ANY (array_append(ARRAY(SELECT int4send(n) FROM generate_series(0, 15) n), sha256(spent_today.who::bytea)))
$$;

-- As accept_turn, for who holds a window already: it is given again only where the conversation has changed since
-- ``known_n``, the number of its audit entries then. Two statements: the row that the first has locked is read anew.
CREATE FUNCTION accept_turn_after(
  who text, chan text, wanted uuid, new_conversation uuid, new_turn uuid, text_body text,
  message_id text, sha bytea, rights text[], runner uuid, lease interval, window_turns integer,
  known_conversation uuid, known_n bigint
) RETURNS TABLE (
  problem text, conversation uuid, turn uuid, turn_seq integer, claimed boolean, repeated boolean,
  facts jsonb, mode text, past json, audited bigint
)
LANGUAGE plpgsql SET search_path = frontdesk, pg_temp AS $$
BEGIN
  SELECT * INTO problem, conversation, turn, turn_seq, claimed, repeated, facts, mode, past
  FROM accept_turn(who, chan, wanted, new_conversation, new_turn, text_body, message_id, sha, rights, runner, lease, 0);
  IF mode IS NOT NULL AND turn_seq > 1 THEN
    SELECT c.audit_n INTO audited FROM conversations c WHERE c.id = conversation;
    IF conversation IS DISTINCT FROM known_conversation OR audited IS DISTINCT FROM known_n THEN
      past := window_of(conversation, turn_seq - window_turns, turn_seq);
    END IF;
  END IF;
  RETURN NEXT;
END $$;

REVOKE EXECUTE ON FUNCTION take_rates, forget_rates, spent_today FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_rates, forget_rates, spent_today TO frontdesk_app;
