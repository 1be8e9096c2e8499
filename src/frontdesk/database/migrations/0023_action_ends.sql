-- As before, and how an action ends that staff have decided about: its customer and every console wait for it.
CREATE OR REPLACE TRIGGER people_action AFTER UPDATE OF status ON actions FOR EACH ROW
  WHEN (NEW.status IN ('confirmed', 'unknown') OR OLD.status IN ('confirmed', 'unknown') OR NEW.needs > 0)
  EXECUTE FUNCTION people_notify('action');
