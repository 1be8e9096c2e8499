"""Sitemaps and lists of addresses, read from real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncGenerator

import pytest
from aiohttp import web

from frontdesk.errors import DeclarationError, SourceUnavailable, UrlNotAllowed
from frontdesk.knowledge.article import DOCX, HTML, MARKDOWN, PDF, TEXT, Raw, Source, Unreadable
from frontdesk.knowledge.sources import pages as module
from frontdesk.knowledge.sources import sitemap as sitemaps
from frontdesk.knowledge.sources import web as web_module
from frontdesk.knowledge.sources.web import Sitemap, Urls
from tests.knowledge.web import Site, page, redirect, serve

SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/image"'


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Site]:
    monkeypatch.setattr(module, "PAUSE", 0)
    async with serve() as site:
        yield site


def urlset(*entries: str) -> str:
    body = "".join(f"<url><loc>{entry}</loc></url>" if "<" not in entry else entry for entry in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {SPACE}>{body}</urlset>'


def index(*entries: str) -> str:
    body = "".join(f"<sitemap><loc>{entry}</loc></sitemap>" for entry in entries)
    return f"<sitemapindex {SPACE}>{body}</sitemapindex>"


def listing(site: Site, *paths: str) -> web.Response:
    return page(urlset(*(site.url(path) for path in paths)), "application/xml")


def of(site: Site, **options) -> Sitemap:
    return Sitemap(site.url("/sitemap.xml"), allow=[site.place], **options)


async def read(source: Sitemap | Urls) -> dict[str, Raw | Unreadable]:
    try:
        return {item.path: await source.read(item) for item in await source.items()}
    finally:
        await source.aclose()


def raw(found: Raw | Unreadable) -> Raw:
    assert isinstance(found, Raw), found
    return found


async def test_a_sitemaps_pages_are_read_with_their_dates(site: Site) -> None:
    entry = f"<url><loc>\n {site.url('/a')} </loc><lastmod>2026-02-03T10:00:00Z</lastmod></url>"
    photo = f"<url><loc>{site.url('/b')}</loc><image:image><image:loc>{site.url('/c')}</image:loc></image:image></url>"
    site.pages["/sitemap.xml"] = page(urlset(entry, photo), "application/xml")
    site.pages["/a"] = page("<h1>A</h1>")
    site.pages["/b"] = page("# B", "text/markdown")
    source: Source = of(site, name="help", visibility="customers", selector="main")
    assert source.url == ""
    found = await read(of(site, name="help", visibility="customers", selector="main"))
    assert list(found) == [site.url("/a"), site.url("/b")]
    a, b = map(raw, found.values())
    assert (a.path, a.url, a.media) == (site.url("/a"), site.url("/a"), HTML)
    assert a.given == {"updated": "2026-02-03", "visibility": "customers", "selector": "main"}
    assert (b.media, b.given) == (MARKDOWN, {"visibility": "customers", "selector": "main"})
    assert "Frontdesk" in site.seen[0].headers["User-Agent"]


@pytest.mark.parametrize(
    ("path", "media", "expected"),
    [
        *(
            ("/a.pdf", "application/pdf", PDF),
            ("/a", DOCX, DOCX),
            ("/a.pdf", "application/octet-stream", PDF),
        ),
        *(
            ("/a.md", "text/plain", MARKDOWN),
            ("/a", "text/plain", TEXT),
            ("/a.html", "application/xhtml+xml", HTML),
        ),
    ],
)
async def test_what_a_page_is_comes_from_its_type(path: str, media: str, expected: str, site: Site) -> None:
    site.pages[path] = page("x", media)
    (found,) = (await read(Urls([site.url(path)], allow=[site.place]))).values()
    assert raw(found).media == expected


async def test_a_page_in_another_encoding_comes_in_utf8(site: Site) -> None:
    site.pages["/a"] = page(
        '<meta charset="utf-8">caf\xe9'.encode("latin-1"), "text/html; charset=iso-8859-1"
    )
    (found,) = (await read(Urls(site.url("/a"), allow=[site.place]))).values()
    assert raw(found).data.decode("utf-8-sig") == '<meta charset="utf-8">café'


async def test_nested_and_packed_sitemaps_are_read_three_levels_deep(site: Site) -> None:
    site.pages["/sitemap.xml"] = page(
        index(site.url("/1.xml"), site.url("/2.xml.gz"), site.url("/sitemap.xml"))
    )
    site.pages["/1.xml"] = page(index(site.url("/11.xml")), "text/xml")
    site.pages["/11.xml"] = page(index(site.url("/111.xml")).replace("</sitemapindex>", "</sitemapindex>"))
    site.pages["/2.xml.gz"] = page(gzip.compress(urlset(site.url("/a")).encode()), "application/x-gzip")
    site.pages["/a"] = page("a")
    found = await read(of(site))
    assert raw(found[site.url("/a")]).data.endswith(b"a")
    assert found[site.url("/111.xml")] == Unreadable(
        site.url("/111.xml"), "is a sitemap more than 3 levels deep"
    )
    assert [r.path for r in site.seen].count("/sitemap.xml") == 1


async def test_foreign_and_relative_addresses_are_reported_and_never_opened(site: Site) -> None:
    async with serve() as other:
        foreign = f"http://localhost:{other.port}/x"
        entries = (site.url("/a"), foreign, "/relative", "ftp://x/y", "javascript:alert(1)")
        site.pages["/sitemap.xml"] = page(urlset(*entries), "application/xml")
        site.pages["/a"] = page("a")
        found = await read(Sitemap(site.url("/sitemap.xml"), allow=[site.place, f"localhost:{other.port}"]))
        assert found.pop(site.url("/a"))
        assert [str(getattr(f, "reason", "")) for f in found.values()] == [
            "is on another host",
            *["is not a whole web address"] * 3,
        ]
        assert other.connections == 0
        other.pages["/x"] = page("x")
        named = Sitemap(
            site.url("/sitemap.xml"), hosts=["localhost"], allow=[site.place, f"localhost:{other.port}"]
        )
        assert raw((await read(named))[foreign]).data.endswith(b"x")


async def test_thousands_of_foreign_addresses_are_reported_in_short(site: Site) -> None:
    foreign = [f"http://other.example.com/{number}" for number in range(5000)]
    site.pages["/sitemap.xml"] = page(urlset(site.url("/a"), *foreign), "application/xml")
    found = await read(of(site))
    assert len(found) == 22
    assert found[site.url("/sitemap.xml")] == Unreadable(
        site.url("/sitemap.xml"), "names 4980 more addresses that are not read"
    )


async def test_patterns_choose_pages_and_leave_out_sitemaps(site: Site) -> None:
    site.pages["/sitemap.xml"] = page(index(site.url("/pages.xml"), site.url("/blog.xml")))
    site.pages["/pages.xml"] = listing(site, "/en/a", "/en/old/b", "/de/a", "/en/a#part")
    found = await read(of(site, include=["/en/**"], exclude=["/en/old/", "/blog.xml"]))
    assert list(found) == [site.url("/en/a")]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<html><body>Sign in</body></html>", "is another kind of file"),
        ("not xml", "is not well-formed XML"),
        ("<urlset><url><loc>http://x/", "is not well-formed XML"),
        (urlset(), "lists no page to read"),
        (urlset("http://other.example.com/a"), "lists no page to read"),
        (b"\x1f\x8bnonsense", "cannot be unpacked"),
        (
            '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset>&b;</urlset>',
            "is not well-formed XML",
        ),
        (
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>&a;</loc></url></urlset>',
            "is not well-formed XML",
        ),
        (b'<?xml version="1.0" encoding="nonsense"?><urlset/>', "is not well-formed XML"),
    ],
)
async def test_what_is_no_sitemap_removes_nothing(body: str | bytes, sentence: str, site: Site) -> None:
    site.pages["/sitemap.xml"] = page(body, "application/xml")
    with pytest.raises(SourceUnavailable, match=sentence):
        await read(of(site))


async def test_a_sitemap_that_is_missing_or_broken_removes_nothing(site: Site) -> None:
    with pytest.raises(SourceUnavailable, match="answered 404"):
        await read(of(site))
    site.pages["/sitemap.xml"] = page(index(site.url("/a.xml"), site.url("/b.xml")))
    site.pages["/a.xml"] = listing(site, "/a")
    with pytest.raises(SourceUnavailable, match="answered 404"):
        await read(of(site))


async def test_a_packed_bomb_is_no_sitemap(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.pages["/sitemap.xml"] = page(gzip.compress(bytes(100_000_000)), "application/gzip")
    with pytest.raises(SourceUnavailable, match="larger than 50 MB"):
        await read(of(site))
    monkeypatch.setattr(sitemaps, "MAX_ELEMENTS", 50)
    site.pages["/sitemap.xml"] = page(urlset("<a/>" * 200))
    with pytest.raises(SourceUnavailable, match="too many elements"):
        await read(of(site))


async def test_more_pages_than_can_be_read_removes_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_module, "MAX_PAGES", 3)
    site.pages["/sitemap.xml"] = listing(site, "/a", "/b", "/c", "/d")
    with pytest.raises(SourceUnavailable, match="more than 3 pages"):
        await read(of(site))
    monkeypatch.setattr(web_module, "MAX_SITEMAPS", 2)
    site.pages["/sitemap.xml"] = page(index(*(site.url(f"/{n}.xml") for n in range(3))))
    site.pages["/0.xml"] = listing(site, "/a")
    with pytest.raises(SourceUnavailable, match="more than 2 sitemaps"):
        await read(of(site))


async def test_a_full_sitemap_is_listed(site: Site) -> None:
    site.pages["/sitemap.xml"] = listing(site, *(f"/page/{number}" for number in range(50_000)))
    source = of(site)
    assert len(await source.items()) == 50_000
    await source.aclose()


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/sitemap.xml", "http://[::ffff:127.0.0.1]/", "http://localhost/s.xml"]
)
async def test_a_private_sitemap_is_not_allowed_and_removes_nothing(address: str) -> None:
    with pytest.raises(UrlNotAllowed) as raised:
        await read(Sitemap(address))
    assert isinstance(raised.value, SourceUnavailable)
    assert (raised.value.status, raised.value.code) == (422, "url_not_allowed")


async def test_a_sitemap_or_a_page_that_leads_inside_opens_nothing(site: Site) -> None:
    async with serve() as inside:
        site.pages["/sitemap.xml"] = redirect(inside.url("/sitemap.xml"))
        with pytest.raises(UrlNotAllowed):
            await read(of(site))
        site.pages["/a"] = redirect(inside.url("/a"))
        (found,) = (await read(Urls([site.url("/a")], allow=[site.place]))).values()
        assert isinstance(found, Unreadable)
        assert not found.kept
        (found,) = (await read(Urls([inside.url("/a")]))).values()
        assert isinstance(found, Unreadable)
        assert inside.connections == 0


@pytest.mark.parametrize(
    ("status", "kept", "requests"),
    [
        *((404, False, 1), (410, False, 1), (401, False, 1), (403, False, 1), (451, False, 1)),
        *((500, True, 2), (502, True, 2), (503, True, 2), (429, True, 2)),
    ],
)
async def test_gone_is_told_apart_from_not_now(status: int, kept: bool, requests: int, site: Site) -> None:
    site.pages["/a"] = page("x", status=status)
    (found,) = (await read(Urls([site.url("/a")], allow=[site.place]))).values()
    assert isinstance(found, Unreadable)
    assert found.kept is kept
    assert len(site.seen) == requests


async def test_a_page_that_fails_once_is_read_the_second_time(site: Site) -> None:
    async def flaky(request: web.Request) -> web.StreamResponse:
        return page("x", status=503, **{"Retry-After": "0"}) if len(site.seen) == 1 else page("fine")

    site.pages["/a"] = flaky
    (found,) = (await read(Urls([site.url("/a")], allow=[site.place]))).values()
    assert raw(found).data.endswith(b"fine")


async def test_a_long_wait_is_left_for_the_next_sync(site: Site) -> None:
    site.pages["/a"] = page("x", status=503, **{"Retry-After": "11"})
    (found,) = (await read(Urls([site.url("/a")], allow=[site.place]))).values()
    assert isinstance(found, Unreadable)
    assert found.kept
    assert len(site.seen) == 1


async def test_a_host_that_stopped_answering_is_unavailable_and_not_emptied(site: Site) -> None:
    async with serve() as gone:
        urls = [gone.url(f"/{number}") for number in range(20)]
        allow = [gone.place]
    with pytest.raises(SourceUnavailable, match="does not answer"):
        await read(Urls(urls, allow=allow))


async def test_a_host_that_fails_at_every_page_is_asked_no_further(site: Site) -> None:
    site.pages = {f"/{number}": page("oops", status=500) for number in range(100)}
    with pytest.raises(SourceUnavailable, match="does not answer"):
        await read(Urls([site.url(path) for path in site.pages], allow=[site.place]))
    assert len(site.seen) == 40


async def test_a_host_that_opens_no_page_is_unavailable_and_not_emptied(site: Site) -> None:
    urls = [site.url(f"/{number}") for number in range(20)]
    site.pages.update({f"/{number}": page("no", status=403) for number in range(20)})
    with pytest.raises(SourceUnavailable, match="No page of urls can be read"):
        await read(Urls(urls, allow=[site.place]))
    site.pages["/0"] = page("yes")
    found = list((await read(Urls(urls, allow=[site.place]))).values())
    assert isinstance(found[0], Raw)
    assert all(isinstance(f, Unreadable) and not f.kept for f in found[1:])


async def test_a_page_that_asks_to_sign_in_is_not_quoted_any_more(site: Site) -> None:
    site.pages["/a"] = redirect("/hc/en-us/signin?return_to=/a")
    site.pages["/hc/en-us/signin?return_to=/a"] = page("Sign in")
    (found,) = (await read(Urls([site.url("/a")], allow=[site.place]))).values()
    assert found == Unreadable(site.url("/a"), "asks to sign in")


async def test_a_page_that_moved_to_a_listed_one_is_no_page_of_its_own(site: Site) -> None:
    site.pages |= {
        "/a": redirect("/b"),
        "/b": page("b"),
        "/c": redirect("/d"),
        "/d": page("d"),
        "/e": redirect("/d"),
    }
    urls = [site.url(path) for path in ("/a", "/b", "/c", "/e")]
    found = await read(Urls(urls, allow=[site.place]))
    assert found[urls[0]] == Unreadable(urls[0], "leads to a page that is read already")
    assert raw(found[urls[2]]).url == site.url("/d")
    assert found[urls[3]] == Unreadable(urls[3], "leads to a page that is read already")


async def test_no_more_than_four_pages_are_fetched_at_once(site: Site) -> None:
    busy, most = 0, 0

    async def slow(request: web.Request) -> web.StreamResponse:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.02)
        busy -= 1
        return page("x")

    site.pages = {f"/{number}": slow for number in range(16)}
    source = Urls([site.url(path) for path in site.pages], allow=[site.place])
    await asyncio.gather(*(source.read(item) for item in await source.items()))
    await source.aclose()
    assert most == 4


async def test_headers_go_to_the_sources_own_origin_only(site: Site) -> None:
    async with serve("127.0.0.2") as other:
        site.pages["/sitemap.xml"] = page(urlset(site.url("/a"), other.url("/b")), "application/xml")
        site.pages["/a"], other.pages["/b"] = page("a"), page("b")
        await read(
            Sitemap(
                site.url("/sitemap.xml"),
                hosts=["127.0.0.2"],
                allow=[site.place, other.place],
                headers={"Authorization": "Bearer secret"},
            )
        )
        assert [r.headers.get("Authorization") for r in site.seen] == ["Bearer secret"] * 2
        assert [r.headers.get("Authorization") for r in other.seen] == [None]


def test_what_is_declared_wrongly_is_a_sentence() -> None:
    secret = {"Authorization": "Bearer secret"}
    with pytest.raises(DeclarationError, match="over https only"):
        Urls(["http://example.com/"], headers=secret)
    with pytest.raises(DeclarationError, match="one host"):
        Urls(["https://a.example.com/", "https://b.example.com/"], headers=secret)
    with pytest.raises(DeclarationError, match="whole web address"):
        Sitemap("example.com/sitemap.xml")
    with pytest.raises(DeclarationError, match="whole web addresses"):
        Urls([])
    with pytest.raises(DeclarationError, match="allow names hosts"):
        Urls(["https://example.com/"], allow=["http://x"])
    assert "secret" not in repr(Urls(["https://example.com/"], headers=secret))


async def test_a_source_can_be_read_again_and_in_another_event_loop(site: Site) -> None:
    site.pages["/a"] = page("a")
    source = Urls([site.url("/a")], allow=[site.place])
    first = await read(source)
    second = await asyncio.to_thread(lambda: asyncio.run(read(source)))
    assert list(first) == list(second)
    assert raw(second[site.url("/a")])
