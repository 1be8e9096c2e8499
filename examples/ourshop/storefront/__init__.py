"""OurShop's own web pages: products, "my orders", and the widget in its place. Plain HTML, no build.

Signing in is choosing a demo customer. What a real shop has to do for the widget is all here: one script tag,
and a token that its backend signs for whoever is signed in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader
from starlette.responses import Response

from examples.ourshop.client import shop
from examples.ourshop.storefront import articles
from frontdesk import ToolNotFound, ToolUnavailable

HERE = Path(__file__).parent
COOKIE = "ourshop_customer"
CUSTOMERS = ("u123", "u124", "u125", "u126")
FILES = {"shop.css": "text/css", "shop.js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with no-referrer a form is sent with Origin: null
    "cache-control": "no-store",
}
WORDS = {
    "out_for_delivery": "out for delivery",
    "partly_shipped": "partly shipped",
    "partly_refunded": "partly refunded",
}


class Pages:
    """The templates, filled in for whoever is signed in."""

    def __init__(self, token_for: Callable[[str], str]) -> None:
        """``token_for`` signs a customer's id into the token that the widget shows."""
        self.token_for = token_for
        self._templates = Environment(loader=FileSystemLoader(HERE / "pages"), autoescape=True)
        self._templates.filters["words"] = lambda status: WORDS.get(status, status)

    def show(self, request: Request, name: str, status: int = 200, **values: Any) -> Response:
        """The page ``name``."""
        customer = request.cookies.get(COOKIE)
        token = self.token_for(customer) if customer else ""
        values |= {"path": request.url.path, "customer": customer, "token": token}
        return HTMLResponse(self._templates.get_template(name).render(values), status, HEADERS)

    async def found(self, request: Request, name: str, read: Awaitable[dict[str, Any]]) -> Response:
        """The page ``name`` with what ``read`` comes to, or one that says why not."""
        try:
            return self.show(request, name, **await read)
        except ToolNotFound:
            return self.show(request, "sorry.html", 404, text="There is no such page.")
        except ToolUnavailable as error:
            return self.show(request, "sorry.html", 503, text=str(error))


def storefront(token_for: Callable[[str], str]) -> APIRouter:
    """The shop's pages; ``token_for`` signs a customer's id into a token."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(token_for)
    _catalog(router, pages)
    _account(router, pages)
    _help(router, pages)

    @router.get("/shop/{name}")
    async def file(name: str) -> Response:
        if name not in FILES:
            return Response(status_code=404)
        return FileResponse(HERE / name, media_type=FILES[name], headers={"cache-control": "max-age=60"})

    return router


def _catalog(router: APIRouter, pages: Pages) -> None:
    @router.get("/")
    async def products(request: Request, q: str = "") -> Response:
        async def read() -> dict[str, Any]:
            return {"q": q[:200], **await shop.get("/products", query=q[:200], limit=100)}

        return await pages.found(request, "products.html", read())

    @router.get("/products/{product_id}")
    async def product(request: Request, product_id: str) -> Response:
        async def read() -> dict[str, Any]:
            return {"product": await shop.get(f"/products/{_plain(product_id)}")}

        return await pages.found(request, "product.html", read())


def _help(router: APIRouter, pages: Pages) -> None:
    @router.get("/help")
    async def topics(request: Request) -> Response:
        return pages.show(request, "help.html", pages=list(articles.pages().values()))

    @router.get("/help/{slug:path}")
    async def article(request: Request, slug: str) -> Response:
        page = articles.pages().get(slug)
        if page is None:
            return pages.show(request, "sorry.html", 404, text="There is no such page.")
        return pages.show(request, "help.html", page=page)


def _account(router: APIRouter, pages: Pages) -> None:
    @router.get("/orders")
    async def orders(request: Request) -> Response:
        customer = request.cookies.get(COOKIE)
        if not customer:
            return RedirectResponse("/sign-in", 303)

        async def read() -> dict[str, Any]:
            user = await shop.get(f"/users/{_plain(customer)}")
            return {"user": user, **await shop.get(f"/users/{customer}/orders", limit=20)}

        return await pages.found(request, "orders.html", read())

    @router.get("/sign-in")
    async def choose(request: Request) -> Response:
        async def read() -> dict[str, Any]:
            return {"users": [await shop.get(f"/users/{customer}") for customer in CUSTOMERS]}

        return await pages.found(request, "sign-in.html", read())

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        customer = form.get("customer", [""])[0].strip()
        try:
            await shop.get(f"/users/{_plain(customer)}")
        except (ToolNotFound, ToolUnavailable):
            return pages.show(request, "sorry.html", 404, text="There is no such customer: try u123.")
        answer = RedirectResponse("/orders", 303)
        answer.set_cookie(COOKIE, customer, httponly=True, samesite="lax")
        return answer

    @router.post("/sign-out")
    async def sign_out() -> Response:
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(COOKIE)
        return answer

    @router.post("/token")
    async def token(request: Request) -> Response:
        """A fresh token for whoever is signed in: the widget asks when its own has run out."""
        customer = request.cookies.get(COOKIE)
        return (
            PlainTextResponse(pages.token_for(customer), headers=HEADERS)
            if customer
            else Response(status_code=401)
        )


def _plain(identity: str) -> str:
    """An id as it may stand in a path of the shop's API. Raises ToolNotFound for anything else."""
    if not (identity.isascii() and identity.isalnum() and len(identity) <= 20):
        raise ToolNotFound
    return identity
