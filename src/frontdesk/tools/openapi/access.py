"""What a document's security schemes ask for, and the environment's variables that hold it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from frontdesk.domain import Json
from frontdesk.errors import DeclarationError
from frontdesk.tools.backend import Backend
from frontdesk.tools.credentials import ClientCredentials
from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.decision import Decision
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.operations import alternatives

__all__ = ["PREFIX", "Access", "access_of"]

PREFIX = "API"  # of the variables: API_TOKEN


@dataclass(slots=True)
class Access:
    """The credential of this service, by where it goes.

    headers, query, cookies  (name, what stands before the value, the variable that holds it)
    basic       the variables of a user's name and password
    certificate the variables of the files of a certificate and its key
    client      the variables of a client's id and secret, where its token is had, and its scopes
    token       the customer's own token goes out instead of all these
    """

    headers: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    query: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    cookies: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    basic: tuple[str, str] | None = None
    certificate: tuple[str, str] | None = None
    client: tuple[str, str, str, str] | None = None
    token: bool = False
    schemes: set[str] = field(default_factory=set[str])

    @property
    def variables(self) -> list[str]:
        """Every variable that must be set."""
        named = [variable for place in (self.headers, self.query, self.cookies) for _, _, variable in place]
        return [*named, *(self.basic or ()), *(self.certificate or ()), *(self.client or ())[:2]]

    def backend(self, base_url: str, environment: Mapping[str, str] = os.environ) -> Backend:
        """A Backend with what the variables hold. Raises DeclarationError for one that is not set."""
        if missing := [name for name in self.variables if not environment.get(name)]:
            raise DeclarationError(
                f"set {', '.join(missing)}: the document's security asks for that; or write headers={{…}}"
            )

        def filled(place: Iterable[tuple[str, str, str]]) -> dict[str, str]:
            return {name: f"{before}{environment[variable]}" for name, before, variable in place}

        auth: httpx.Auth | None = None
        if self.basic:
            auth = httpx.BasicAuth(*(environment[name] for name in self.basic))
        if self.client:
            auth = ClientCredentials(
                self.client[2], environment[self.client[0]], environment[self.client[1]], self.client[3]
            )
        files = self.certificate and (environment[self.certificate[0]], environment[self.certificate[1]])
        return Backend(
            base_url, filled(self.headers), query=filled(self.query), cookies=filled(self.cookies),
            certificate=files, auth=auth,
        )  # fmt: skip


def access_of(document: Document, decisions: Sequence[Decision], prefix: str) -> Access:
    """What the tools among ``decisions`` need to be let in; those that need what cannot be had are left out.

    ``prefix`` begins the names of the variables, API for API_TOKEN.
    """
    root = document.root
    found: Any = (
        root.get("securityDefinitions") or (root.get("components") or {}).get("securitySchemes") or {}
    )
    schemes: Json = found if isinstance(found, dict) else {}
    usual = alternatives(root.get("security"))
    access = Access()
    for made in decisions:
        if made.status not in ("read", "enabled"):
            continue
        ways = usual if made.operation.security is None else made.operation.security
        if not ways or any(set(way) <= access.schemes for way in ways):
            continue
        why = ""
        for way in ways:
            why = _add(document, access, schemes, way, prefix)
            if not why:
                break
        if why:
            made.status, made.reason = "left out", why
    for made in decisions:
        if lost := next((b.read for b in made.before if b.read.status == "left out"), None):
            made.status, made.reason = "left out", f"{lost.name}, which proves whose it is, is left out"
    return access


def _add(document: Document, access: Access, schemes: Json, way: tuple[str, ...], prefix: str) -> str:
    """Add what this way to be let in takes; else why not, and nothing is added."""
    new = Access(
        [*access.headers], [*access.query], [*access.cookies], access.basic, access.certificate,
        access.client, schemes={*access.schemes, *way},
    )  # fmt: skip
    for name in way:
        if name in access.schemes:
            continue
        try:
            scheme: Any = document.resolve(schemes.get(name))
        except DeclarationError:
            scheme = None
        if not isinstance(scheme, dict):
            return f"it asks for {name!r}, which the document does not describe"
        if why := _scheme(new, name, scheme, prefix):
            return why
    for part in ("headers", "query", "cookies", "basic", "certificate", "client", "schemes"):
        setattr(access, part, getattr(new, part))
    return ""


def _scheme(access: Access, name: str, scheme: Json, prefix: str) -> str:
    kind, how = str(scheme.get("type")), str(scheme.get("scheme") or "").lower()
    if kind == "apiKey":
        variable = f"{prefix}_KEY"
        if variable in access.variables:
            variable = f"{prefix}_KEY_{'_'.join(words_of(name)).upper() or len(access.variables)}"
        places = {"header": access.headers, "query": access.query, "cookie": access.cookies}
        place = places.get(str(scheme.get("in")))
        if place is None or not scheme.get("name"):
            return f"it asks for {name!r}, which is not described"
        if place is access.headers and str(scheme["name"]).lower() == "authorization" and _taken(access):
            return f"it asks for {name!r} where another credential goes already"
        place.append((str(scheme["name"]), "", variable))
        return ""
    if kind == "mutualTLS":
        access.certificate = (f"{prefix}_CERTIFICATE", f"{prefix}_CERTIFICATE_KEY")
        return ""
    if _taken(access):
        return f"it asks for {name!r} where another credential goes already"
    if kind == "basic" or (kind == "http" and how == "basic"):
        access.basic = (f"{prefix}_USER", f"{prefix}_PASSWORD")
    elif kind == "oauth2" and (flow := _client(scheme)):
        access.client = (f"{prefix}_CLIENT_ID", f"{prefix}_CLIENT_SECRET", *flow)
    elif kind in ("oauth2", "openIdConnect") or (kind == "http" and how == "bearer"):
        access.headers.append(("Authorization", "Bearer ", f"{prefix}_TOKEN"))
    else:
        return f"it asks for {name!r}, a credential of a kind that is not supported: {how or kind}"
    return ""


def _taken(access: Access) -> bool:
    """Whether the Authorization header is spoken for."""
    named = any(name.lower() == "authorization" for name, _, _ in access.headers)
    return named or access.basic is not None or access.client is not None


def _client(scheme: Json) -> tuple[str, str] | None:
    """(where a client's token is had, its scopes) of OAuth 2's flow between services; None without one."""
    flows: Any = scheme.get("flows") or {}
    flow: Any = flows.get("clientCredentials") if isinstance(flows, dict) else None
    flow = scheme if scheme.get("flow") == "application" else flow
    url = str(flow.get("tokenUrl") or "") if isinstance(flow, dict) else ""
    return (url, " ".join(sorted(flow.get("scopes") or ()))) if url.startswith("https://") else None
