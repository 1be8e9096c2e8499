"""The OpenAPI document at /openapi.json: what FastAPI cannot see, since bodies and callers are read by our own code."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from frontdesk.web.body import USER_ID

__all__ = ["install"]

PUBLIC = ("/healthz", "/readyz", "/support/widget.json", "/support/helpdesks/")  # no credential
#: Whose customer it is about, where a trusted backend asks; others may leave it out.
USER = {
    "name": "user_id",
    "in": "query",
    "required": False,
    "description": "the customer, where a service key asks; with a customer's own token it may be left out",
    "schema": {"type": "string", "pattern": f"^{USER_ID.pattern}$"},
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is what a program switches on; nothing that was sent is repeated.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
    },
}
REFUSED = {
    "description": "Refused. 429 and 503 say in Retry-After when to come again.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "a service key of the company's backend, a customer's JWT, or a widget's session token",
    }
}


def install(app: FastAPI) -> None:
    """Let ``app.openapi()`` be the whole document."""

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            found = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema = _amended(found)
        return app.openapi_schema

    app.openapi = document  # pyright: ignore[reportAttributeAccessIssue]  (FastAPI's own way to change it)


def _amended(found: dict[str, Any]) -> dict[str, Any]:
    found["components"] = {"securitySchemes": SCHEMES, "schemas": {"Problem": PROBLEM}}
    for path, operations in found["paths"].items():
        for operation in operations.values():
            # FastAPI's own 422 is answered by nobody: what is refused is a problem.
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = REFUSED
            if path.startswith(PUBLIC):
                continue
            operation["security"] = [{"bearer": []}]
            if "requestBody" not in operation and path.startswith(
                ("/support/turns", "/support/conversations", "/support/actions", "/support/attachments")
            ):
                operation.setdefault("parameters", []).append(USER)
    return found
