"""A model outside reads placeholders; code reads values."""

import re

import orjson
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from frontdesk.database import Database
from frontdesk.models import ModelChain
from frontdesk.models.scripted import ScriptedModel
from tests.desk import call
from tests.test_support import rows, say

SAID = "My name is Anna Kovač, a@mail.example, card 4111 1111 1111 1111. Tell me of order 789"


def text_of(messages: list[BaseMessage]) -> str:
    return " ".join(f"{m.content} {getattr(m, 'tool_calls', '')} {m.additional_kwargs}" for m in messages)


async def test_a_model_reads_placeholders_and_its_calls_and_reply_carry_values() -> None:
    seen: list[str] = []

    def answer(messages: list[BaseMessage]) -> AIMessage:
        seen.append(text_of(messages))
        if isinstance(messages[-1], ToolMessage):
            return AIMessage("I wrote to [email-1], [name-1], about order 789 for 24.95 EUR.")
        return call("write", to="[email-1]", body=["card [card-1]", 7])

    chain = ModelChain([("scripted", ScriptedModel(answer))], 10, redact=True)
    about = {"frontdesk": {"facts": {"name": "Anna Kovač"}}}
    messages: list[BaseMessage] = [SystemMessage("Be kind.", additional_kwargs=about), HumanMessage(SAID)]
    first = (await chain.complete(messages)).message
    assert first.tool_calls[0]["args"] == {"to": "a@mail.example", "body": ["card 4111 1111 1111 1111", 7]}
    result = ToolMessage('{"sent": "a@mail.example", "order": "789"}', tool_call_id="1", name="write")
    last = (await chain.complete([*messages, first, result])).message
    assert last.text == "I wrote to a@mail.example, Anna Kovač, about order 789 for 24.95 EUR."
    for secret in ("a@mail.example", "4111", "Kovač"):
        assert secret not in " ".join(seen)
    assert all("order 789" in each for each in seen)
    assert '"sent": "[email-1]", "order": "789"' in seen[1]


async def test_a_turn_is_recorded_with_values_and_passes_the_output_gate(database: Database) -> None:
    from tests.test_support import process

    def answer(messages: list[BaseMessage]) -> AIMessage:
        found = re.search(r"\[phone-\d+\]", str(messages[-1].content))
        return AIMessage(f"I noted {found[0] if found else 'nothing'}.")

    async with process(database, model=ScriptedModel(answer), redact=True) as support:
        response = await say(support, "Call me at +49 151 23456789")
    assert response["reply"] == "I noted +49 151 23456789."
    assert ("I noted +49 151 23456789.",) in rows(database, "SELECT body FROM messages WHERE n = 1")


def test_a_json_result_stays_json() -> None:
    from frontdesk.models.private import Private

    result = orjson.dumps(
        {"email": "a@mail.example", "phone": "+49 151 23456789", "total": "249.00 EUR"}
    ).decode()
    hidden = Private([ToolMessage(result, tool_call_id="1")]).messages[0]
    assert orjson.loads(str(hidden.content)) == {
        "email": "[email-1]",
        "phone": "[phone-1]",
        "total": "249.00 EUR",
    }


async def test_an_orders_number_like_a_placeholder_stays_what_it_is() -> None:
    def answer(messages: list[BaseMessage]) -> AIMessage:
        return call("get_order", order_id="CARD-1", note="[card-1] [card-2]")

    chain = ModelChain([("scripted", ScriptedModel(answer))], 10, redact=True)
    said = HumanMessage("my card is 4111 1111 1111 1111, where is parcel CARD-1, also called [card-1]?")
    (made,) = (await chain.complete([said])).message.tool_calls
    assert made["args"] == {"order_id": "CARD-1", "note": "[card-1] 4111 1111 1111 1111"}
