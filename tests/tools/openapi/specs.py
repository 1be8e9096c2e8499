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
