"""What a customer may ask for, and what runs out: export, erasure with a receipt, retention, the audit log's anchor."""

from __future__ import annotations

from frontdesk.privacy.customers import Privacy, count_customer, export_customer
from frontdesk.privacy.receipt import receipt_holds, signing_keys

__all__ = ["Privacy", "count_customer", "export_customer", "receipt_holds", "signing_keys"]
