"""A shop of two customers and three tasks in tau-bench's format, invented here; and an endpoint that plays both sides."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Json = dict[str, Any]
HOME = {"address1": "1 Quay", "address2": "", "city": "Bergen", "country": "NO", "state": "V", "zip": "50031"}
LAMPS = {"101": ("red", 20.0), "102": ("blue", 25.5), "103": ("green", 31.0)}


def _user(first: str, last: str, *orders: str) -> Json:
    method = f"paypal_{first.lower()}"
    return {
        "name": {"first_name": first, "last_name": last},
        "address": HOME,
        "email": f"{first.lower()}@example.com",
        "payment_methods": {method: {"source": "paypal", "id": method}},
        "orders": list(orders),
    }


def _order(order_id: str, user: str, status: str, item: str) -> Json:
    colour, price = LAMPS[item]
    lamp = {"name": "Lamp", "product_id": "9", "item_id": item, "price": price, "options": {"colour": colour}}
    paid = {"transaction_type": "payment", "amount": price, "payment_method_id": f"paypal_{user[:3]}"}
    return {
        "order_id": order_id, "user_id": user, "address": HOME, "items": [lamp], "fulfillments": [],
        "status": status, "payment_history": [paid],
    }  # fmt: skip


def _task(n: int, wish: str, known: str, actions: list[tuple[str, Json]], *outputs: str) -> Json:
    told = {"task_instructions": ".", "domain": "retail", "reason_for_call": wish, "known_info": known}
    gold = [{"action_id": f"{n}_{k}", "name": name, "arguments": a} for k, (name, a) in enumerate(actions)]
    return {
        "id": str(n),
        "user_scenario": {"persona": None, "instructions": {**told, "unknown_info": None}},
        "evaluation_criteria": {"actions": gold, "communicate_info": list(outputs)},
    }


MOVED = {**HOME, "address1": "7 Fjord Road"}
CANCEL = {"order_id": "#W1000001", "reason": "no longer needed"}
SWAP = {
    "order_id": "#W1000002",
    "item_ids": ["101"],
    "new_item_ids": ["102"],
    "payment_method_id": "paypal_ada",
}
TASKS = [
    _task(
        0,
        "You want to cancel your order #W1000001. You no longer need it.",
        "You are Ada Berg in zip code 50031.",
        [
            ("find_user_id_by_name_zip", {"first_name": "Ada", "last_name": "Berg", "zip": "50031"}),
            ("cancel_pending_order", CANCEL),
        ],
    ),
    _task(
        1,
        "You want to exchange the lamp of order #W1000002 for a blue one. You also moved to 7 Fjord Road.",
        "You are Ada Berg, and your email is ada@example.com.",
        [
            ("get_product_details", {"product_id": "9"}),
            ("exchange_delivered_order_items", SWAP),
            ("modify_user_address", {"user_id": "ada_berg", **MOVED}),
        ],
        "5.50",
    ),
    _task(
        2,
        "You want to know what the green lamp costs.",
        "Your name is Tom Moe and your email is tom@example.com.",
        [
            ("find_user_id_by_email", {"email": "tom@example.com"}),
            ("get_product_details", {"product_id": "9"}),
        ],
        "31",
    ),
]
TOOL = {
    "type": "function",
    "function": {
        "name": "cancel_pending_order",
        "description": "Cancel a pending order of this little shop.",
        "parameters": {
            "type": "object",
            "properties": {
                "order_id": {"type": "string", "description": "such as '#W0000000'"},
                "reason": {"type": "string", "enum": ["no longer needed", "ordered by mistake"]},
            },
            "required": ["order_id", "reason"],
        },
    },
}


def write(folder: Path) -> None:
    """All files of the shop."""
    variants = {
        item: {"item_id": item, "options": {"colour": colour}, "available": True, "price": price}
        for item, (colour, price) in LAMPS.items()
    }
    orders = [
        _order("#W1000001", "ada_berg", "pending", "103"),
        _order("#W1000002", "ada_berg", "delivered", "101"),
        _order("#W1000003", "ada_berg", "pending", "101"),
    ]
    files: dict[str, Any] = {
        "db/users.json": {
            "ada_berg": _user("Ada", "Berg", *(order["order_id"] for order in orders)),
            "tom_moe": _user("Tom", "Moe"),
        },
        "db/orders.json": {order["order_id"]: order for order in orders},
        "db/products.json": {"9": {"name": "Lamp", "product_id": "9", "variants": variants}},
        "tasks.json": TASKS,
        "tools.json": [TOOL],
    }
    (folder / "db").mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), "utf-8")
    (folder / "policy.md").write_text("# The little shop\n\nBe kind to lamps.\n", "utf-8")


# ------------------------------------------------------------------ a provider on loopback
def agent(said: str, role: str) -> Json:
    """gpt-4o at this endpoint: cancels what it is asked to, and thanks."""
    if role == "tool":
        return {"role": "assistant", "content": "Please look at the card and press its button."}
    if "cancel" in said:
        function = {"name": "cancel_pending_order", "arguments": json.dumps(CANCEL)}
        return {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]}  # fmt: skip
    return {"role": "assistant", "content": "You are welcome."}


def customer(said: str, _: str) -> Json:
    """gpt-4o-mini at this endpoint: wants order #W1000001 cancelled."""
    if "[Card:" in said:
        return {"role": "assistant", "content": "###CONFIRM### Thank you."}
    wish = "Hi! Please cancel my order #W1000001, I no longer need it."
    return {"role": "assistant", "content": "###STOP###" if "welcome" in said else wish}


class Handler(BaseHTTPRequestHandler):
    """POST /v1/chat/completions; 100 tokens in and 10 out each time."""

    asked: list[Json]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        last = body["messages"][-1]
        play = customer if body["model"] == "gpt-4o-mini" else agent
        message = play(str(last["content"]), last["role"])
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = json.dumps(
            {"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@contextmanager
def provider() -> Iterator[tuple[str, list[Json]]]:
    """(address, what was asked) of the endpoint."""
    asked: list[Json] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Mine", (Handler,), {"asked": asked}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
