"""The local model: answers without a key, without a network, without inventing."""

from frontdesk.models.local.model import LocalModel

__all__ = ["LocalModel"]
