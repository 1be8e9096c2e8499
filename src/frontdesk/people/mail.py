"""Mail to customers who have left: a person's answer, or the transcript they asked for."""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, localtime, parseaddr
from urllib.parse import unquote, urlsplit

import structlog

from frontdesk.database import Database
from frontdesk.errors import SettingsError
from frontdesk.people.again import ended, looking
from frontdesk.settings import LOOPBACK, Settings
from frontdesk.store.outbox import Due, due_mail
from frontdesk.telemetry import spans

__all__ = ["MailServer", "Mailer", "connected", "mail_server", "message_of", "server_of"]

log = structlog.get_logger("frontdesk.mail")
MOST_ATTEMPTS = 8  # over about an hour
LOOK_SECONDS = 5.0
SMTP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. ``scheme``: smtp, or smtps for TLS from the first byte."""

    scheme: str
    host: str
    port: int
    user: str
    password: str


def mail_server(url: str) -> MailServer:
    """The server that FRONTDESK_SMTP_URL names. Raises SettingsError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingsError(
            "FRONTDESK_SMTP_URL: write smtp://user:password@mail.example:587, or smtps:// for TLS"
        )
    default = 465 if parts.scheme == "smtps" else 587
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.scheme, parts.hostname, port or default, user, password)


@contextmanager
def connected(server: MailServer, seconds: float) -> Generator[smtplib.SMTP]:
    """A session that is let in; a password leaves this machine only under TLS. Raises OSError, SMTPException."""
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        made: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=context)
    else:
        made = smtplib.SMTP(server.host, server.port, timeout=seconds)
    with made:
        made.ehlo_or_helo_if_needed()
        far = bool(server.user) and server.host not in LOOPBACK
        if server.scheme == "smtp" and (made.has_extn("starttls") or far):
            made.starttls(context=context)  # raises where it is not offered
        if server.user:
            made.login(server.user, server.password)
        yield made


def server_of(settings: Settings) -> MailServer:
    """The server that settings name, with an address to send from. Raises SettingsError."""
    server = mail_server(settings.smtp_url)
    if not parseaddr(settings.mail_from)[1].count("@"):
        raise SettingsError(
            "FRONTDESK_MAIL_FROM: write the address that mail is sent from: support@shop.example"
        )
    return server


class Mailer:
    """Sends what is due. Use ``start`` and ``stop``; any number of processes may."""

    def __init__(self, database: Database, settings: Settings, desk: str) -> None:
        """Raises SettingsError where a server is set that cannot be read."""
        self._database = database
        self._desk = desk
        self._from = settings.mail_from
        self._server = server_of(settings) if settings.smtp_url else None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look for mail, where there is a server to send it by."""
        if self._server:
            self._task = asyncio.create_task(looking(self._one, LOOK_SECONDS, "mail"))

    async def stop(self) -> None:
        """End; a mail that is on its way is sent again, with the same Message-ID, if nobody knows whether it was."""
        await ended(self._task)

    async def send_due(self) -> int:
        """Send everything that is due; how many rows were worked at."""
        count = 0
        while await self._one():
            count += 1
        return count

    async def _one(self) -> bool:
        async with due_mail(self._database) as delivery:
            if delivery is None:
                return False
            due = delivery.due
            if due.seen or not due.lines:
                delivery.done, delivery.how = True, "seen"
                return True
            try:
                with spans.job("send_mail", due.turn):
                    await asyncio.to_thread(self._send, message_of(due, self._desk, self._from))
                delivery.done, delivery.how = True, "sent"
            except (OSError, smtplib.SMTPException, ValueError) as error:
                delivery.done = _for_good(error) or due.attempts + 1 >= MOST_ATTEMPTS
                delivery.how = type(error).__name__
                delivery.again_in = 30.0 * 2**due.attempts
                log.warning("mail not sent", mail=due.id, error=delivery.how, given_up=delivery.done)
            return True

    def _send(self, message: EmailMessage) -> None:
        assert self._server is not None  # noqa: S101  (without one nothing is looked for)
        with connected(self._server, SMTP_SECONDS) as session:
            session.send_message(message)


def _for_good(error: Exception) -> bool:
    """Whether it would fail again: a 5xx, or what no mail can be made of, which must not stop those behind it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= 500
    return isinstance(error, ValueError)


def message_of(due: Due, desk: str, sender: str) -> EmailMessage:
    """The mail: plain text, one Message-ID for each event, so that one sent twice can be told to be the same."""
    name, address = parseaddr(sender)
    message = EmailMessage()
    message["From"] = formataddr((name or " ".join(desk.split()), address))
    message["To"] = due.address
    message["Date"] = localtime()
    digest = hashlib.sha256(due.key.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    title = "answered you" if due.kind == "reply" else "sent you the conversation"
    message["Subject"] = f"{' '.join(desk.split())} {title} ({due.reference})"
    names = {"customer": "You", "assistant": f"{desk} (AI)"}
    text = "\n\n".join(
        f"{names.get(who, who)}, {at:%-d %B %Y, %H:%M} UTC:\n{body}" for who, body, at in due.lines
    )
    message.set_content(f"{text}\n\n--\n{desk}\n")
    return message
