"""Tools from a backend's OpenAPI document: decided by code, proved to be the customer's own."""

from frontdesk.tools.openapi.call import from_openapi
from frontdesk.tools.openapi.records import Records

__all__ = ["Records", "from_openapi"]
