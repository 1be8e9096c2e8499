"""S1: fifty customers call every endpoint with each other's ids, in orders that hypothesis thinks of."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple, rule, run_state_machine_as_test
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from chaos.journal import Experiment, Portion, Shown, Tally
from frontdesk.models.scripted import ScriptedModel
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from tests.actions.hostile import CUSTOMERS, ORDERS, Log, foreign, logged, populated
from tests.actions.shop import SECRET, make_desk, obey, wish
from tests.web.service import SERVICE_KEY, bearer, make_client, make_settings, token

STEPS = 50
READS = ("get_order", "get_order_status")
customers = st.integers(0, CUSTOMERS - 1)
verbs = st.sampled_from(["confirm", "decline", "undo"])


class Site:
    """The whole application with its customers, and what they have seen so far."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, door: httpx.AsyncClient, model: ScriptedModel, log: Log
    ) -> None:
        self.loop, self.door, self.model, self.log = loop, door, model, log
        self.tally = Tally()

    def call(
        self,
        customer: int,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        by_key: bool = False,
    ) -> httpx.Response:
        """A request as this customer, with a token of theirs or through the company's backend; all of it is looked at."""
        parts: dict[str, Any] = {"headers": bearer(token(sub=f"c{customer}"))}
        if by_key:
            parts["headers"] = bearer(SERVICE_KEY)
            if method == "GET":
                parts["params"] = {"user_id": f"c{customer}"}
            else:
                body = {**(body or {}), "user_id": f"c{customer}"}
        if body is not None:
            parts["json"] = body
        answer = self.wait(self.door.request(method, path, **parts))
        self.tally.counts["calls"] += 1
        read = " ".join(str(m.content) for call in self.model.calls for m in call.messages)
        self.model.calls.clear()
        told = " ".join(self.log.lines)
        self.log.lines.clear()
        for place, text in (("a reply", answer.text), ("a prompt", read)):
            for leaked in foreign(customer, text):
                self.tally.problems.append(f"{leaked} of another in {place}: {method} {path}")
        self.tally.expect("canary" not in told, f"a canary in the log: {method} {path}")
        return answer

    def wait(self, work: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
        """Machines run in a thread; the application runs in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def about(self, owner: int, customer: int) -> None:
        """Count a call that names somebody else's id."""
        self.tally.counts["on foreign ids"] += owner != customer

    def refused(self, answer: httpx.Response, what: str) -> None:
        """Somebody else's thing is answered as one that does not exist."""
        self.tally.counts["on foreign ids"] += 1
        self.tally.expect(answer.status_code == httpx.codes.NOT_FOUND, f"{what}: {answer.status_code}")


def machine(site: Site) -> type[RuleBasedStateMachine]:  # noqa: C901  (a class of rules, one a method)
    """What customers do at this site: with their own things so that there are some, and with others'."""

    class Strangers(RuleBasedStateMachine):
        conversations: Bundle[tuple[int, str]] = Bundle("conversations")
        turns: Bundle[tuple[int, str]] = Bundle("turns")
        actions: Bundle[tuple[int, dict[str, Any]]] = Bundle("actions")

        @rule(target=conversations, who=customers, by_key=st.booleans())
        def begin(self, who: int, by_key: bool) -> tuple[int, str]:
            answer = site.call(who, "POST", "/support/conversations", {}, by_key=by_key)
            return who, answer.json()["conversation_id"]

        @rule(
            target=turns,
            own=conversations,
            whose=customers,
            n=st.integers(0, ORDERS - 1),
            tool=st.sampled_from(READS),
        )
        def ask(self, own: tuple[int, str], whose: int, n: int, tool: str) -> tuple[int, str]:
            """About anybody's order, in one's own conversation."""
            site.about(whose, own[0])
            return own[0], self._say(own, wish((tool, {"order_id": order(whose, n)})))["turn_id"]

        @rule(target=actions, own=conversations, whose=customers, n=st.integers(0, ORDERS - 1))
        def propose(self, own: tuple[int, str], whose: int, n: int) -> Any:
            """A refund of anybody's order; only one's own gives a button."""
            site.about(whose, own[0])
            answer = self._say(own, wish(("refund_order", {"order_id": order(whose, n), "amount": "5 EUR"})))
            site.tally.expect(whose == own[0] or not answer["actions"], "a button for somebody else's order")
            return multiple(*((own[0], action) for action in answer["actions"]))

        def _say(self, own: tuple[int, str], message: str) -> dict[str, Any]:
            site.tally.counts["messages"] += 1
            return site.call(
                own[0], "POST", "/support/chat", {"message": message, "conversation_id": own[1]}
            ).json()

        @rule(it=actions, verb=verbs)
        def decide(self, it: tuple[int, dict[str, Any]], verb: str) -> None:
            token_ = it[1].get("confirm_token", "x")
            site.call(it[0], "POST", f"/support/actions/{it[1]['id']}/{verb}", body_of(verb, token_))

        @rule(it=actions, who=customers, verb=verbs, by_key=st.booleans())
        def decide_anothers(self, it: tuple[int, dict[str, Any]], who: int, verb: str, by_key: bool) -> None:
            """With the very token that the owner's button carries."""
            if who == it[0]:
                return
            path = f"/support/actions/{it[1]['id']}"
            body = body_of(verb, it[1].get("confirm_token", "x"))
            site.refused(
                site.call(who, "POST", f"{path}/{verb}", body, by_key=by_key), f"{verb} of another's action"
            )
            site.refused(site.call(who, "GET", path, by_key=by_key), "another's action")

        @rule(it=conversations, who=customers, by_key=st.booleans(), n=st.integers(0, ORDERS - 1))
        def enter_anothers(self, it: tuple[int, str], who: int, by_key: bool, n: int) -> None:
            if who == it[0]:
                return
            body = {
                "message": wish(("get_order_status", {"order_id": order(it[0], n)})),
                "conversation_id": it[1],
            }
            site.refused(
                site.call(who, "POST", "/support/chat", body, by_key=by_key), "a message to another's"
            )
            read = site.call(who, "GET", f"/support/conversations/{it[1]}", by_key=by_key)
            site.refused(read, "another's conversation")

        @rule(it=turns, who=customers, by_key=st.booleans())
        def read_anothers_turn(self, it: tuple[int, str], who: int, by_key: bool) -> None:
            if who != it[0]:
                site.refused(
                    site.call(who, "GET", f"/support/turns/{it[1]}", by_key=by_key), "another's turn"
                )

        @rule(it=conversations)
        def read(self, it: tuple[int, str]) -> None:
            answer = site.call(it[0], "GET", f"/support/conversations/{it[1]}")
            site.tally.expect(answer.is_success, f"one's own conversation: {answer.status_code}")

        @rule(it=actions, who=customers, verb=st.sampled_from(["approve", "decline", "settle"]))
        def approve(self, it: tuple[int, dict[str, Any]], who: int, verb: str) -> None:
            """No customer is staff."""
            body = {"staff_id": "kim", "reason": "r", "outcome": "executed"}
            answer = site.call(who, "POST", f"/support/approvals/{it[1]['id']}/{verb}", body)
            site.tally.expect(
                answer.status_code in {401, 403, 404}, f"{verb} by a customer: {answer.status_code}"
            )

    return Strangers


def order(customer: int, n: int) -> str:
    """The nth order of a customer of ``populated``."""
    return str(10_000 + customer * 10 + n)


def body_of(verb: str, token_: str) -> dict[str, Any]:
    """What the endpoint of a decision takes."""
    return {} if verb == "decline" else {"confirm_token": token_}


def parrot(messages: list[BaseMessage]) -> AIMessage:
    """Makes the calls it is told to, and says what came of them word for word."""
    last = messages[-1]
    return AIMessage(last.text) if isinstance(last, ToolMessage) else obey(messages)


@asynccontextmanager
async def opened(chosen: int, shown: Shown) -> AsyncGenerator[Portion]:
    """One application for all portions; each portion is a run of the state machine with a seed of its own."""
    shop, model = populated(), ScriptedModel(parrot)
    desk = make_desk(shop, limit="100000/day", approve_above="60 EUR", approve_twice_above="80 EUR")
    with tempfile.TemporaryDirectory() as folder, logged() as log:
        configured = make_settings(
            Path(folder), database_url=temporary_url(), environment="production", secret=SECRET
        )
        app = create_app(desk, configured, models=[("scripted", model)], jobs=False)
        async with app.router.lifespan_context(app), make_client(app) as door:

            async def portion(first: int, many: int) -> Tally:
                site = Site(asyncio.get_running_loop(), door, model, log)
                await asyncio.to_thread(_run, site, chosen + first, many)
                shown(f"S1: {first + many} calls on foreign ids")
                for effect, times in shop.effects.items():
                    site.tally.expect(times == 1, f"effect {effect} happened {times} times")
                return site.tally

            yield portion


def _run(site: Site, chosen: int, many: int) -> None:
    """Machines until there are as many calls on foreign ids."""
    while site.tally.counts["on foreign ids"] < many:
        kept = settings(
            max_examples=20,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(seed(chosen + site.tally.counts["calls"])(machine(site)), settings=kept)


EXPERIMENT = Experiment(
    "S1",
    "50 customers, 10,000 stateful calls on foreign ids: no foreign canary in a reply, a prompt or a log",
    "calls on foreign ids",
    10_000,
    500,
    opened,
)
