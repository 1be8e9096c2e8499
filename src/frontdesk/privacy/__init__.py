"""What a customer may ask for, and what runs out: export, erasure with a receipt, retention, the audit log's anchor."""

from __future__ import annotations

from frontdesk.privacy.customers import Privacy, export_customer
from frontdesk.privacy.receipt import receipt_holds, signing_keys

__all__ = ["Privacy", "export_customer", "receipt_holds", "signing_keys"]
