"""What may be fetched and what may not: real loopback servers that count every connection opened to them."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import tracemalloc
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from frontdesk.errors import UrlNotAllowed
from frontdesk.knowledge import addresses
from frontdesk.knowledge.fetch import Fetcher, PageNotFetched, PageTooLarge
from tests.knowledge.web import Site, page, redirect, serve

# {port} is where a server on 127.0.0.1 listens and counts.
REFUSED = (Path(__file__).parent / "refused_urls.txt").read_text("utf-8").splitlines()


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with serve() as site:
        yield site


@pytest.fixture
async def fetcher(site: Site) -> AsyncGenerator[Fetcher]:
    """May read from ``site``, which stands for a host that the developer's file names."""
    fetcher = Fetcher(allow={site.place}, seconds=5)
    yield fetcher
    await fetcher.aclose()


def test_the_list_of_refused_addresses_is_long() -> None:
    assert len(set(REFUSED)) >= 90


async def test_no_refused_address_opens_a_connection(site: Site) -> None:
    looked_up: list[str] = []

    async def lookup(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    fetcher = Fetcher(seconds=5, lookup=lookup)
    for url in [*REFUSED, "http://example.com/\r\nHost: x", "http://example.com/\x00", "", "x" * 5000]:
        with pytest.raises(UrlNotAllowed) as raised:
            await fetcher.fetch(url.replace("{port}", str(site.port)))
        assert (raised.value.status, raised.value.code) == (422, "url_not_allowed")
        said = raised.value.detail
        assert said.endswith(".")
        assert not any(part in said for part in ("127", "169", "example", "secret", "[::"))
    await fetcher.aclose()
    assert looked_up == []
    assert site.connections == 0


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:169.254.169.254]/"]
)
async def test_the_clouds_own_address_is_a_422(url: str) -> None:
    fetcher = Fetcher()
    with pytest.raises(UrlNotAllowed) as raised:
        await fetcher.fetch(url)
    assert (raised.value.status, raised.value.code) == (422, "url_not_allowed")


async def test_no_redirect_to_a_refused_address_opens_a_connection(site: Site, fetcher: Fetcher) -> None:
    async with serve() as inside:
        # Without a host of its own, "http://" leads, as in a browser, to a path of the same host.
        targets = [url for url in REFUSED if "://" in url and "///" not in url and url != "http://"]
        for number, target in enumerate(targets):
            there = target.replace("{port}", str(inside.port))
            site.pages[f"/{number}"] = redirect("".join(c if c < "\x7f" else quote(c) for c in there))
            with pytest.raises(UrlNotAllowed):
                await fetcher.fetch(site.url(f"/{number}"))
        assert inside.connections == 0


async def test_a_redirect_to_another_port_of_a_named_host_is_refused(site: Site, fetcher: Fetcher) -> None:
    async with serve() as inside:
        site.pages["/"] = redirect(inside.url())
        with pytest.raises(UrlNotAllowed):
            await fetcher.fetch(site.url())
        assert inside.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_by_hand(status: int, site: Site, fetcher: Fetcher) -> None:
    site.pages["/old"] = redirect("new?x=1#part", status)
    site.pages["/new?x=1"] = page("<p>here</p>")
    found = await fetcher.fetch(site.url("/old"))
    assert (found.data, found.url, found.media) == (b"<p>here</p>", site.url("/new?x=1"), "text/html")
    assert found.charset == "utf-8"


async def test_five_redirects_are_followed_and_six_are_not(site: Site, fetcher: Fetcher) -> None:
    for number in range(6):
        site.pages[f"/{number}"] = redirect(f"/{number + 1}")
    site.pages["/6"] = page("end")
    assert (await fetcher.fetch(site.url("/1"))).data == b"end"
    with pytest.raises(PageNotFetched, match="leads on more than 5 times"):
        await fetcher.fetch(site.url("/0"))


async def test_a_redirect_without_an_address_is_refused(site: Site, fetcher: Fetcher) -> None:
    site.pages["/"] = web.Response(status=302)
    with pytest.raises(PageNotFetched, match="leads nowhere"):
        await fetcher.fetch(site.url())


# 127.0.0.2 stands for a public address and 127.0.0.1 for a private one; both are real servers.
@pytest.fixture
async def public(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[tuple[Site, Site]]:
    real = addresses.is_public
    stands_for_public = ipaddress.ip_address("127.0.0.2")
    monkeypatch.setattr(addresses, "is_public", lambda a: a == stands_for_public or real(a))
    async with AsyncExitStack() as stack:
        for tries_left in range(4, -1, -1):
            outside = await stack.enter_async_context(serve("127.0.0.2"))
            try:  # a port that is free at one address may be taken at the other
                inside = await stack.enter_async_context(serve("127.0.0.1", outside.port))
            except OSError:
                if not tries_left:
                    raise
            else:
                break
        monkeypatch.setattr(addresses, "PORTS", frozenset({80, 443, outside.port}))
        yield outside, inside


class Names:
    """Answers each look-up with the next of ``answers``, and the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_what_was_checked_is_what_is_connected_to(public: tuple[Site, Site]) -> None:
    outside, inside = public
    names = Names(["127.0.0.2"], ["127.0.0.1"])
    fetcher = Fetcher(lookup=names, seconds=5)
    outside.pages["/"] = page("public", Connection="close")
    found = await fetcher.fetch(f"http://rebinding.example.com:{outside.port}/")
    assert (found.data, names.asked) == (b"public", 1)
    # The name now leads inside: the next connection is refused, and none is opened.
    with pytest.raises(UrlNotAllowed):
        await fetcher.fetch(f"http://rebinding.example.com:{outside.port}/")
    await fetcher.aclose()
    assert (outside.connections, inside.connections, names.asked) == (1, 0, 2)


async def test_a_name_that_rebinds_between_two_hops_is_refused(public: tuple[Site, Site]) -> None:
    outside, inside = public
    fetcher = Fetcher(lookup=Names(["127.0.0.2"], ["127.0.0.1"]), seconds=5)
    outside.pages["/"] = redirect(f"http://other.example.com:{outside.port}/")
    with pytest.raises(UrlNotAllowed):
        await fetcher.fetch(f"http://rebinding.example.com:{outside.port}/")
    await fetcher.aclose()
    assert (outside.connections, inside.connections) == (1, 0)


@pytest.mark.parametrize(
    "answer",
    [
        *(["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"], ["::ffff:127.0.0.1"], ["::1"]),
        *(["127.0.0.2", "fe80::1%lo"], ["64:ff9b::7f00:1"], ["10.0.0.1"], ["169.254.169.254"], ["nonsense"]),
    ],
)
async def test_one_private_address_among_a_names_addresses_refuses_it(
    answer: list[str], public: tuple[Site, Site]
) -> None:
    outside, inside = public
    fetcher = Fetcher(lookup=Names(answer), seconds=5)
    with pytest.raises(UrlNotAllowed):
        await fetcher.fetch(f"http://mixed.example.com:{outside.port}/")
    await fetcher.aclose()
    assert (outside.connections, inside.connections) == (0, 0)


async def test_a_page_of_the_web_cannot_send_us_to_a_host_the_developer_named(
    public: tuple[Site, Site],
) -> None:
    outside, inside = public
    outside.pages["/"] = redirect(f"http://wiki.internal:{inside.port}/admin")
    names = {"evil.example.com": ["127.0.0.2"], "wiki.internal": ["127.0.0.1"]}

    async def lookup(host: str, port: int) -> list[str]:
        return names[host]

    fetcher = Fetcher(allow={f"wiki.internal:{inside.port}"}, lookup=lookup, seconds=5)
    with pytest.raises(UrlNotAllowed):
        await fetcher.fetch(f"http://evil.example.com:{outside.port}/")
    assert inside.connections == 0
    inside.pages["/"] = page("wiki")
    assert (await fetcher.fetch(f"http://wiki.internal:{inside.port}/")).data == b"wiki"
    await fetcher.aclose()


async def test_headers_stay_with_the_host_they_were_given_for(public: tuple[Site, Site]) -> None:
    outside, _ = public
    fetcher = Fetcher(lookup=Names(["127.0.0.2"]), seconds=5)
    outside.pages["/"] = redirect("/same")
    outside.pages["/same"] = redirect(f"http://other.example.com:{outside.port}/other")
    outside.pages["/other"] = page("end", **{"Set-Cookie": "a=b"})
    for _ in range(2):
        await fetcher.fetch(
            f"http://first.example.com:{outside.port}/", headers={"Authorization": "Bearer secret"}
        )
    await fetcher.aclose()
    sent = [(r.path, r.headers.get("Authorization"), r.headers.get("Cookie")) for r in outside.seen]
    assert (
        sent == [("/", "Bearer secret", None), ("/same", "Bearer secret", None), ("/other", None, None)] * 2
    )


async def test_https_is_never_left_for_http() -> None:
    fetcher = Fetcher()
    with pytest.raises(UrlNotAllowed, match="from https to http"):
        fetcher._next(addresses.URL("https://example.com/"), "http://example.com/")


async def test_proxies_and_passwords_of_the_surroundings_are_left_alone(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with serve() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        site.pages["/"] = page("direct")
        assert (await fetcher.fetch(site.url())).data == b"direct"
        assert proxy.connections == 0
    assert "Authorization" not in site.seen[0].headers


async def test_a_named_host_is_read_but_not_the_clouds_own_address() -> None:
    fetcher = Fetcher(allow={"169.254.169.254", "[::ffff:127.0.0.1]", "0.0.0.0"})
    for url in ("http://169.254.169.254/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/"):
        with pytest.raises(UrlNotAllowed):
            await fetcher.fetch(url)
    fetcher = Fetcher(allow={"wiki.internal"}, lookup=Names(["169.254.169.254"]))
    with pytest.raises(UrlNotAllowed):
        await fetcher.fetch("http://wiki.internal/")
    await fetcher.aclose()


async def test_a_gzip_bomb_is_stopped_while_it_unpacks(site: Site, fetcher: Fetcher) -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    site.pages["/"] = page(bomb, **{"Content-Encoding": "gzip"})
    tracemalloc.start()
    with pytest.raises(PageTooLarge, match="larger than 10 MB") as raised:
        await fetcher.fetch(site.url())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert raised.value.status == 413
    assert peak < 60_000_000


async def test_gzip_is_unpacked(site: Site, fetcher: Fetcher) -> None:
    site.pages["/"] = page(gzip.compress(b"<p>small</p>"), **{"Content-Encoding": "gzip"})
    assert (await fetcher.fetch(site.url())).data == b"<p>small</p>"


async def test_an_endless_page_is_stopped(site: Site, fetcher: Fetcher) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        while True:
            await response.write(bytes(100_000))

    site.pages["/"] = endless
    with pytest.raises(PageTooLarge):
        await fetcher.fetch(site.url(), max_bytes=1_000_000)


async def test_a_page_that_trickles_is_given_up(site: Site) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.01)

    site.pages["/"] = trickle
    fetcher = Fetcher(allow={site.place}, seconds=0.3)
    with pytest.raises(PageNotFetched, match="did not come within") as raised:
        await fetcher.fetch(site.url())
    assert raised.value.temporary
    await fetcher.aclose()


async def test_a_type_that_is_no_page_is_refused_before_it_is_read(site: Site, fetcher: Fetcher) -> None:
    site.pages["/"] = page("PK", "application/zip")
    with pytest.raises(PageNotFetched, match="type is none of those"):
        await fetcher.fetch(site.url(), accept={"text/html"})


@pytest.mark.parametrize(
    ("status", "temporary", "gone"),
    [
        *((404, False, True), (410, False, True), (403, False, False)),
        *((429, True, False), (503, True, False)),
    ],
)
async def test_other_answers_are_told_apart(
    status: int, temporary: bool, gone: bool, site: Site, fetcher: Fetcher
) -> None:
    site.pages["/"] = page("canary", status=status, **{"Retry-After": "7"})
    with pytest.raises(PageNotFetched) as raised:
        await fetcher.fetch(site.url())
    assert (raised.value.temporary, raised.value.gone, raised.value.answered) == (temporary, gone, status)
    assert raised.value.retry_after == 7
    assert "canary" not in raised.value.detail


async def test_a_host_that_does_not_answer_is_a_sentence(site: Site) -> None:
    async with serve() as closed:
        place, url = closed.place, closed.url()
    fetcher = Fetcher(allow={place}, seconds=5)
    with pytest.raises(PageNotFetched, match="could not be reached") as raised:
        await fetcher.fetch(url)
    assert raised.value.temporary
    assert "127" not in raised.value.detail
    await fetcher.aclose()


async def test_an_unknown_name_is_a_sentence() -> None:
    async def lookup(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    fetcher = Fetcher(lookup=lookup)
    with pytest.raises(PageNotFetched, match="host is not known"):
        await fetcher.fetch("http://unknown.example.com/")
    await fetcher.aclose()
