"""The statements that change and read actions. Each change names the state it leaves, so that exactly one makes it."""

from __future__ import annotations

STATE = "SELECT action_state(a) FROM actions a WHERE a.id = %s"
CLAIM = """
UPDATE actions SET status = 'executing', decided_at = coalesce(decided_at, now()), confirmed_at = coalesce(confirmed_at, now()),
  attempts = 1,
  lease_owner = %s, lease_until = now() + %s
WHERE id = %s AND status = %s AND expires_at > now() AND digest = %s RETURNING true
"""
BEGIN = """
INSERT INTO effects (id, action_id, kind, conversation_id, principal, tool, keys, amount, currency)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
DECIDE = """
UPDATE actions SET status = %(status)s, reason = %(reason)s, decided_at = now(), ended_at = now(), decided_by = %(staff)s,
  confirmed_at = CASE WHEN %(yes)s THEN coalesce(confirmed_at, now()) ELSE confirmed_at END
WHERE id = %(id)s AND status = ANY (%(was)s) RETURNING true
"""
WAIT = """
UPDATE actions SET status = 'confirmed', decided_at = now(), confirmed_at = coalesce(confirmed_at, now()), needs = %(needs)s,
  expires_at = CASE WHEN status = 'proposed' THEN now() + %(stands)s ELSE expires_at END
WHERE id = %(id)s AND status = %(was)s AND expires_at > now() AND digest = %(digest)s RETURNING true
"""
TAKE = """
UPDATE actions SET lease_owner = %s, lease_until = now() + %s, attempts = attempts + 1
WHERE id = %s AND status IN ('executing', 'unknown', 'undoing') AND lease_until < now() RETURNING true
"""
SETTLE = """
UPDATE actions SET status = %(status)s, reason = %(reason)s, result = coalesce(%(result)s, result),
  ended_at = CASE WHEN %(over)s THEN now() ELSE ended_at END, undo_until = coalesce(%(undo_until)s, undo_until),
  lease_owner = NULL, lease_until = %(again)s
WHERE id = %(id)s AND status IN ('executing', 'unknown', 'undoing') AND lease_owner = %(runner)s RETURNING true
"""
RESOLVE = """
UPDATE actions SET status = %s, reason = %s, ended_at = now(), decided_by = %s
WHERE id = %s AND status = 'unknown' AND reason = %s
RETURNING true
"""
UNDO = """
UPDATE actions SET status = 'undoing', attempts = 1, lease_owner = %s, lease_until = now() + %s
WHERE id = %s AND status = 'executed' AND undo_until > now() RETURNING true
"""
APPROVE = """
INSERT INTO approvals (action_id, principal, staff)
SELECT id, principal, %s FROM actions WHERE id = %s AND status = 'confirmed' ON CONFLICT DO NOTHING RETURNING true
"""
HOLD = "SELECT true FROM conversations WHERE id = %s FOR NO KEY UPDATE"
END_EFFECT = "UPDATE effects SET outcome = %s, ended_at = now() WHERE id = %s"
IDENTICAL = """
SELECT action_state(a) FROM actions a
WHERE principal = %s AND conversation_id = %s AND tool = %s AND object = %s AND status = 'proposed' AND digest = %s
  AND basis = %s AND expires_at > now() + interval '1 minute' LIMIT 1
"""
INSERT_RUNNING = """
INSERT INTO actions (id, conversation_id, turn_id, principal, tool, arguments, digest, preview, basis, policy, object,
  amount, currency, status, expires_at, decided_at, attempts, lease_owner, lease_until)
SELECT %(id)s, %(conversation)s, %(turn)s, %(principal)s, %(tool)s, %(arguments)s, %(digest)s, %(preview)s, %(basis)s,
  %(policy)s, %(object)s, %(amount)s, %(currency)s, 'executing', %(expires_at)s, now(), 1, %(runner)s, now() + %(lease)s
FROM conversations c, turns t WHERE c.id = %(conversation)s AND t.id = %(turn)s AND c.turns_accepted = t.seq
ON CONFLICT (id) DO NOTHING RETURNING true
"""
LATELY = """
SELECT action_state(a) FROM actions a WHERE conversation_id = %s AND created_at > now() - interval '24 hours'
ORDER BY created_at DESC LIMIT 10
"""
OF_CONVERSATION = """
SELECT action_state(a) FROM actions a JOIN turns t ON t.id = a.turn_id
WHERE a.conversation_id = %s AND t.seq > %s AND t.seq <= %s ORDER BY a.created_at, a.id
"""
