"""An agent that makes the gold calls: what it does not pass, no agent can."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from evals.tau_bench.tasks import Task
from evals.tau_retail.data import Json
from frontdesk.models.scripted import ScriptedModel

# In nine tasks the customer must be told what no gold call brings: the published lists leave out the reads and sums
# behind it. The output gate stops a figure that no tool gave, so the gold agent looks these up as well.
FURTHER: dict[tuple[int, str], list[tuple[str, Json]]] = {
    (19, "mei_davis_8935"): [("calculate", {"expression": "195.11 - 180.93 + 499.28 - 471.82"})],
    (21, "ethan_garcia_1261"): [("get_user_details", {"user_id": "ethan_garcia_1261"})],
    (39, "fatima_taylor_3452"): [("get_product_details", {"product_id": "9523456873"})],
    (54, "amelia_silva_7726"): [("calculate", {"expression": "1429.81 + 1030.40 + 1186.47"})],
    (76, "ava_nguyen_6646"): [
        ("get_order_details", {"order_id": "#W8668939"}),
        ("calculate", {"expression": "985.66 + 953.39"}),
    ],
    (89, "raj_santos_9079"): [("get_product_details", {"product_id": "1656367028"})],
    (95, "lei_wilson_4541"): [("calculate", {"expression": "167.87 - 60.78"})],
    (103, "lucas_brown_6720"): [("get_order_details", {"order_id": "#W1154986"})],
    (104, "lucas_brown_6720"): [("get_order_details", {"order_id": "#W1154986"})],
}


class Gold:
    """Makes the gold calls one by one, a proposal at a time, and says what the customer had to be told."""

    def __init__(self, task: Task) -> None:
        self._outputs = task.outputs
        self._calls = [(call.name, call.arguments) for call in task.calls]
        self._calls += FURTHER.get((task.number, task.customer), [])
        self._made = 0

    def model(self) -> ScriptedModel:
        """As a chat model."""
        return ScriptedModel(self._step)

    def _step(self, messages: list[BaseMessage]) -> AIMessage:
        last = messages[-1]
        if isinstance(last, ToolMessage) and str(last.content).startswith('{"proposed"'):
            return AIMessage("Please check this and confirm it with the button.")
        if self._made == len(self._calls):
            return AIMessage(" · ".join(self._outputs) or "That is all.")
        name, arguments = self._calls[self._made]
        self._made += 1
        wanted: Any = {"name": name, "args": arguments, "id": f"g{self._made}", "type": "tool_call"}
        return AIMessage("", tool_calls=[wanted])
