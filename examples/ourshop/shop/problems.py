"""Errors the shop answers with, shaped like RFC 9457. The docstring is the title."""

from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import DataError, OperationalError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException


class Problem(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(self, *, detail: str | None = None) -> None:
        self.title = (type(self).__doc__ or "").strip().rstrip(".")
        self.detail = detail or self.title + "."
        super().__init__(self.detail)


class NotFound(Problem):
    """Not found."""

    status = 404
    code = "not_found"

    def __init__(self, *, what: str, key: str) -> None:
        super().__init__(detail=f"There is no {what} {key}.")


class KeyRequired(Problem):
    """The Idempotency-Key header is required."""

    status = 400
    code = "idempotency_key_required"


class KeyReused(Problem):
    """This Idempotency-Key was used for a different request."""

    status = 422
    code = "idempotency_key_reused"


class UnknownLine(Problem):
    """A line does not belong to this order."""

    status = 422
    code = "unknown_line"


class CountryNotServed(Problem):
    """The shop does not ship to this country."""

    status = 422
    code = "country_not_served"


class AlreadyShipped(Problem):
    """The order has already left the warehouse."""

    status = 409
    code = "already_shipped"


class AlreadyCancelled(Problem):
    """The order is already cancelled."""

    status = 409
    code = "already_cancelled"


class ZoneDiffers(Problem):
    """The new address is in another shipping zone, which has another fee; cancel and order again."""

    status = 409
    code = "shipping_zone_differs"


class ExceedsPaid(Problem):
    """The refund is more than what was paid and not yet refunded."""

    status = 409
    code = "exceeds_paid"


class ExceedsLines(Problem):
    """The refund is more than the named lines cost."""

    status = 409
    code = "exceeds_lines"


class AlreadyRefunded(Problem):
    """A named line is already refunded."""

    status = 409
    code = "already_refunded"


class NotDelivered(Problem):
    """An item that has not been delivered cannot be returned."""

    status = 409
    code = "not_delivered"


class ReturnWindowClosed(Problem):
    """The return window has closed."""

    status = 409
    code = "return_window_closed"


class NotReturnable(Problem):
    """Gift cards, personalised and final-sale items cannot be returned."""

    status = 409
    code = "not_returnable"


class AlreadyReturned(Problem):
    """This item is already in a return."""

    status = 409
    code = "already_returned"


class InvoiceGone(Problem):
    """Invoices are kept for seven years."""

    status = 409
    code = "invoice_no_longer_kept"


class EmailMismatch(Problem):
    """The current e-mail address is not the one on the account."""

    status = 409
    code = "email_mismatch"


class EmailTaken(Problem):
    """Another account has this e-mail address."""

    status = 409
    code = "email_taken"


_HTTP_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 429: "too_many_requests"}


def body(status: int, title: str, detail: str, code: str, **more: object) -> dict[str, Any]:
    """The JSON of a problem."""
    return {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }


def respond(content: dict[str, Any], headers: dict[str, str] | None = None) -> JSONResponse:
    """A response that carries a problem."""
    return JSONResponse(content, content["status"], headers, media_type="application/problem+json")


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - narrows the type the handler is registered for
    return respond(body(error.status, error.title, error.detail, error.code))


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    fields = [
        {"field": ".".join(str(part) for part in item["loc"][1:]), "message": item["msg"]}
        for item in error.errors()
    ]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in fields)
    return respond(
        body(422, "The request is not valid", detail, "invalid_request", errors=jsonable_encoder(fields))
    )


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = _HTTP_CODES.get(error.status_code, "http_error")
    return respond(body(error.status_code, error.detail, error.detail, code))


async def _unstorable(_: Request, __: Exception) -> JSONResponse:
    # NUL and lone surrogates are valid in JSON and in paths, but not in a database's text.
    detail = "The request has characters that no text can have."
    return respond(body(422, "The request is not valid", detail, "invalid_request"))


async def _unavailable(_: Request, __: Exception) -> JSONResponse:
    title = "The shop's database does not answer"
    return respond(body(503, title, title + ".", "unavailable"), {"Retry-After": "1"})


async def _crashed(_: Request, __: Exception) -> JSONResponse:
    # The traceback goes to the log; a caller learns nothing of the inside.
    return respond(body(500, "Internal error", "Something went wrong in the shop.", "internal_error"))


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(UnicodeEncodeError, _unstorable)
    app.add_exception_handler(OperationalError, _unavailable)
    app.add_exception_handler(PoolTimeout, _unavailable)
    app.add_exception_handler(Exception, _crashed)
