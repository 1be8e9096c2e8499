"""Small documents, each with an oddity of its own."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
STRING = {"type": "string"}


def answer(schema: Json) -> Json:
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


def thing(**fields: Json) -> Json:
    return {"type": "object", "properties": fields}


def at(name: str, where: str = "path", **more: Any) -> Json:
    return {"name": name, "in": where, "required": where == "path", "schema": STRING, **more}


def spec(paths: Json, **more: Any) -> Json:
    return {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths, **more}


ORDER = thing(
    id=STRING, user_id=STRING, status=STRING, total=STRING, api_key=STRING, author=thing(email=STRING)
)
SHOP = spec(
    {
        "/users/{user_id}/orders": {
            "get": {
                "operationId": "listOrders",
                "parameters": [at("user_id"), at("limit", "query"), at("expand", "query")],
                "responses": answer(thing(orders={"type": "array", "items": ORDER})),
            }
        },
        "/orders/{order_id}": {
            "get": {"operationId": "getOrder", "parameters": [at("order_id")], "responses": answer(ORDER)}
        },
        "/orders/{order_id}/parcels": {
            "get": {
                "operationId": "getParcels",
                "parameters": [at("order_id")],
                "responses": answer({"type": "array", "items": thing(carrier=STRING)}),
            }
        },
        "/orders/{order_id}/cancel": {
            "post": {"operationId": "cancelOrder", "parameters": [at("order_id")], "responses": {"204": {}}}
        },
    }
)


def sends(schema: Json, media: str = "application/json", **more: Any) -> Json:
    return {"content": {media: {"schema": schema}}, "required": True, **more}


INTEGER = {"type": "integer"}
ADDRESS = {**thing(street=STRING, city=STRING), "required": ["street"]}
ODD = spec(
    {
        "/users/{user_id}": {
            # A change stands before the read that it rests on.
            "patch": {
                "operationId": "update.User",
                "parameters": [at("user_id")],
                "requestBody": sends(thing(nickname=STRING, role=STRING, password=STRING, address=ADDRESS)),
                "responses": answer(thing(nickname=STRING)),
            },
            "get": {
                "parameters": [at("user_id")],
                "responses": answer({**thing(**{"class": STRING, "str": STRING, "e mail": STRING})}),
            },
        },
        "/users/{user_id}/things/{ref}": {
            "get": {
                "operationId": "x" * 90,
                "description": 'Says "no" \\ and\nmore.' * 20,
                "parameters": [
                    at("user_id"),
                    at("ref", schema={"type": "string", "enum": ["a", 'b"c']}),
                    at("ref", "query", required=True, schema=INTEGER),
                    at(
                        "ids", "query", explode=False, schema={"type": "array", "items": STRING}, required=True
                    ),
                    at("tags", "query", schema={"type": "array", "items": STRING}),
                    at("made", "query", style="deepObject", schema=thing(gte=STRING, lte=STRING)),
                    at("sort", "query", schema={"type": "string", "enum": [f"field_{n}" for n in range(9)]}),
                ],
                "responses": answer({"type": "array", "items": thing(id=STRING, lines={"type": "array", "items": ADDRESS})}),
            }
        },
        "/v1/orders/{id}": {
            "parameters": [at("id", schema=INTEGER)],
            "delete": {"operationId": "dropOrder", "responses": {"204": {"description": ""}}},
            "get": {
                "operationId": "getOrder",
                "responses": answer(
                    thing(
                        data=thing(
                            customer=thing(id=STRING), total={"type": "number"}, user_id=STRING,
                            lines={"type": "array", "items": thing(id=STRING)},
                        )
                    )
                ),
            },
        },
        "/v1/orders/{orderId}/lines/{line_id}": {
            "put": {
                "operationId": "putLine",
                "parameters": [at("orderId", schema=INTEGER), at("line_id"), at("Idempotency-Key", "header")],
                "requestBody": sends({**thing(count=INTEGER), "required": ["count"]}),
                "responses": answer({"type": "string"}),
            }
        },
        "/refunds": {
            "post": {
                "operationId": "refund",
                "requestBody": sends(
                    {
                        **thing(user_id=STRING, order_id=INTEGER, amount=STRING, lines={"type": "array", "items": STRING}),
                        "required": ["user_id", "order_id", "amount"],
                    }
                ),
                "responses": answer(thing(id=STRING)),
            }
        },
        "/wishes": {
            "post": {
                "operationId": "wish",
                "parameters": [at("user_id", "query")],
                "requestBody": sends(
                    {**thing(text=STRING, address=ADDRESS), "required": ["text"]}, "application/x-www-form-urlencoded"
                ),
                "responses": {"201": {"description": "", "content": {"text/plain": {}}}},
            }
        },
        "/users/{user_id}/complaints": {
            "post": {
                "operationId": "complain",
                "parameters": [at("user_id")],
                "requestBody": sends(
                    {
                        **thing(
                            text=STRING, seats=INTEGER, tags={"type": "array", "items": STRING}, address=ADDRESS,
                            photo={"type": "string", "format": "binary"},
                        ),
                        "required": ["text", "seats"],
                    },
                    "multipart/form-data",
                ),
                "responses": {"201": {"description": ""}},
            }
        },
    },
    info={"title": "odd", "version": "1"},
    servers=[{"url": "https://{region}.shop.example/api", "variables": {"region": {"default": "eu"}}}],
    security=[{"token": [], "key": [], "sid": [], "mine": [], "tls": []}],
    components={
        "securitySchemes": {
            "token": {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": "https://shop.example/token", "scopes": {"all": ""}}},
            },
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "sid": {"type": "apiKey", "in": "cookie", "name": "sid"},
            "mine": {"type": "apiKey", "in": "query", "name": "key"},
            "tls": {"type": "mutualTLS"},
        }
    },
)  # fmt: skip
ODD_CHANGES = ["update.User", "dropOrder", "putLine", "refund", "wish", "complain"]
