"""One contract for all helpdesks, each behind a loopback server that speaks its protocol (``fakes``)."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontdesk.database import Database
from frontdesk.errors import InvalidToken, MalformedBody, NotFound
from frontdesk.helpdesks import (
    Chatwoot,
    File,
    Freshdesk,
    Intercom,
    MessageCopy,
    Reply,
    StatusChange,
    TicketCopy,
    Zendesk,
)
from frontdesk.people.courier import Courier
from frontdesk.store import deliveries
from frontdesk.testing import temporary_database
from tests.helpdesks.fakes import (
    FAKES,
    ChatwootFake,
    Fake,
    FreshdeskFake,
    IntercomFake,
    WebhookFake,
    ZendeskFake,
)
from tests.helpdesks.test_courier import _due_now, _talk, _ticket, _write

BACK = {"open": "open", "pending": "pending", "solved": "solved", "closed": "solved"}


@pytest.fixture(scope="module")
async def shared() -> AsyncGenerator[Database]:
    async with temporary_database() as database:
        yield database


@pytest.fixture(params=FAKES, ids=lambda fake: fake.__name__)
async def fake(request: pytest.FixtureRequest) -> AsyncGenerator[Fake]:
    async with request.param() as fake:
        yield fake


@pytest.fixture(scope="module")
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def copy(customer: str = "u1", email: str | None = None) -> TicketCopy:
    return TicketCopy(str(uuid4()), "T-7", "Refund <b>", "First line\nsecond", "normal", customer, email)


def said(n: int = 3, *files: File) -> MessageCopy:
    """A message of u1's. Its mark is not the beginning of another's."""
    text = f"Here it <b>is</b>,\nnumber {n}."
    return MessageCopy(f"k_m{n}", f"[T-7] message {n}:", text, datetime.now(UTC), "u1", files)


async def test_what_the_customer_writes_is_added_and_found_again(
    fake: Fake, client: httpx.AsyncClient
) -> None:
    desk, picture = fake.desk(), File("f1", "my tent.png", "image/png", b"\x89PNG\r\n")
    made = await desk.create(client, copy())
    assert not await desk.appended(client, made.id, said(1))
    for message in (
        said(11),
        said(2, picture, replace(picture, name="bill.pdf", media_type="application/pdf")),
    ):
        await desk.append(client, made.id, message)
        if not isinstance(fake, WebhookFake):  # it asks nothing: sending again is safe
            assert await desk.appended(client, made.id, message)
    assert not await desk.appended(client, made.id, said(1))
    (first, none), (second, files) = fake.tickets[made.id]["said"]
    assert "number 11." in first
    assert "number 2." in second
    assert none == []
    if isinstance(fake, IntercomFake):  # it takes none: their names must do
        assert second.endswith("File: my tent.png\nFile: bill.pdf")
    else:
        content = b"/support/attachments/f1?user_id=u1" if isinstance(fake, WebhookFake) else picture.content
        assert files == [("my tent.png", content), ("bill.pdf", content)]
    if isinstance(fake, (ZendeskFake, FreshdeskFake, IntercomFake)):
        assert await desk.replies(client, made.id) == ()  # it is no answer of theirs


@pytest.mark.parametrize("faults", [["lost"], ["500", "html"]], ids=lambda faults: "-".join(faults))
async def test_each_fault_ends_in_exactly_one_message(
    shared: Database, fake: Fake, client: httpx.AsyncClient, faults: list[str]
) -> None:
    await deliveries.declare(shared, fake.desk().name)
    conversation = await _talk(shared)
    await _bring(shared, fake, client, 2)
    await _write(shared, conversation, 2, "One more thing")
    fake.faults = list(faults)
    await _bring(shared, fake, client, 2 * len(faults) + 4)
    assert fake.faults == []
    [ticket] = fake.tickets.values()
    assert len(ticket["said"]) == 1
    assert "One more thing" in ticket["said"][0][0]
    assert await deliveries.deliveries(shared) == []


@pytest.mark.parametrize("email", [None, "ann@shop.example"])
async def test_a_ticket_is_made_found_and_changed(
    fake: Fake, client: httpx.AsyncClient, email: str | None
) -> None:
    desk, ticket = fake.desk(), copy(email=email)
    assert await desk.find(client, ticket) is None
    made = await desk.create(client, ticket)
    assert list(fake.tickets) == [made.id]
    fake.later()
    if not isinstance(fake, WebhookFake):  # it has no search: sending again is safe
        found = await desk.find(client, ticket)
        assert found == made
    assert await desk.find(client, copy("somebody")) is None
    for status in ("pending", "open", "solved", "closed", "closed"):
        await desk.update(client, made.id, status)
        assert fake.tickets[made.id]["status"] == fake.words[status]


async def test_what_the_helpdesk_says_is_understood(fake: Fake) -> None:
    desk = fake.desk()
    for status, word in fake.words.items():
        told = desk.changed(*fake.say("101", word))
        assert told == StatusChange(
            "101", status if fake.words["closed"] == word != fake.words["solved"] else BACK[status]
        )


async def test_a_state_of_the_shops_own_still_brings_replies(fake: Fake) -> None:
    asked = isinstance(
        fake, (ZendeskFake, FreshdeskFake, IntercomFake)
    )  # the others' messages have their reply
    for word in ("on_the_moon", "Waiting on Customer", "6", "Offen"):
        assert fake.desk().changed(*fake.say("101", word)) == (StatusChange("101", None) if asked else None)


async def test_zendesks_on_hold_is_pending() -> None:
    fake = ZendeskFake()
    assert fake.desk().changed(*fake.say("101", "On-hold")) == StatusChange("101", "pending")


async def test_what_is_written_to_the_customer_there_is_understood(
    fake: Fake, client: httpx.AsyncClient
) -> None:
    desk, ticket = fake.desk(), copy()
    made = await desk.create(client, ticket)
    seen: dict[str, Reply] = {}
    said = [
        fake.reply(made.id, "Hello <b>,\nit is on its way & paid."),
        fake.reply(made.id, "He is angry.", private=True),
        fake.reply(made.id, "Anything else?", "Ben Agent"),
    ]
    for headers, body in said:
        change = desk.changed(headers, body)
        if change is None:
            continue
        assert change.id == made.id
        for reply in change.replies or await desk.replies(client, made.id):
            assert seen.setdefault(reply.id, reply) == reply
            assert (reply.at is None) == isinstance(
                fake, (ChatwootFake, WebhookFake)
            )  # theirs are always new
    found = [(" ".join(reply.text.split()), reply.author) for reply in seen.values()]
    names = ("", "") if fake.desk().name == "freshdesk" else ("Ann Agent", "Ben Agent")
    assert found == [("Hello <b>, it is on its way & paid.", names[0]), ("Anything else?", names[1])]


async def test_a_signature_that_is_wrong_missing_or_old_is_refused(fake: Fake) -> None:
    desk = fake.desk()
    headers, body = fake.say("101", fake.words["solved"])
    assert desk.changed(headers, body)
    refused = [{}, *({**headers, name: "v1,x sha1=é"} for name in headers)]
    refused += [{k: v for k, v in headers.items() if k != name} for name in headers]
    for each in refused:
        with pytest.raises(InvalidToken):
            desk.changed(each, body)
    if "x-frontdesk-secret" not in headers:  # Freshdesk signs nothing
        with pytest.raises(InvalidToken):
            desk.changed(headers, body.replace(b"101", b"102"))
    if fake.timed:
        for seconds in (-400, 400):
            with pytest.raises(InvalidToken):
                desk.changed(*fake.say("101", fake.words["solved"], time.time() + seconds))


async def test_without_a_secret_there_is_no_webhook() -> None:
    for desk in (
        Zendesk("shop", "a@shop.example", token="t"),
        Freshdesk("shop", key="k"),
        Intercom(token="t", ticket_type="1"),
        Chatwoot("https://chat.shop.example", account=1, inbox=1, token="t"),
    ):
        with pytest.raises(NotFound):
            desk.changed({}, b"{}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "status",
                    "data",
                    "item",
                    "event",
                    "topic",
                    "ticket_state",
                    "reply",
                    "text",
                    "sender",
                    "content",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def _bytes(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("kind", FAKES)
@settings(
    max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.binary(max_size=50) | JSON.map(_bytes) | st.just(b"[" * 5000),
    stamp=st.text(max_size=30) | st.datetimes().map(str) | st.floats().map(str),
)
def test_no_body_and_no_stamp_raises_anything_else(kind: type[Fake], body: bytes, stamp: str) -> None:
    fake = kind()
    fake.url = "http://127.0.0.1:1"
    desk = fake.desk()
    headers, _ = fake.sign(body)
    try:
        told = desk.changed(headers, body)
        assert told is None or isinstance(told.id, str)
    except (InvalidToken, MalformedBody):
        pass
    stamped = {name: stamp if name.endswith("timestamp") else value for name, value in headers.items()}
    if stamped != headers:
        with pytest.raises(InvalidToken):
            desk.changed(stamped, body)


async def _bring(database: Database, fake: Fake, client: httpx.AsyncClient, rounds: int = 8) -> None:
    """Try until it is there: at once after each failure first, then with time passing."""
    courier, desk = Courier(database, None), fake.desk()
    for n in range(rounds):
        await _due_now(database, called="called_at" if n % 2 else "called_at - interval '1 hour'")
        if not n % 2:
            fake.later()
        await courier.one(desk, client)


@pytest.mark.parametrize(
    "faults",
    [["429"], ["500"], ["lost"], ["html"], ["500", "429", "lost"]],
    ids=lambda faults: "-".join(faults),
)
async def test_each_fault_ends_in_exactly_one_ticket(
    shared: Database, fake: Fake, client: httpx.AsyncClient, faults: list[str]
) -> None:
    await deliveries.declare(shared, fake.desk().name)
    fake.faults = list(faults)
    await _ticket(shared)
    await _bring(shared, fake, client, 2 * len(faults) + 4)
    assert fake.faults == []
    assert len(fake.tickets) == 1
    assert await deliveries.deliveries(shared) == []
    async with shared.transaction(staff="test") as connection:
        row = await (
            await connection.execute("SELECT external_id, helpdesk FROM tickets ORDER BY number DESC LIMIT 1")
        ).fetchone()
    assert row is not None
    assert row[1] == fake.desk().name
    if not isinstance(fake, WebhookFake):  # an answer that is not JSON has no id: then it is the ticket's own
        assert row[0] in fake.tickets


async def test_retry_after_is_waited_for(shared: Database, client: httpx.AsyncClient) -> None:
    async with WebhookFake() as fake:
        await deliveries.declare(shared, "webhook")
        await _ticket(shared)
        fake.faults = ["429"]
        await Courier(shared, None).one(fake.desk(), client)
        async with shared.transaction(staff="test") as connection:
            row = await (
                await connection.execute(
                    "SELECT next_at - now() > interval '60 seconds', how FROM deliveries WHERE made_at IS NULL"
                )
            ).fetchone()
        assert row == (True, "HTTP 429")
        await _bring(shared, fake, client, 2)


async def test_a_contact_whose_name_is_part_of_many_is_still_that_one(client: httpx.AsyncClient) -> None:
    async with ChatwootFake() as fake:
        fake.contacts = [{"id": n, "identifier": n % 2 * "x" + "U1"} for n in range(40)]
        fake.contacts.append({"id": 99, "identifier": "u1"})
        made = await fake.desk().create(client, copy("u1"))
        assert fake.tickets[made.id]["contact"] == 99


async def test_a_conversation_whose_answer_was_lost_is_found(
    shared: Database, client: httpx.AsyncClient
) -> None:
    async with ChatwootFake() as fake:
        await deliveries.declare(shared, "chatwoot")
        await _ticket(shared)
        fake.faults = ["", "lost"]  # the contact, the conversation
        await _bring(shared, fake, client, 4)
        assert (len(fake.contacts), len(fake.tickets), fake.faults) == (1, 1, [])


@pytest.mark.parametrize("answer", ["[]", "{}", "1", '"x"', '{"ticket": [], "payload": {"contact": 1}}'])
async def test_json_that_is_not_what_it_should_be_is_tried_again(
    shared: Database, monkeypatch: pytest.MonkeyPatch, client: httpx.AsyncClient, answer: str
) -> None:
    async with ChatwootFake() as fake:
        await deliveries.declare(shared, "chatwoot")
        await _ticket(shared)
        with monkeypatch.context() as changed:
            changed.setattr(fake, "answer", lambda *_: json.loads(answer))
            await _bring(shared, fake, client, 1)
            assert [dead for _, _, _, _, dead in await deliveries.deliveries(shared)] == [False]
        await _bring(shared, fake, client, 3)
        assert len(fake.tickets) == 1


async def test_a_contact_with_the_same_mail_address_is_in_nobodys_way(client: httpx.AsyncClient) -> None:
    async with ChatwootFake() as fake:
        fake.contacts = [{"id": 99, "identifier": "", "email": "ann@shop.example"}]
        made = await fake.desk().create(client, copy("u1", "ann@shop.example"))
        assert fake.tickets[made.id]["contact"] != 99  # an address proves nobody
        assert fake.tickets[made.id]["attributes"]["email"] == "ann@shop.example"
