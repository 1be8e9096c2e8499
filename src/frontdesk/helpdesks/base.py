"""What a helpdesk must be able to do, and the one way in which all of them are called."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import httpx
import orjson
import structlog

from frontdesk.domain import File, Json, Reply
from frontdesk.errors import DeclarationError, InvalidToken, MalformedBody, NotFound

__all__ = [
    "UNEXPECTED",
    "External",
    "File",
    "Helpdesk",
    "MessageCopy",
    "Reply",
    "Status",
    "StatusChange",
    "TicketCopy",
    "call",
    "checked",
    "fresh",
    "moment",
    "parts",
    "read",
    "secret",
    "signature",
    "state_of",
    "text",
    "written",
]

log = structlog.get_logger("frontdesk.helpdesk")
Status = Literal["open", "pending", "solved", "closed"]
SECONDS = 15.0  # for one call
MOST_BYTES = 5_000_000  # of an answer: a page of Zendesk's longest comments
UNEXPECTED = (LookupError, TypeError, AttributeError)  # of JSON that is not what it should be
WINDOW = 300.0  # seconds by which a signed message's clock may differ; older ones are somebody's recording


@dataclass(frozen=True, slots=True)
class TicketCopy:
    """A ticket as it is handed over. ``key`` is its id, the same however often it is handed over."""

    key: str
    reference: str
    subject: str
    body: str
    priority: str
    customer: str
    email: str | None


@dataclass(frozen=True, slots=True)
class MessageCopy:
    """What the customer wrote behind a ticket, as it is handed over. ``key`` is the same however often that is; ``mark``,
    with which ``body`` begins, is no other message's. ``text`` is empty where only files of before the ticket are told.
    """

    key: str
    mark: str
    text: str
    at: datetime
    customer: str
    files: tuple[File, ...] = ()

    @property
    def body(self) -> str:
        """The mark, the text, and the names of the files."""
        names = [f"File: {file.name}" for file in self.files]
        return "\n\n".join(filter(None, (self.mark, self.text, "\n".join(names))))

    def written(self, texts: Iterable[object]) -> bool:
        """Whether one of ``texts``, as the helpdesk gives them back, is this message."""
        return any(isinstance(each, str) and each.strip().startswith(self.mark) for each in texts)


@dataclass(frozen=True, slots=True)
class External:
    """The ticket over there."""

    id: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What the helpdesk says of its ticket ``id``. ``status`` is None where only something was written; ``replies``:
    what was, where the message itself has it.
    """

    id: str
    status: Status | None
    replies: tuple[Reply, ...] = ()


class Helpdesk(Protocol):
    """One helpdesk. ``settles``: seconds after a call until ``find`` is sure to see what it made."""

    @property
    def name(self) -> str:
        """What its webhook's path and a ticket's row call it."""
        ...

    @property
    def settles(self) -> float:
        """See above."""
        ...

    async def create(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External:
        """Make the ticket. Raises httpx.HTTPError, also where it is not known whether it was made."""
        ...

    async def find(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External | None:
        """The ticket that an earlier ``create`` made, if it did."""
        ...

    async def update(self, client: httpx.AsyncClient, identity: str, status: Status) -> None:
        """Give the ticket another state. Twice is as good as once."""
        ...

    async def append(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> None:
        """Add what the customer wrote to the ticket, with the files where it takes them. Raises as ``create`` does."""
        ...

    async def appended(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> bool:
        """Whether an earlier ``append`` did; False of a helpdesk where doing it again is safe."""
        ...

    def changed(self, headers: Mapping[str, str], body: bytes) -> StatusChange | None:
        """What a message of its webhook says; None for what concerns neither a ticket's state nor its replies.

        ``headers`` in lower case. Raises InvalidToken where it does not show that it comes from the helpdesk.
        """
        ...

    async def replies(self, client: httpx.AsyncClient, identity: str) -> tuple[Reply, ...]:
        """The newest replies to the ticket that the customer may read, oldest first; none of a helpdesk whose
        messages have them. Raises httpx.HTTPError.
        """
        ...


async def call(client: httpx.AsyncClient, method: str, url: str, **given: Any) -> Any:
    """The JSON of a 2xx answer, None for an empty one. Raises httpx.HTTPError: DecodingError where it cannot be read."""
    body = bytearray()
    async with client.stream(method, url, timeout=SECONDS, follow_redirects=False, **given) as answer:
        answer.raise_for_status()
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                raise httpx.DecodingError("too long", request=answer.request)
    if not body:
        return None
    try:
        return orjson.loads(body)
    except ValueError:  # a proxy's page: whether anything was made is unknown
        raise httpx.DecodingError("no JSON", request=answer.request) from None


def parts(files: Iterable[File]) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Files as a form has them, under the name that Freshdesk and Chatwoot share."""
    return [("attachments[]", (file.name, file.content, file.media_type)) for file in files]


def written(entries: Iterable[Any], told: Callable[[Any], Reply | None]) -> tuple[Reply, ...]:
    """What ``told`` makes of each entry, without those that are no reply. One that cannot be read costs only itself."""
    found: list[Reply] = []
    for entry in entries:
        try:
            reply = told(entry)
        except UNEXPECTED as error:
            log.warning("reply not read", error=type(error).__name__)
            continue
        if reply:
            found.append(reply)
    return tuple(found)


def moment(value: Any) -> datetime | None:
    """ISO 8601 or Unix seconds; None of anything else."""
    try:
        found = (
            datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(value, UTC)
        )
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def text(value: Any) -> str:
    """``value``, where it is text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError
    return value


def read(body: bytes) -> Json:
    """A webhook's JSON object. Raises MalformedBody."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedBody from None
    if not isinstance(found, dict):
        raise MalformedBody
    return found


def state_of(told: Json, statuses: Mapping[str, Status]) -> StatusChange | None:
    """``{"id": …, "status": …}`` of a webhook; None without an id.

    A state of the shop's own is none of ours; the message may still be about a reply.
    """
    identity = str(told.get("id", ""))
    return StatusChange(identity, statuses.get(str(told.get("status", "")).lower())) if identity else None


def inner(told: Json, name: str) -> Json:
    """The object at ``name``; empty where there is something else."""
    found: Any = told.get(name)
    return found if isinstance(found, dict) else {}


def secret(name: str, value: str) -> str:
    """``value``, where there is one. Raises DeclarationError that says which argument lacks one."""
    if not value:
        raise DeclarationError(f'{name}: is empty: write os.environ["…"], where it is set')
    return value


def shared(value: str) -> str:
    """What its webhooks are signed with. Raises NotFound where none was declared: then there is no webhook here."""
    if not value:
        raise NotFound
    return value


def checked(given: str, expected: str) -> None:
    """Raises InvalidToken unless the two signatures are the same."""
    if not given or not hmac.compare_digest(given.encode(), expected.encode()):
        raise InvalidToken("The signature is not that of this helpdesk.")


def fresh(seconds: str) -> None:
    """Raises InvalidToken where the time a message was signed at, in Unix seconds, is not about now."""
    try:
        late = abs(time.time() - float(seconds))
    except ValueError:
        late = WINDOW + 1
    if not late <= WINDOW:
        raise InvalidToken("The signature is too old, or the clock is wrong.")


def signature(key: str | bytes, message: bytes, algorithm: str = "sha256") -> hmac.HMAC:
    """The HMAC of ``message``."""
    return hmac.new(key.encode() if isinstance(key, str) else key, message, getattr(hashlib, algorithm))
