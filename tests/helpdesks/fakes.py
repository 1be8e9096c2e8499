"""Loopback servers that speak the helpdesks' documented protocols, one for each."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any, ClassVar
from urllib.parse import unquote

from aiohttp import web

from frontdesk.helpdesks import Chatwoot, Freshdesk, Helpdesk, Intercom, Webhook, Zendesk
from tests.helpdesks.fake import SECRET, Fake, Refused, Signed, mac, need

__all__ = ["FAKES", "ChatwootFake", "Fake", "FreshdeskFake", "IntercomFake", "WebhookFake", "ZendeskFake"]


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class ZendeskFake(Fake):
    """Support API v2, with idempotency keys: the same key with another body is refused."""

    makes = ("/api/v2/tickets.json",)
    words: ClassVar[dict[str, Any]] = {
        "open": "open",
        "pending": "pending",
        "solved": "solved",
        "closed": "solved",
    }

    def __init__(self) -> None:
        super().__init__()
        self.once: dict[str, tuple[dict[str, Any], str]] = {}
        self.uploads: list[tuple[str, bytes]] = []

    def desk(self) -> Helpdesk:
        return Zendesk("shop", "bot@shop.example", token="t0", webhook_secret=SECRET, url=self.url)

    def allowed(self, headers: Mapping[str, str], body: bytes) -> bool:
        return headers.get("Authorization") == basic("bot@shop.example/token", "t0")

    def making(self, request: web.Request, body: dict[str, Any]) -> bool:
        return super().making(request, body) or "comment" in body.get("ticket", {})

    def answer(self, request: web.Request, body: dict[str, Any]) -> Any:
        if request.path == "/api/v2/uploads.json":
            self.uploads.append((request.query["filename"], body["raw"]))
            return {"upload": {"token": f"u{len(self.uploads) - 1}"}}
        if request.path.endswith("/comments.json"):
            assert (request.query["include"], request.query["sort_order"]) == ("users", "desc")
            ticket = self.tickets[request.path.split("/")[-2]]
            written = ticket["written"]
            asked = {"id": 1, "author_id": 7, "public": True, "body": "By the customer"}
            users = [{"id": n, "name": w["author"], "role": "agent"} for n, w in enumerate(written, start=50)]
            said = [
                {
                    "id": w["id"],
                    "author_id": n,
                    "public": not w["private"],
                    "body": w["text"],
                    "created_at": iso(w["at"]),
                }
                for n, w in enumerate(written, start=50)
            ]
            notes = [
                {"id": 2, "author_id": 50, "public": False, "body": text, "created_at": iso(time.time() + 1)}
                for text, _ in ticket["said"]
            ]
            return {
                "comments": [*reversed([*said, *notes]), asked][: int(request.query["per_page"])],
                "users": [*users, {"id": 7, "name": "c", "role": "end-user"}],
            }
        if request.method == "GET":
            wanted = request.query["external_id"]
            return {"tickets": [{"id": int(i)} for i, t in self.tickets.items() if t["key"] == wanted]}
        ticket = body["ticket"]
        if request.method == "PUT":
            identity = request.path.removeprefix("/api/v2/tickets/").removesuffix(".json")
            if comment := ticket.get("comment"):
                assert comment["public"] is False
                uploads = [self.uploads[int(token[1:])] for token in comment.get("uploads", [])]
                self.add(identity, comment["body"], uploads)
            else:
                self.set(identity, ticket["status"])
            return {"ticket": {}}
        need(ticket, subject=str, comment=dict, external_id=str)
        if ticket.get("priority") not in ("low", "normal", "high", "urgent"):
            raise Refused(422)
        key = request.headers["Idempotency-Key"]
        if key in self.once and self.once[key][0] != body:
            raise Refused(400)
        if key not in self.once:
            self.once[key] = (body, self.keep(ticket["external_id"]))
        return {"ticket": {"id": int(self.once[key][1])}}

    def reply(self, identity: str, text: str, author: str = "Ann Agent", *, private: bool = False) -> Signed:
        self.write(identity, text, author, private)
        return self.say(identity, self.tickets[identity]["status"])

    def say(self, identity: str, word: str, at: float | None = None) -> Signed:
        return self.sign(json.dumps({"id": identity, "status": word}).encode(), at)

    def sign(self, body: bytes, at: float | None = None) -> Signed:
        stamp = iso(at or time.time())
        signature = base64.b64encode(mac(SECRET.encode(), stamp.encode() + body)).decode()
        return {
            "x-zendesk-webhook-signature": signature,
            "x-zendesk-webhook-signature-timestamp": stamp,
        }, body


class FreshdeskFake(Fake):
    """API v2. A new ticket is not found by search until ``later``."""

    makes = ("/api/v2/tickets",)
    words: ClassVar[dict[str, Any]] = {"open": 2, "pending": 3, "solved": 4, "closed": 5}
    timed = False

    def __init__(self) -> None:
        super().__init__()
        self.indexed = 0

    def later(self) -> None:
        self.indexed = len(self.tickets)

    def desk(self) -> Helpdesk:
        return Freshdesk("shop", key="k0", webhook_secret=SECRET, url=self.url)

    def allowed(self, headers: Mapping[str, str], body: bytes) -> bool:
        return headers.get("Authorization") == basic("k0", "X")

    def answer(self, request: web.Request, body: dict[str, Any]) -> Any:
        if request.path.endswith("/notes"):
            assert (body["private"], body["incoming"]) in ((True, True), ("true", "true"))
            self.add(request.path.split("/")[-2], body["body"], body.get("files", []))
            return {"id": 1}
        if request.path.endswith("/conversations"):
            ticket = self.tickets[request.path.split("/")[-2]]
            notes = [
                {"id": 2, "body_text": unescape(text.replace("<br>", " ")), "private": True, "incoming": True}
                for text, _ in ticket["said"]
            ]
            said = [
                {
                    "id": w["id"],
                    "body_text": w["text"],
                    "private": w["private"],
                    "incoming": False,
                    "created_at": iso(w["at"]),
                }
                for w in ticket["written"]
            ]
            asked = {"id": 1, "body_text": "By the customer", "private": False, "incoming": True}
            said += notes
            size = int(request.query["per_page"])
            first = size * (int(request.query["page"]) - 1)
            return [asked, *said][first : first + size]
        if request.method == "GET":
            known = list(self.tickets.items())[: self.indexed]
            query = request.query["query"]
            if not (query.startswith("\"tag:'") and query.endswith("'\"")):
                raise Refused(400)
            found = [{"id": int(i)} for i, t in known if query == f"\"tag:'{t['tag']}'\""]
            return {"total": len(found), "results": found}
        if request.method == "PUT":
            self.set(request.path.rsplit("/", 1)[1], body["status"])
            return {}
        need(body, subject=str, description=str, priority=int, status=int, source=int, tags=list)
        if not (body.get("email") or body.get("unique_external_id")) or any(
            len(t) > 32 for t in body["tags"]
        ):
            raise Refused(400)
        return {"id": int(self.keep("", tag=body["tags"][0]))}

    def reply(self, identity: str, text: str, author: str = "Ann Agent", *, private: bool = False) -> Signed:
        self.write(identity, text, author, private)
        return self.say(identity, self.tickets[identity]["status"])

    def say(self, identity: str, word: str, at: float | None = None) -> Signed:
        named = {2: "Open", 3: "Pending", 4: "Resolved", 5: "Closed"}.get(word, word)  # type: ignore[call-overload]
        return self.sign(json.dumps({"id": identity, "status": named}).encode())

    def sign(self, body: bytes, at: float | None = None) -> Signed:
        return {"x-frontdesk-secret": SECRET}, body


class IntercomFake(Fake):
    """Tickets of 2.11, with search."""

    makes = ("/tickets",)
    words: ClassVar[dict[str, Any]] = {
        "open": "in_progress",
        "pending": "waiting_on_customer",
        "solved": "resolved",
        "closed": "resolved",
    }
    timed = False

    def desk(self) -> Helpdesk:
        return Intercom(token="t0", ticket_type="7", client_secret=SECRET, url=self.url)

    def allowed(self, headers: Mapping[str, str], body: bytes) -> bool:
        return headers.get("Authorization") == "Bearer t0" and headers.get("Intercom-Version") == "2.11"

    def answer(self, request: web.Request, body: dict[str, Any]) -> Any:
        if request.path == "/tickets/search":
            query = body["query"]
            assert (query["field"], query["operator"]) == ("title", "=")
            found = [{"id": i} for i, t in self.tickets.items() if t["title"] == query["value"]]
            return {"type": "ticket.list", "tickets": found, "total_count": len(found)}
        if request.path.endswith("/reply"):
            assert (body["message_type"], body["type"], body["intercom_user_id"]) == ("comment", "user", "c7")
            self.add(request.path.split("/")[-2], body["body"], [])
            return {"type": "ticket_part"}
        if request.method == "GET":
            ticket = self.tickets[request.path.rsplit("/", 1)[1]]
            parts = [
                {
                    "id": w["id"],
                    "part_type": "note" if w["private"] else "comment",
                    "created_at": w["at"],
                    "body": f"<p>{escape(w['text'])}</p>",
                    "author": {"type": "admin", "id": "5", "name": w["author"]},
                }
                for w in ticket["written"]
            ]
            parts += [
                {
                    "id": "3",
                    "part_type": "comment",
                    "body": f"<p>{escape(text)}</p>",
                    "author": {"type": "user", "id": "c7"},
                }
                for text, _ in ticket["said"]
            ]
            asked = {
                "id": "1",
                "part_type": "comment",
                "body": "<p>Hi</p>",
                "author": {"type": "user", "id": "7"},
            }
            moved = {
                "id": "2",
                "part_type": "ticket_state_updated_by_admin",
                "body": None,
                "author": {"type": "admin"},
            }
            contacts = {"type": "contact.list", "contacts": [{"type": "contact", "id": "c7"}]}
            return {
                "type": "ticket",
                "contacts": contacts,
                "ticket_parts": {"ticket_parts": [asked, moved, *parts]},
            }
        if request.method == "PUT":
            self.set(request.path.rsplit("/", 1)[1], body["state"])
            return {}
        need(body, ticket_type_id=str, contacts=list, ticket_attributes=dict)
        need(body["ticket_attributes"], _default_title_=str, _default_description_=str)
        if not {"id", "external_id", "email"} & set(body["contacts"][0]):
            raise Refused(400)
        return {"type": "ticket", "id": self.keep("", title=body["ticket_attributes"]["_default_title_"])}

    def reply(self, identity: str, text: str, author: str = "Ann Agent", *, private: bool = False) -> Signed:
        self.write(identity, text, author, private)
        item = {"type": "ticket", "id": identity, "ticket_state": self.tickets[identity]["status"]}
        topic = "ticket.note.created" if private else "ticket.admin.replied"
        return self.sign(json.dumps({"topic": topic, "data": {"item": item}}).encode())

    def say(self, identity: str, word: str, at: float | None = None) -> Signed:
        item = {"type": "ticket", "id": identity, "ticket_state": word}
        return self.sign(json.dumps({"topic": "ticket.state.updated", "data": {"item": item}}).encode())

    def sign(self, body: bytes, at: float | None = None) -> Signed:
        return {"x-hub-signature": "sha1=" + mac(SECRET.encode(), body, "sha1").hex()}, body


class ChatwootFake(Fake):
    """Contacts (an identifier once, an email once) and conversations of an API inbox."""

    root = "/api/v1/accounts/1/"
    makes = (root + "contacts", root + "conversations")
    words: ClassVar[dict[str, Any]] = {
        "open": "open",
        "pending": "pending",
        "solved": "resolved",
        "closed": "resolved",
    }

    def __init__(self) -> None:
        super().__init__()
        self.contacts: list[dict[str, Any]] = []

    def desk(self) -> Helpdesk:
        return Chatwoot(self.url, account=1, inbox=3, token="t0", webhook_secret=SECRET)

    def allowed(self, headers: Mapping[str, str], body: bytes) -> bool:
        return headers.get("api_access_token") == "t0"

    def answer(self, request: web.Request, body: dict[str, Any]) -> Any:
        path = unquote(request.path).removeprefix(self.root).split("/")
        match request.method, path:
            case "POST", ["contacts", "filter"]:  # case does not count, as there
                [wanted] = body["payload"]
                assert (wanted["attribute_key"], wanted["filter_operator"]) == ("identifier", "equal_to")
                value = wanted["values"][0].lower()
                return {"payload": [c for c in self.contacts if c["identifier"].lower() == value]}
            case "GET", ["contacts", number, "conversations"]:
                found = [(i, t) for i, t in self.tickets.items() if str(t["contact"]) == number]
                return {
                    "payload": [{"id": int(i), "custom_attributes": t["attributes"]} for i, t in found[-20:]]
                }
            case "POST", ["contacts"]:
                need(body, inbox_id=int, identifier=str)
                for name in ("identifier", "email"):
                    if body.get(name) and any(c.get(name) == body[name] for c in self.contacts):
                        raise Refused(422)
                self.contacts.append({**body, "id": len(self.contacts) + 1})
                return {"payload": {"contact": self.contacts[-1]}}
            case "POST", ["conversations"]:
                need(body, inbox_id=int, contact_id=int, source_id=str, message=dict)
                attributes = body["custom_attributes"]
                kept = self.keep(
                    attributes["frontdesk_key"], contact=body["contact_id"], attributes=attributes
                )
                return {"id": int(kept)}
            case "POST", ["conversations", identity, "messages"]:
                assert body["message_type"] == "incoming"
                self.add(identity, body["content"], body.get("files", []))
                return {"id": 1}
            case "GET", ["conversations", identity, "messages"]:
                said = [text for text, _ in self.tickets[identity]["said"]]
                return {"payload": [{"id": 1, "content": text, "message_type": 0} for text in said]}
            case "POST", ["conversations", identity, "toggle_status"]:
                self.set(identity, body["status"])
                return {"payload": {"success": True}}
            case _:
                raise Refused(404)

    def reply(self, identity: str, text: str, author: str = "Ann Agent", *, private: bool = False) -> Signed:
        once = self.write(identity, text, author, private)
        told = {
            "event": "message_created",
            "id": int(once),
            "content": text,
            "message_type": "outgoing",
            "private": private,
            "sender": {"id": 5, "name": author, "type": "user"},
            "conversation": {"id": int(identity)},
        }
        return self.sign(json.dumps(told).encode())

    def say(self, identity: str, word: str, at: float | None = None) -> Signed:
        told = {"event": "conversation_status_changed", "id": int(identity), "status": word}
        return self.sign(json.dumps(told).encode(), at)

    def sign(self, body: bytes, at: float | None = None) -> Signed:
        stamp = str(int(at or time.time()))
        signature = "sha256=" + mac(SECRET.encode(), stamp.encode() + b"." + body).hex()
        return {"x-chatwoot-timestamp": stamp, "x-chatwoot-signature": signature}, body


class WebhookFake(Fake):
    """A receiver after Standard Webhooks that acts once on each webhook-id."""

    makes = ("/tickets",)
    words: ClassVar[dict[str, Any]] = {
        "open": "open",
        "pending": "pending",
        "solved": "solved",
        "closed": "closed",
    }

    def __init__(self) -> None:
        super().__init__()
        self.once: dict[str, Any] = {}

    def desk(self) -> Helpdesk:
        return Webhook(self.url + "/tickets", secret=f"whsec_{base64.b64encode(SECRET.encode()).decode()}")

    def allowed(self, headers: Mapping[str, str], body: bytes) -> bool:
        identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
        expected = self._signature(identity, stamp, body)
        return (
            "." not in identity
            and abs(time.time() - int(stamp)) < 300
            and headers.get("webhook-signature") == expected
        )

    def answer(self, request: web.Request, body: dict[str, Any]) -> Any:
        identity, data = request.headers["webhook-id"], body["data"]
        if identity in self.once:
            return self.once[identity]
        answer = {}
        if body["type"] == "ticket.created":
            need(data, key=str, reference=str, subject=str, priority=str, customer=str)
            answer = {"id": self.keep(data["key"]), "url": "https://shop.example/t"}
        elif body["type"] == "ticket.message":
            need(data["message"], key=str, text=str, at=str)
            files = [(file["name"], file["path"].encode()) for file in data["message"]["files"]]
            self.add(data["id"], data["message"]["text"], files)
        elif data["id"] in self.tickets:
            self.set(data["id"], data["status"])
        self.once[identity] = answer
        return answer

    def reply(self, identity: str, text: str, author: str = "Ann Agent", *, private: bool = False) -> Signed:
        once = self.write(identity, text, author, private)
        reply = {} if private else {"reply": {"id": once, "text": text, "author": author}}
        return self.sign(json.dumps({"data": {"id": identity, **reply}}).encode())

    def say(self, identity: str, word: str, at: float | None = None) -> Signed:
        return self.sign(json.dumps({"data": {"id": identity, "status": word}}).encode(), at)

    def sign(self, body: bytes, at: float | None = None) -> Signed:
        stamp = str(int(at or time.time()))
        signature = "v1,b2xk " + self._signature(
            "m1", stamp, body
        )  # a key that was rotated out signs as well
        return {"webhook-id": "m1", "webhook-timestamp": stamp, "webhook-signature": signature}, body

    def _signature(self, identity: str, stamp: str, body: bytes) -> str:
        return "v1," + base64.b64encode(mac(SECRET.encode(), f"{identity}.{stamp}.".encode() + body)).decode()


FAKES = (ZendeskFake, FreshdeskFake, IntercomFake, ChatwootFake, WebhookFake)
