"""Reading a JSON body strictly: each way it can be wrong is a 4xx, and none of it reaches the database.

A default FastAPI service takes duplicate keys, and answers NUL, NaN and lone surrogates with a 500.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import unicodedata
from typing import Annotated, Any, Literal, NoReturn, TypeVar, cast
from uuid import UUID

from fastapi import Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from frontdesk.errors import BodyTooLarge, InvalidBody, MalformedBody, NotJson

__all__ = [
    "LIMIT",
    "USER_ID",
    "Body",
    "ChatRequest",
    "ConversationRequest",
    "Nothing",
    "read_json",
    "read_raw",
    "takes",
]

LIMIT = 64 * 1024  # bytes
SECONDS = 15.0  # for all of a body: one sent byte by byte must not hold a place for ever
USER_ID = re.compile(r"[A-Za-z0-9._:@|-]{1,128}")
CONTENT_TYPE = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})  # Unicode categories that show nothing


class Body(BaseModel):
    """What an endpoint takes: a field it does not name is refused, and no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def _not_blank(text: str) -> str:
    if all(unicodedata.category(character) in UNSEEN for character in text):
        raise PydanticCustomError("blank", "must not be blank")
    return text


def checked_user_id(text: str) -> str:
    if not USER_ID.fullmatch(text):
        raise PydanticCustomError("user_id", "is 1 to 128 of the characters A-Z a-z 0-9 . _ : @ | -")
    return text


def _uuid(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, str) and UUID_TEXT.fullmatch(value):
        return UUID(value)
    raise PydanticCustomError("uuid", "is a UUID in text, 36 characters")


def _uuids(value: object) -> object:
    if not isinstance(value, list) or len(found := cast("list[object]", value)) > 10:
        raise PydanticCustomError("uuid", "is a list of at most ten UUIDs")
    return tuple(_uuid(item) for item in found if item is not None)


class ChatRequest(Body):
    """The body of POST /support/chat. ``user_id`` is needed beside a service key only."""

    user_id: Annotated[str, AfterValidator(checked_user_id)] | None = None
    message: Annotated[str, Field(min_length=1, max_length=8000), AfterValidator(_not_blank)]
    conversation_id: Annotated[UUID | None, BeforeValidator(_uuid)] = None
    client_message_id: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    attachments: Annotated[tuple[UUID, ...], BeforeValidator(_uuids)] = ()


class ConversationRequest(Body):
    """The body of POST /support/conversations. ``user_id`` is needed beside a service key only."""

    user_id: Annotated[str, AfterValidator(checked_user_id)] | None = None


class RatingRequest(ConversationRequest):
    """The body of POST /support/conversations/{id}/rating."""

    rating: Literal["up", "down"]


class Nothing(Body):
    """The body of an endpoint that takes no fields: empty, or ``{}``."""


Model = TypeVar("Model", bound=Body)


def takes(model: type[BaseModel], *, required: bool = True) -> dict[str, Any]:
    """What a route's ``openapi_extra`` says of a body that ``read_json`` reads."""
    content = {"application/json": {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": required, "content": content}}


async def read_json(request: Request, model: type[Model], *, required: bool = True) -> Model:
    """The request's body as a ``model``. With ``required=False`` an empty body counts as ``{}``.

    Raises NotJson (415), BodyTooLarge (413, before anything is parsed), MalformedBody (400) and
    InvalidBody (422). Their text names fields of the model, never what was sent.
    """
    check_type = required or "content-type" in request.headers
    if check_type:
        _check_type(request)
    raw = await read_raw(request)
    if not raw and not required:
        return _validate(model, {})
    if not check_type:
        raise NotJson
    return _validate(model, parse(raw))


def _check_type(request: Request) -> None:
    if not CONTENT_TYPE.fullmatch(request.headers.get("content-type", "").strip()):
        raise NotJson
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotJson("Send application/json without a content encoding.")


async def read_raw(request: Request, *, most: int = LIMIT, seconds: float = SECONDS) -> bytes:
    """All of the body, counted as it comes in: a chunked one announces no length. Raises BodyTooLarge, MalformedBody."""
    announced = request.headers.get("content-length", "")
    too_large = BodyTooLarge(f"The body is over {most:,} bytes.")
    if announced.isdecimal() and (len(announced) > 12 or int(announced) > most):
        raise too_large
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise too_large
                parts.append(part)
    except TimeoutError:
        raise MalformedBody("The body did not arrive in time.") from None
    return b"".join(parts)


def parse(raw: bytes) -> Any:
    """The JSON value in ``raw``. Raises MalformedBody, or InvalidBody for what PostgreSQL cannot hold."""
    try:
        value = _decoder.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError):  # nesting past the interpreter's limit is not well-formed either
        raise MalformedBody from None
    if b"\\u" in raw:  # NUL and lone surrogates can only be written as escapes
        _check_text(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedBody("A key stands twice in the same JSON object.")
    return found


def _constant(_: str) -> NoReturn:
    raise InvalidBody("NaN and Infinity are not JSON numbers.")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise InvalidBody("A number is too large.")
    return value


def _int(text: str) -> int:
    if len(text) > 40:
        raise InvalidBody("A number is too large.")
    return int(text)


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
)


def _check_text(value: Any) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\0" in item or any("\ud800" <= character <= "\udfff" for character in item):
                raise InvalidBody("Text must not hold NUL or half of a surrogate pair.")
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def validated(model: type[Model], value: Any) -> Model:
    """What did not come as the body of a request, by the same rules. Raises InvalidBody."""
    _check_text(value)
    return _validate(model, value)


def _validate(model: type[Model], value: Any) -> Model:
    if not isinstance(value, dict):
        raise InvalidBody("Send a JSON object.")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidBody(_sentence(model, error)) from None


def _sentence(model: type[Body], error: ValidationError) -> str:
    """What is wrong with the first field that is wrong, in words that hold nothing of the input."""
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if name not in model.model_fields:
        names = ", ".join(model.model_fields) or "no fields"
        return f"There is a field that this endpoint does not take; it takes {names}."
    context = first.get("ctx", {})
    match first["type"]:
        case "missing":
            return f"{name}: is required."
        case "string_type":
            return f"{name}: must be text."
        case "string_too_short":
            return f"{name}: must not be empty."
        case "string_too_long":
            return f"{name}: must not be over {context['max_length']:,} characters."
        case "blank" | "user_id" | "uuid":
            return f"{name}: {first['msg']}."
        case _:
            return f"{name}: is not what this endpoint takes."
