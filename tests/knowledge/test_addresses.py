"""Which addresses are public, in whatever spelling."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.errors import UrlNotAllowed
from frontdesk.knowledge.addresses import Allowed, check, is_public

PRIVATE = ["0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1"]
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
NOBODY = Allowed()


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """A private IPv4 address as inet_aton, a browser or a person's keyboard may spell it."""
    numbers = list(ipaddress.IPv4Address(draw(st.sampled_from(PRIVATE))).packed)
    first = draw(st.integers(0, 3))
    parts = [*numbers[:first], int.from_bytes(bytes(numbers[first:]))]
    spelt = [
        draw(st.sampled_from([f"{n}", f"{n:#x}", f"{n:#X}", f"0{n:o}", f"000{n:o}", f"{n:04d}"]))
        for n in parts
    ]
    host = draw(st.sampled_from([".", "。", "．"])).join(spelt) + draw(st.sampled_from(["", ".", ".."]))
    return host.translate(FULL_WIDTH) if draw(st.booleans()) else host


@given(spellings(), st.sampled_from(["", ":80", ":443", ":8000"]), st.sampled_from(["http", "https", "HTTP"]))
def test_no_spelling_of_a_private_address_passes(host: str, port: str, scheme: str) -> None:
    with pytest.raises(UrlNotAllowed):
        check(f"{scheme}://{host}{port}/", NOBODY)


EMBEDDED = {
    "mapped": 0xFFFF << 32,
    "translated": 0xFFFF << 48,
    "compatible": 0,
    "NAT64": 0x64FF9B << 96,
    "local NAT64": 0x64FF9B0001 << 80,
}


@given(st.sampled_from([*EMBEDDED.values()]), st.integers(0, 2**32 - 1))
def test_no_ipv6_address_that_carries_an_ipv4_one_passes(prefix: int, number: int) -> None:
    for spelt in (
        str(ipaddress.IPv6Address(prefix | number)),
        ipaddress.IPv6Address(prefix | number).exploded,
    ):
        with pytest.raises(UrlNotAllowed):
            check(f"http://[{spelt}]/", NOBODY)


@given(st.integers(0, 2**112 - 1))
def test_no_address_of_6to4_or_teredo_passes(number: int) -> None:
    for prefix in (0x2002 << 112, 0x20010000 << 96):
        assert not is_public(
            ipaddress.IPv6Address(prefix | (number if prefix >> 112 == 0x2002 else number >> 16))
        )


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *(("93.184.216.34", True), ("8.8.8.8", True), ("2606:2800:220:1::1", True), ("::1", False)),
        *(("100.64.0.1", False), ("224.0.0.1", False), ("2002:808:808::", False), ("2001::1", False)),
    ],
)
def test_public_addresses_are_those_of_the_internet(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url", ["https://example.com/a?b=c", "http://bücher.example.com:80/ü", "https://8.8.8.8/"]
)
def test_public_web_addresses_pass(url: str) -> None:
    assert check(url, NOBODY).scheme == url.split(":")[0]


@pytest.mark.parametrize("entry", ["http://wiki", "wiki/path", "a@wiki", "", "wiki:x", "wiki:99999"])
def test_allow_takes_hosts_only(entry: str) -> None:
    with pytest.raises(UrlNotAllowed, match="allow names hosts"):
        Allowed({entry})


@pytest.mark.parametrize(
    "text", ["", "http://", "http://x" + "x" * 5000, "http://a b.example/", "\x00", "http://[", "é"]
)
def test_what_is_no_address_is_a_sentence(text: str) -> None:
    with pytest.raises(UrlNotAllowed) as raised:
        check(text, NOBODY)
    assert raised.value.detail.endswith(".")


@given(st.text(max_size=60))
def test_no_text_is_more_than_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"https://{text}/"):
        try:
            assert check(url, NOBODY).port in {80, 443}
        except UrlNotAllowed:
            continue
