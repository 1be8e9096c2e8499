"""Mail of people's answers, by a real SMTP server on loopback."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from aiosmtpd.controller import Controller

from frontdesk.domain import Principal
from frontdesk.errors import DatabaseUnavailable, SettingsError
from frontdesk.people import Staff
from frontdesk.people.courier import Courier
from frontdesk.people.mail import Mailer, server_of
from frontdesk.store import customers
from frontdesk.telemetry import spans
from tests.helpdesks.test_courier import Memory
from tests.people.desk import Office
from tests.process import free_port


@dataclass
class Inbox:
    """What a mail server got. ``says`` answers each recipient; ``meanwhile`` runs when a mail has come."""

    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    says: str = "250 OK"
    meanwhile: Callable[[], None] = lambda: None

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.says

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(cast("EmailMessage", message_from_bytes(envelope.content, policy=policy.default)))
        self.meanwhile()
        return "250 OK"


@dataclass
class Post:
    """A conversation whose customer left an address, and the mailer."""

    desk: Office
    inbox: Inbox
    mailer: Mailer
    talk: UUID
    who: Principal
    mara: Staff

    async def reply(self, text: str = "It is on its way.") -> None:
        await self.desk.service.people.reply(self.mara, self.talk, text, client_id=str(uuid4()))

    async def later(self) -> int:
        """Time passes, and what is due is sent."""
        await self.desk.rows("UPDATE outbox SET next_at = now() WHERE done_at IS NULL")
        return await self.mailer.send_due()

    async def state(self) -> list[tuple[Any, ...]]:
        return await self.desk.rows(
            "SELECT how, done_at IS NOT NULL, attempts FROM outbox WHERE conversation_id = %s", self.talk
        )


@pytest.fixture
async def post(desk: Office) -> AsyncGenerator[Post]:
    inbox, port = Inbox(), free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    who = Principal("customer", f"c{uuid4()}")
    talk = await desk.talk(who)
    await customers.leave_address(desk.service.database, who, talk, "ann@example.com")
    yield Post(desk, inbox, _mailer(desk, port), talk, who, await desk.staff())
    controller.stop()
    await desk.rows("UPDATE outbox SET done_at = coalesce(done_at, now())")


def _mailer(desk: Office, port: int) -> Mailer:
    server = {"smtp_url": f"smtp://127.0.0.1:{port}", "mail_from": "OurShop <help@shop.example>"}
    settings = desk.service.settings.model_copy(update=server)
    return Mailer(desk.service.database, settings, "OurShop")


async def test_an_answer_is_mailed_once_a_minute_later_to_who_has_left(post: Post) -> None:
    await post.reply()
    assert await post.mailer.send_due() == 0  # the minute is not over
    assert await post.later() == 1
    assert await post.later() == 0
    [mail] = post.inbox.mails
    assert (mail["To"], mail["From"]) == ("ann@example.com", "OurShop <help@shop.example>")
    assert mail["Subject"] == f"OurShop answered you ({str(post.talk)[:8]})"
    assert "It is on its way." in mail.get_content()
    assert "hello" not in mail.get_content()  # an answer, not the transcript
    assert await post.state() == [("sent", True, 1)]


async def test_a_ticket_and_a_mail_have_traces_linked_to_the_turn_they_are_of(post: Post) -> None:
    database = post.desk.service.database
    turns = await post.desk.rows("SELECT id FROM turns WHERE conversation_id = %s", post.talk)
    await customers.call_person(database, post.who, post.talk)
    await post.desk.rows("INSERT INTO helpdesks (name, since) VALUES ('memory', now() - interval '1 minute')")
    await post.reply()
    ended: list[spans.Span] = []
    spans.switch(ended.append, lambda _identity, _parent: True)
    try:
        assert await post.later() == 1
        async with httpx.AsyncClient() as client:
            assert await Courier(database, None).one(Memory(), client)
    finally:
        spans.switch(None)
        await post.desk.rows("DELETE FROM deliveries WHERE helpdesk = 'memory'")
        await post.desk.rows("DELETE FROM helpdesks WHERE name = 'memory'")
    found = {span.name: [UUID(bytes=trace) for trace, _ in span.links] for span in ended if not span.parent}
    assert found == {"send_mail": [turns[-1][0]], "deliver_ticket": [turns[-1][0]]}


async def test_what_was_read_at_the_open_page_is_not_mailed(post: Post) -> None:
    await post.reply()
    await post.desk.rows(
        "UPDATE messages SET created_at = now() - interval '10 seconds' WHERE role = 'staff'"
    )
    await customers.looked_at(post.desk.service.database, post.who, post.talk, (0, 0))
    await post.later()
    assert (post.inbox.mails, await post.state()) == ([], [("seen", True, 1)])


async def test_the_transcript_holds_what_was_said_and_no_note(post: Post) -> None:
    await post.desk.service.people.note(post.mara, post.talk, "A difficult one.")
    await customers.mail_transcript(post.desk.service.database, post.who, post.talk, "ann@example.com")
    await customers.mail_transcript(post.desk.service.database, post.who, post.talk, "ann@example.com")
    assert await post.later() == 1
    text = post.inbox.mails[0].get_content()
    assert "You said: hello" in text
    assert "A difficult one." not in text


async def test_no_text_breaks_out_of_its_place_in_a_mail(post: Post) -> None:
    evil = "Hi\r\nBcc: x@evil.example\r\n.\r\nMAIL FROM:<x@evil.example>\r\n\r\n--\r\nFrom: boss"
    await post.reply(evil)
    await post.later()
    [mail] = post.inbox.mails
    assert mail["Bcc"] is None
    assert mail.get_all("From") == ["OurShop <help@shop.example>"]
    assert "MAIL FROM:<x@evil.example>" in mail.get_content()
    await post.reply()
    broken = "a@b.example\r\nBcc: x@evil.example"
    await post.desk.rows("UPDATE outbox SET address = %s WHERE done_at IS NULL", broken)
    await post.later()
    assert len(post.inbox.mails) == 1
    await post.reply()  # what cannot be sent does not stop what comes behind it
    await post.later()
    assert len(post.inbox.mails) == 2


async def test_what_the_server_refuses_for_good_is_given_up(post: Post) -> None:
    post.inbox.says = "550 no such mailbox"
    await post.reply()
    assert [await post.later(), await post.later()] == [1, 0]
    assert await post.state() == [("SMTPRecipientsRefused", True, 1)]


async def test_what_the_server_refuses_for_now_is_sent_later(post: Post) -> None:
    post.inbox.says = "450 mailbox busy"
    await post.reply()
    await post.later()
    post.inbox.says = "250 OK"
    await post.later()
    assert await post.state() == [("sent", True, 2)]


async def test_without_a_server_it_is_tried_again_and_stays_the_same_mail(post: Post) -> None:
    good, post.mailer = post.mailer, _mailer(post.desk, free_port())
    await post.reply()
    await post.later()
    assert await post.state() == [("ConnectionRefusedError", False, 1)]
    assert await post.mailer.send_due() == 0  # not at once
    post.mailer = good
    await post.later()
    assert len(post.inbox.mails) == 1


async def test_a_mail_sent_twice_because_nobody_could_note_it_is_known_by_its_id(post: Post) -> None:
    import psycopg

    def cut() -> None:
        """The database is gone between the mail and the note that it was sent."""
        post.inbox.meanwhile = lambda: None
        with psycopg.connect(post.desk.service.owner_url, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'frontdesk.outbox'::regclass"
                " AND pid <> pg_backend_pid()"
            )

    await post.reply()
    post.inbox.meanwhile = cut
    with pytest.raises(DatabaseUnavailable):
        await post.later()
    await post.later()
    first, second = post.inbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert await post.state() == [("sent", True, 1)]


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:x"])
def test_a_mail_server_that_cannot_be_read_stops_the_start(desk: Office, url: str) -> None:
    settings = desk.service.settings.model_copy(update={"smtp_url": url, "mail_from": "help@shop.example"})
    with pytest.raises(SettingsError, match="write smtp://"):
        server_of(settings)
