"""An OpenAPI document and what it refers to: read from a file or a URL, JSON or YAML, within limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urljoin, urlsplit

import httpx
import orjson
import yaml

from frontdesk.domain import Json
from frontdesk.errors import DeclarationError

__all__ = ["Document", "load"]

MOST_BYTES = 64_000_000
SECONDS = 20.0
MOST_HOPS = 50  # references that lead to references
_VERSION = re.compile(r"(2\.0|3\.[0-2])(\.|$)")


class _Loader(yaml.CSafeLoader):
    """YAML whose dates stay text, as in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if not tag.endswith(":timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Document:
    """The root of a document, and a way to what its references name."""

    def __init__(self, root: Json, place: str, headers: Mapping[str, str] | None = None) -> None:
        self.root = root
        self._headers = headers
        self.place = place
        self._others: dict[str, Any] = {place: root}

    @property
    def version(self) -> str:
        """``2.0``, ``3.0.3``, …"""
        return str(self.root.get("swagger") or self.root.get("openapi"))

    def resolve(self, node: Any) -> Any:
        """``node``, or what it refers to. Raises DeclarationError where that cannot be had."""
        for _ in range(MOST_HOPS):
            ref = cast("Json", node).get("$ref") if isinstance(node, dict) else None
            if not isinstance(ref, str):
                return node
            target = self._at(ref)
            beside = {key: value for key, value in cast("Json", node).items() if key != "$ref"}
            # 3.1 lets words stand beside a reference; they add to what it names.
            node = {**target, **beside} if beside and isinstance(target, dict) else target
        raise DeclarationError("a reference leads in a circle")

    def _at(self, ref: str) -> Any:
        where, _, pointer = ref.partition("#")
        place = self.place if not where else self._inside(where)
        if place not in self._others:
            self._others[place] = _absolute(_parse(_read(place, self._headers)), place)
        found: Any = self._others[place]
        for part in pointer.split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and key.isdecimal() and int(key) < len(cast("list[Any]", found)):
                found = found[int(key)]
            elif isinstance(found, dict) and key in found:
                found = found[key]
            else:
                raise DeclarationError(f"the reference {ref!r} leads to nothing")
        return found

    def _inside(self, where: str) -> str:
        """The place that ``where`` names, which is beside the document: nothing else of the machine is read."""
        if _is_url(self.place):
            place = urljoin(self.place, where)
            if urlsplit(place)[:2] != urlsplit(self.place)[:2]:
                raise DeclarationError(f"the reference {where!r} leads to another host")
            return place
        folder = Path(self.place).parent
        if urlsplit(where).scheme:
            raise DeclarationError(f"the reference {where!r} leads out of the document's folder")
        path = (folder / unquote(where)).resolve()
        if not path.is_relative_to(folder):
            raise DeclarationError(f"the reference {where!r} leads out of the document's folder")
        return str(path)


def load(spec: str | Path | Json, headers: Mapping[str, str] | None = None) -> Document:
    """The document at ``spec``: a file, an http(s) URL, or the document itself. Raises DeclarationError.

    ``headers`` go out to fetch it, and what it refers to on its host.
    """
    if isinstance(spec, dict):
        root, place = spec, str(Path.cwd().resolve() / "openapi.json")
    else:
        place = str(spec) if _is_url(str(spec)) else str(Path(spec).resolve())
        root = _parse(_read(place, headers))
    found = str(root.get("swagger") or root.get("openapi") or "") if isinstance(root, dict) else ""
    if not _VERSION.match(found):
        raise DeclarationError("this is no OpenAPI document: name one of version 2.0, 3.0 or 3.1")
    return Document(root, place, headers)


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _read(place: str, headers: Mapping[str, str] | None) -> bytes:
    if not _is_url(place):
        try:
            if Path(place).stat().st_size > MOST_BYTES:
                raise DeclarationError(f"{Path(place).name} is larger than {MOST_BYTES // 1_000_000} MB")
            return Path(place).read_bytes()
        except OSError:
            raise DeclarationError(
                f"{Path(place).name} cannot be read: name an OpenAPI file or its URL"
            ) from None
    data = bytearray()
    try:
        with httpx.stream("GET", place, headers=headers, timeout=SECONDS, trust_env=False) as answer:
            if not answer.is_success:
                raise DeclarationError(
                    f"the document's address answered {answer.status_code}: give --header 'Authorization: …', or save it and name the file"
                )
            for part in answer.iter_bytes():
                data += part
                if len(data) > MOST_BYTES:
                    raise DeclarationError(f"the document is larger than {MOST_BYTES // 1_000_000} MB")
    except httpx.HTTPError:
        raise DeclarationError("the document's address does not answer") from None
    return bytes(data)


def _parse(data: bytes) -> Any:
    if data.lstrip()[:1] in (b"{", b"["):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            pass  # YAML in flow style starts with a brace as well
    try:
        return yaml.load(data, _Loader)  # noqa: S506  (a SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        raise DeclarationError("the document is neither JSON nor YAML") from None


def _absolute(node: Any, place: str) -> Any:
    """Another file's references, made to name their file, so that they read the same from anywhere."""
    stack = [node]
    seen: set[int] = set()
    while stack:
        item = stack.pop()
        if id(item) in seen or not isinstance(item, dict | list):
            continue
        seen.add(id(item))
        if isinstance(item, list):
            stack.extend(cast("list[Any]", item))
            continue
        ref = cast("Json", item).get("$ref")
        if isinstance(ref, str) and not _is_url(ref):
            item["$ref"] = _joined(place, ref)
        stack.extend(cast("Json", item).values())
    return node


def _joined(place: str, ref: str) -> str:
    where, mark, pointer = ref.partition("#")
    if _is_url(place):
        return f"{urljoin(place, where) if where else place}{mark}{pointer}"
    return f"{Path(place).parent / where if where else place}{mark}{pointer}"
