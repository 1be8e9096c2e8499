"""The benchmark's tools that change nothing: each reads what is the customer's own, or what everybody may see.

``SHOP.world`` is the backend, which checks nothing.
"""

from __future__ import annotations

import ast
import operator
from typing import Any

from evals.tau_retail.backend import Backend
from evals.tau_retail.data import Json, records
from evals.tau_retail.episodes import means
from frontdesk import Customer, ToolNotFound, ToolRefused, tool


class Shop:
    """The world that the desk stands before; each replay sets its own."""

    world: Backend

    def order(self, order_id: str, customer: Customer) -> Json:
        """An order of the customer's; somebody else's is not found, like one that there is not."""
        order = self.world.order(order_id)
        if order is None or order["user_id"] != customer.id:
            raise ToolNotFound("Order not found")
        return order

    def user(self, user_id: str, customer: Customer) -> Json:
        """The customer's own profile, and nobody else's."""
        user = self.world.user(customer.id)
        if user is None or user_id != customer.id:
            raise ToolNotFound("User not found")
        return user


SHOP = Shop()


# ------------------------------------------------------------------ what is read
@tool(permission="profile:read")
async def find_user_id_by_email(email: str, customer: Customer) -> str:
    """Find the customer's user id by e-mail."""
    return _own_id(customer, {"email": email})


@tool(permission="profile:read")
async def find_user_id_by_name_zip(first_name: str, last_name: str, zip: str, customer: Customer) -> str:
    """Find the customer's user id by name and zip code."""
    return _own_id(customer, {"first_name": first_name, "last_name": last_name, "zip": zip})


def _own_id(customer: Customer, wanted: Json) -> str:
    """Answers of the customer alone: who else has an account here is nobody's business."""
    if not means(records().users[customer.id], wanted):
        raise ToolNotFound("User not found")
    return customer.id


@tool(permission="profile:read")
async def get_user_details(user_id: str, customer: Customer) -> Json:
    """The customer's profile: address, payment methods, orders."""
    return SHOP.user(user_id, customer)


@tool(permission="orders:read")
async def get_order_details(order_id: str, customer: Customer) -> Json:
    """One of the customer's orders."""
    return SHOP.order(order_id, customer)


@tool(permission="catalogue:read")
async def get_product_details(product_id: str) -> Json:
    """A product with its items: options, price, availability."""
    return _listed(SHOP.world.base.products, product_id, "Product not found")


@tool(permission="catalogue:read")
async def get_item_details(item_id: str) -> Json:
    """One item of the catalogue. In no list of the benchmark's tools, but among the gold calls."""
    return _listed(SHOP.world.base.items, item_id, "Item not found")


def _listed(known: dict[str, Json], key: str, absent: str) -> Json:
    if key not in known:
        raise ToolNotFound(absent)
    return known[key]


@tool(permission="catalogue:read")
async def list_all_product_types() -> Json:
    """Names and ids of all products."""
    return {
        p["name"]: p["product_id"] for p in sorted(SHOP.world.base.products.values(), key=lambda p: p["name"])
    }


SIGNS: dict[type, Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip


def _value(node: ast.AST) -> float:
    match node:
        case ast.Expression(body=body):
            return _value(body)
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in SIGNS:
            return SIGNS[type(sign)](_value(operand))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in SIGNS:
            return SIGNS[type(sign)](_value(left), _value(right))
        case _:
            raise ToolRefused("Numbers, + - * / and parentheses only.")


@tool(permission="calculator:use")
async def calculate(expression: str) -> str:
    """Work out an expression of numbers, + - * / and parentheses."""
    try:
        return str(round(_value(ast.parse(expression[:500].strip(), mode="eval")), 2))
    except (SyntaxError, ZeroDivisionError, OverflowError, RecursionError, ValueError):
        raise ToolRefused("This is no expression that can be worked out.") from None


@tool(permission="calculator:use")
async def think(thought: str) -> str:  # noqa: ARG001  (the benchmark's tool: nothing comes of it)
    """Think about something; nothing comes of it."""
    return ""


@tool(permission="people:ask")
async def transfer_to_human_agents(summary: str) -> str:  # noqa: ARG001  (the benchmark keeps no record of it)
    """Hand the customer over to a person."""
    return "Transfer successful"
