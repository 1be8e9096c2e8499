"""Personal data found in text: for logs, always; before a model, where FRONTDESK_REDACT says so."""

from __future__ import annotations

from frontdesk.redaction.find import KINDS, Found, find
from frontdesk.redaction.logs import knowing, redacted
from frontdesk.redaction.placeholders import Placeholders

__all__ = ["KINDS", "Found", "Placeholders", "find", "knowing", "redacted"]
