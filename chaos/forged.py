"""S4: credentials that nobody issued: the 60 hand-made ones of the tests, and changed copies of true ones of each kind."""

from __future__ import annotations

import base64
import random
import string
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from chaos.journal import Experiment, Portion, Shown, Tally
from frontdesk.models.scripted import ScriptedModel
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from tests.actions.shop import SECRET, Shop, make_desk, obey, wish
from tests.web.service import SERVICE_KEY, bearer, make_client, make_settings, token
from tests.web.test_tokens import MUTATIONS

URL_SAFE = string.ascii_letters + string.digits + "-_."
ODD = "\u0430\uff41\u200b\u00e9\u212a=+/ \t%\0~"  # look-alikes, blanks, other base64 alphabets
REFUSED = {
    httpx.codes.UNAUTHORIZED,
    httpx.codes.FORBIDDEN,
    httpx.codes.CONFLICT,
    httpx.codes.UNPROCESSABLE_ENTITY,
}

Change = Callable[[random.Random, str, str], str]


def _put(rng: random.Random, text: str, alphabet: str, cut: int) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + rng.choice(alphabet) + text[at + cut :]


def _claim(rng: random.Random, text: str, _: str) -> str:
    """Another header or payload before the same signature; of what is no JWT, a piece in base64."""
    parts = text.split(".")
    at = rng.randrange(max(1, len(parts) - 1))
    sub = rng.choice(['{"alg":"none"}', '{"sub":"u999"}', '{"alg":"HS256","kid":"k2"}', "{}"])
    parts[at] = base64.urlsafe_b64encode(sub.encode()).decode().rstrip("=")
    return ".".join(parts)


CHANGES: dict[str, Change] = {
    "one character": lambda rng, text, _: _put(rng, text, URL_SAFE, 1),
    "one more": lambda rng, text, _: _put(rng, text, URL_SAFE, 0),
    "one less": lambda rng, text, _: _put(rng, text, URL_SAFE, 2),
    "an odd one": lambda rng, text, _: _put(rng, text, ODD, 1),
    "an odd one more": lambda rng, text, _: _put(rng, text, ODD, 0),
    "cut": lambda rng, text, _: text[: rng.randint(0, len(text))],
    "cut in front": lambda rng, text, _: text[rng.randint(0, len(text)) :],
    "other case": lambda _, text, __: text.swapcase(),
    "spliced": lambda rng, text, other: text[: (at := rng.randint(0, len(text)))] + other[at:],
    "twice": lambda _, text, __: text + text,
    "backwards": lambda _, text, __: text[::-1],
    "other claims": _claim,
    "at random": lambda rng, text, _: "".join(rng.choice(URL_SAFE) for _ in text),
}


class Lock:
    """One kind of credential: two true ones, and a door that must open to none but them."""

    def __init__(self, kind: str, good: str, other: str, knock: Callable[[str], Any]) -> None:
        self.kind, self.good, self.other, self.knock = kind, good, other, knock

    def forged(self, rng: random.Random) -> str:
        """A changed copy, which is neither of the true ones."""
        while True:
            text = self.good
            for _ in range(rng.choice((1, 1, 1, 2, 3))):
                text = rng.choice(list(CHANGES.values()))(rng, text or self.good, self.other)
            # Blanks at the end of a header are nobody's: every server takes them off.
            if text.strip() and text.strip() not in (self.good, self.other):
                return text


@asynccontextmanager
async def opened(seed: int, shown: Shown) -> AsyncGenerator[Portion]:
    """The whole application: the JWT of a customer, a widget's session, a service key, and the token of a button."""
    desk = make_desk(Shop(), limit="1000/day")
    with tempfile.TemporaryDirectory() as folder:
        configured = make_settings(
            Path(folder), database_url=temporary_url(), environment="production", secret=SECRET
        )
        app = create_app(desk, configured, models=[("scripted", ScriptedModel(obey))], jobs=False)
        async with app.router.lifespan_context(app), make_client(app) as door:
            locks = [*await _credentials(door), await _button(door)]

            async def portion(first: int, many: int) -> Tally:
                tally, rng = Tally(), random.Random(seed + first)
                for name, text in MUTATIONS.items() if first == 0 else ():
                    # What was of the future when it was made may be of today by now.
                    if text.strip() != text or "future" in name:
                        continue
                    answer = await locks[0].knock(text)
                    tally.counts["mutations by hand"] += 1
                    tally.expect(answer.status_code in REFUSED, f"{name}: {answer.status_code}")
                for n in range(many):
                    lock = locks[n % len(locks)]
                    text = lock.forged(rng)
                    answer = await lock.knock(text)
                    tally.counts[lock.kind] += 1
                    tally.expect(answer.status_code in REFUSED, f"{lock.kind} {text!r}: {answer.status_code}")
                for lock in locks[:-1]:  # the button's works once
                    answer = await lock.knock(lock.good)
                    tally.expect(answer.is_success, f"the true {lock.kind}: {answer.status_code}")
                shown(f"S4: {first + many} tokens")
                return tally

            yield portion
            assert (await locks[-1].knock(locks[-1].good)).is_success, "the true button"


async def _credentials(door: httpx.AsyncClient) -> list[Lock]:
    async def read(text: str, **params: str) -> httpx.Response:
        # As bytes: httpx would not send what no client could write, and a server must still bear it.
        headers = [(b"authorization", b"Bearer " + text.encode(errors="surrogatepass"))]
        return await door.get("/support/conversations/" + conversation, headers=headers, params=params)

    async def session() -> str:
        return (await door.post("/support/sessions", headers=bearer(token(sub="u1")))).json()["token"]

    started = await door.post("/support/conversations", json={"user_id": "u1"}, headers=bearer(SERVICE_KEY))
    conversation = started.json()["conversation_id"]
    return [
        Lock("tokens of customers", token(sub="u1"), token(sub="u2"), read),
        Lock("sessions", await session(), await session(), read),
        Lock("service keys", SERVICE_KEY, "sk_shop2_" + "t" * 43, lambda text: read(text, user_id="u1")),
    ]


async def _button(door: httpx.AsyncClient) -> Lock:
    async def propose(order_id: str) -> dict[str, Any]:
        message = wish(("refund_order", {"order_id": order_id, "amount": "5 EUR"}))
        answer = await door.post(
            "/support/chat", json={"user_id": "u1", "message": message}, headers=bearer(SERVICE_KEY)
        )
        return answer.json()["actions"][0]

    async def press(text: str) -> httpx.Response:
        body = {"user_id": "u1", "confirm_token": text}
        return await door.post(
            f"/support/actions/{action['id']}/confirm", json=body, headers=bearer(SERVICE_KEY)
        )

    action, other = await propose("456"), await propose("789")
    return Lock("buttons", action["confirm_token"], other["confirm_token"], press)


EXPERIMENT = Experiment(
    "S4", "60 token mutations and 10,000 fuzzed tokens: none accepted", "fuzzed tokens", 10_000, 1000, opened
)
