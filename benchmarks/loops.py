"""What a turn of the agent costs: our loop on langchain-core against LangChain's ``create_agent``.

``python -m benchmarks.loops [turns]``. Both get the same prompt, the same window of eight turns, the same model
and the same tool, and neither stores anything. The model is Frontdesk's own client for OpenAI-compatible
endpoints with the network cut out: it encodes each request and decodes a ready reply. CPU time of the process,
in short bursts that take turns, the median of them: the machine may be shared.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import orjson
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.tools import tool as langchain_tool

from frontdesk import Customer, Frontdesk, tool
from frontdesk.agent import Agent
from frontdesk.domain import PastTurn, Principal, Step, TurnInput
from frontdesk.memory import to_messages
from frontdesk.models import ModelChain, wire
from frontdesk.models.openai import OpenAIChat
from frontdesk.settings import Settings

WINDOW = 8
BURSTS = 8
QUESTION = (
    "Hi, could you check where my order ORD-00042 is? It was supposed to arrive yesterday and I need it soon."
)
ORDER = {"order_id": "ORD-00042", "status": "shipped", "eta": "2026-12-15", "total": "15.54"}
REPLY = f"Here is what I found: {orjson.dumps(ORDER).decode()}"
ABOUT = "Look up the current status of one order by its order id, for example ORD-00042."

Turn = Callable[[], Awaitable[str]]


def _payload(message: dict[str, object]) -> bytes:
    usage = {"prompt_tokens": 400, "completion_tokens": 18, "total_tokens": 418}
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return orjson.dumps({"model": "stub", "choices": [choice], "usage": usage})


CALL = _payload(
    {
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "get_order_status", "arguments": '{"order_id":"ORD-00042"}'},
            }
        ],
    }
)
ANSWER = _payload({"content": REPLY})


class CutOff(OpenAIChat):
    """The model's client without a network: a question gets a tool call, a tool's result the answer."""

    async def _ask(self, body: bytes, deadline: float) -> AIMessage:  # noqa: ARG002 — the client's signature
        await asyncio.sleep(0)
        last = body.rpartition(b'{"role":"')[2]
        return wire.decode_reply(ANSWER if last.startswith(b"tool") else CALL)


@tool(permission="orders:read")
async def get_order_status(order_id: str, customer: Customer) -> dict[str, str]:  # noqa: ARG001 — everybody's here
    """Look up the current status of one order by its order id, for example ORD-00042."""
    return ORDER | {"order_id": order_id}


@langchain_tool("get_order_status", description=ABOUT)
async def plain_order_status(order_id: str) -> str:
    return orjson.dumps(ORDER | {"order_id": order_id}).decode()


def turn_input() -> TurnInput:
    """A ninth turn: eight like it lie before it."""
    step = Step("get_order_status", "", {"order_id": "ORD-00042"}, orjson.dumps(ORDER).decode(), True, 0.1)
    window = [PastTurn(n, QUESTION, REPLY, (step,)) for n in range(1, WINDOW + 1)]
    who = Principal("customer", "user-0042")
    return TurnInput(uuid4(), uuid4(), WINDOW + 1, who, QUESTION, window, {"order_id": "ORD-00042"})


def ours(desk: Frontdesk, model: CutOff, settings: Settings) -> Turn:
    """Agent.run: permissions, gate, tool, output gate, facts."""
    writes: Any = None  # this desk changes nothing
    agent = Agent(desk, desk.tools, ModelChain([("openai:stub", model)], 20.0), settings, writes)
    turn = turn_input()

    async def run() -> str:
        return (await agent.run(turn)).reply

    return run


def theirs(desk: Frontdesk, model: CutOff, settings: Settings) -> Turn:
    """create_agent, without a saver: the graph, and nothing that Frontdesk checks."""
    graph = create_agent(model, [plain_order_status])
    turn = turn_input()

    async def run() -> str:
        messages: list[BaseMessage] = to_messages(desk, turn, settings.window_chars)
        state = await graph.ainvoke({"messages": messages})
        return str(state["messages"][-1].text)

    return run


async def measure(loops: dict[str, Turn], turns: int) -> dict[str, list[float]]:
    """CPU milliseconds a turn of each loop, one number a burst."""
    took: dict[str, list[float]] = {name: [] for name in loops}
    for burst in range(BURSTS + 1):
        for name, run in loops.items():
            began = time.process_time()
            for _ in range(turns):
                reply = await run()
            spent = (time.process_time() - began) / turns * 1000
            if reply != REPLY:
                raise RuntimeError(f"{name} answered {reply!r}")
            if burst:  # the first one warms up
                took[name].append(spent)
    return took


def main() -> None:
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    settings = Settings()
    desk = Frontdesk("Bench", tools=[get_order_status])
    model = CutOff(model="stub", base_url="http://127.0.0.1:1/v1")
    loops = {
        "Frontdesk's loop (gate, output gate, facts included)": ours(desk, model, settings),
        "create_agent (the graph alone, no saver)": theirs(desk, model, settings),
    }
    took = asyncio.run(measure(loops, turns))
    print(f"| loop, window of {WINDOW} turns, two model calls, one tool | CPU ms a turn | least | most |")
    print("| --- | ---: | ---: | ---: |")
    for name, values in took.items():
        print(f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} | {max(values):.2f} |")


if __name__ == "__main__":
    main()
