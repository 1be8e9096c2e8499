"""An action as JSON for people's screens: what it would change, and how it stands. No token, no id of staff."""

from __future__ import annotations

from frontdesk.domain import Action, Json

__all__ = ["view"]


def view(action: Action) -> Json:
    """``{id, turn_id, tool, title, status, reason, preview: {text, changes, amount}, expires_at, approvals_needed, approvals}``.

    ``reason`` says why it ended: replaced, stale, expired, limit_reached, a person's words. Times are ISO 8601.
    """
    preview = action.preview
    return {
        "id": str(action.id),
        "turn_id": str(action.turn_id),
        "tool": action.tool,
        "title": preview.title,
        "status": action.status,
        "reason": action.reason,
        "preview": {
            "text": preview.text,
            "changes": [{"label": c.label, "before": c.before, "after": c.after} for c in preview.changes],
            "amount": str(preview.amount) if preview.amount else None,
        },
        "expires_at": action.expires_at.isoformat(),
        "approvals_needed": action.needs,
        "approvals": len(action.approved_by),
    }
