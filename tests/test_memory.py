from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from frontdesk import Frontdesk
from frontdesk.domain import PastTurn, Principal, Step, TurnInput
from frontdesk.memory import MOST_IDS, MOST_SAID, remember, to_messages

DESK = Frontdesk("Shop")


def turn(window: list[PastTurn]) -> TurnInput:
    return TurnInput(
        uuid4(), uuid4(), len(window) + 1, Principal("customer", "u1"), "now?", window, {"name": "Kim"}
    )


def past(seq: int, size: int = 100, steps: int = 1) -> PastTurn:
    step = Step("get", "", {"order_id": str(seq)}, "r" * size, ok=True, ms=1)
    return PastTurn(seq, "m" * size, "a" * size, (step,) * steps)


@given(st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 3)), max_size=12), st.integers(500, 20_000))
def test_the_window_is_bounded_and_never_cuts_a_tool_call_from_its_result(
    sizes: list[tuple[int, int]], most: int
) -> None:
    window = [past(seq, size, steps) for seq, (size, steps) in enumerate(sizes, 1)]
    messages = to_messages(DESK, turn(window), most)
    assert messages[-1].text == "now?"
    kept = sum(len(m.text) for m in messages[1:-1])
    assert kept <= most or len(messages) == 4  # the words of the last turn, whatever they take
    open_calls: set[str] = set()
    for message in messages[1:]:
        if isinstance(message, ToolMessage):
            open_calls.remove(message.tool_call_id)
        else:
            assert not open_calls
            open_calls = (
                {c["id"] or "" for c in message.tool_calls} if isinstance(message, AIMessage) else set()
            )
    assert isinstance(messages[1], HumanMessage)


def test_the_newest_turns_are_the_ones_kept() -> None:
    messages = to_messages(DESK, turn([past(1), past(2), past(3)]), 650)
    assert [
        m.tool_calls[0]["args"]["order_id"] for m in messages if isinstance(m, AIMessage) and m.tool_calls
    ] == [
        "2",
        "3",
    ]


def test_facts_hold_who_what_was_said_and_which_order_was_spoken_of() -> None:
    facts = remember({}, "Hi, my name is Kim de Vries. My dog is called Rex! Where is 789?", [])
    facts = remember(
        facts, "and 456?", [Step("get_order_status", "", {"order_id": "456"}, "{}", ok=True, ms=1)]
    )
    facts = remember(
        facts, "and 999?", [Step("get_order_status", "", {"order_id": "999"}, "{}", ok=False, ms=1)]
    )
    assert facts["name"] == "Kim"
    assert "My dog is called Rex!" in facts["said"]
    assert (facts["order_id"], facts["order_ids"]) == ("456", ["456"])
    assert facts["answered"] == ["get_order_status 456"]


@given(st.lists(st.text(max_size=400), max_size=60))
def test_facts_stay_small_however_long_a_conversation_gets(messages: list[str]) -> None:
    facts: dict[str, object] = {}
    for n, message in enumerate(messages):
        steps = [Step("get", "", {"order_id": str(n)}, "{}", ok=True, ms=1)]
        facts = remember(facts, f"I said {message}. My {n} is {message}", steps)
    assert len(facts.get("said", [])) <= MOST_SAID  # type: ignore[arg-type]
    assert len(facts.get("order_ids", [])) <= MOST_IDS  # type: ignore[arg-type]
    assert len(str(facts)) < 12_000


def test_what_is_no_name_is_not_taken_for_one() -> None:
    for message in (
        "Please call me back tomorrow",
        "call me Tomorrow",
        "this is URGENT",
        "This is Order 789",
    ):
        assert "name" not in remember({}, message, []), message
    facts = remember({}, "My name is Kim.", [])
    assert remember(facts, "Call me Later please. This is Anna's order", [])["name"] == "Kim"
    assert remember({}, "call me Kim", [])["name"] == "Kim"
