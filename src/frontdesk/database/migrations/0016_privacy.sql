-- A customer's data can be erased, and old data runs out. What stays are numbers and the audit chain, without a person.

-- An erased conversation keeps its row, for its chain's head stands there; it is nobody's ('erased').
ALTER TABLE conversations ADD COLUMN erased_at timestamptz;
ALTER POLICY staff ON conversations USING (is_staff() AND erased_at IS NULL);
CREATE INDEX conversations_active ON conversations (active_at) WHERE erased_at IS NULL;

-- The ledger's amounts stay, for limits over the whole shop are counted by them; the action they belong to goes.
ALTER TABLE effects ALTER COLUMN action_id DROP NOT NULL;

-- What a process writes late, that had begun before the erasure, is refused. The lock waits for an erasure that is
-- under way, and then sees it.
CREATE FUNCTION refuse_erased() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
BEGIN
  PERFORM 1 FROM conversations WHERE id = NEW.conversation_id AND erased_at IS NULL FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the conversation was erased' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER refuse_erased BEFORE INSERT ON tickets     FOR EACH ROW EXECUTE FUNCTION refuse_erased();
CREATE TRIGGER refuse_erased BEFORE INSERT ON ratings     FOR EACH ROW EXECUTE FUNCTION refuse_erased();
CREATE TRIGGER refuse_erased BEFORE INSERT ON attachments FOR EACH ROW EXECUTE FUNCTION refuse_erased();
CREATE TRIGGER refuse_erased BEFORE INSERT ON outbox      FOR EACH ROW EXECUTE FUNCTION refuse_erased();
CREATE TRIGGER refuse_erased BEFORE INSERT ON actions     FOR EACH ROW EXECUTE FUNCTION refuse_erased();
CREATE TRIGGER refuse_erased BEFORE INSERT ON effects     FOR EACH ROW EXECUTE FUNCTION refuse_erased();
-- Messages of customers and replies are written under the conversation's lock, which looks whose it is.
CREATE TRIGGER refuse_erased BEFORE INSERT ON messages FOR EACH ROW
  WHEN (NEW.role IN ('staff', 'note')) EXECUTE FUNCTION refuse_erased();

-- A sweep for gaps that read a question before it was erased notes nothing.
CREATE FUNCTION skip_erased() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = frontdesk, pg_temp AS $$
BEGIN
  PERFORM 1 FROM turns t JOIN conversations c ON c.id = t.conversation_id
    WHERE t.id = NEW.turn_id AND c.erased_at IS NULL FOR KEY SHARE OF c;
  IF FOUND THEN
    RETURN NEW;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER skip_erased BEFORE INSERT ON knowledge_gap_questions FOR EACH ROW EXECUTE FUNCTION skip_erased();
REVOKE EXECUTE ON FUNCTION refuse_erased, skip_erased FROM PUBLIC;

-- 'privacy': export and erase customers.
ALTER TABLE service_keys DROP CONSTRAINT service_keys_rights_check;
ALTER TABLE service_keys ADD CONSTRAINT service_keys_rights_check
  CHECK (rights <@ ARRAY['knowledge', 'approvals', 'privacy']);
