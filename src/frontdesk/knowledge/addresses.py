"""Which addresses of the web may be opened: the rules alone, without a connection.

A URL is read once, by yarl, and what yarl read is both what is checked here and what aiohttp connects to; so no
second reading of the same text can come to another host.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from yarl import URL

from frontdesk.errors import UrlNotAllowed

Address = IPv4Address | IPv6Address
PORTS = frozenset({80, 443})
LONGEST_URL = 2048

# Not public whatever ``is_global`` says: it differs between versions of Python, and knows nothing of 6to4's
# relays, of multicast, and of the address at which a cloud's machines reach the cloud itself (168.63.129.16).
_PRIVATE_4 = [
    IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
    )
]
# The only IPv6 addresses given out to anybody. IPv4-mapped ones, NAT64 (64:ff9b::/96), local and link-local
# ones and multicast all lie outside; those that carry an IPv4 address inside (Teredo, 6to4) are named.
_PUBLIC_6 = IPv6Network("2000::/3")
_PRIVATE_6 = [IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]

_NAME = re.compile(r"\A(?=.{4,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}\Z")
_LOCAL_NAMES = re.compile(
    r"(?:\A|\.)(?:localhost|localdomain|local|internal|intranet|lan|home\.arpa|onion)\Z"
)
# What a browser, inet_aton or a shell would read as IPv4: the last part is a number, in any base.
_NUMERIC = re.compile(r"(?:\A|\.)(?:[0-9]+|0x[0-9a-f]*)\.?\Z")


def is_public(address: Address) -> bool:
    """Whether ``address`` is one that anybody on the internet could reach, and no other one in disguise."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _PRIVATE_4)
    known = address in _PUBLIC_6 and not any(address in network for network in _PRIVATE_6)
    return known and address.is_global and address.scope_id is None


def is_never_opened(address: Address) -> bool:
    """Whether ``address`` stays shut even for a host that ``allow`` names: the cloud's own, and no single host."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return True
    odd = address.is_multicast or address.is_unspecified or (address.is_reserved and not address.is_loopback)
    return odd or address.is_link_local


class Allowed:
    """Hosts that the developer's own file lets through: ``wiki.internal``, ``127.0.0.1:8099``, ``[::1]:8099``.

    Without a port, ports 80 and 443 are meant. Raises UrlNotAllowed for an entry that is no host.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self._places: set[tuple[str, int]] = set()
        for host in hosts:
            try:
                url = URL(f"http://{host.strip().lower()}/")
                port = url.explicit_port
            except ValueError:
                raise UrlNotAllowed(_NO_HOST) from None
            if not url.raw_host or url.path != "/" or "@" in host:
                raise UrlNotAllowed(_NO_HOST)
            self._places |= {(url.raw_host, p) for p in ([port] if port else PORTS)}

    def holds(self, host: str | None, port: int | None) -> bool:
        """Whether ``host`` at ``port`` is named."""
        return (host, port) in self._places


_NO_HOST = "allow names hosts, each as name or name:port"


def check(text: str, allowed: Allowed) -> URL:
    """``text`` as the URL that may be opened, as far as can be told before its name is looked up.

    Raises UrlNotAllowed. A literal address is judged here; a name's addresses by ``check_address``.
    """
    if len(text) > LONGEST_URL or any(c <= " " or c == "\\" or c == "\x7f" for c in text):
        raise UrlNotAllowed("This is not a web address.")
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except ValueError:
        raise UrlNotAllowed("This is not a web address.") from None
    if url.scheme not in {"http", "https"} or not host:
        raise UrlNotAllowed("Only http and https addresses may be fetched.")
    authority = re.split(r"[/?#]", text.split("://", 1)[-1], maxsplit=1)[0]
    if url.raw_user is not None or url.raw_password is not None or "@" in authority:
        raise UrlNotAllowed("An address with a user name or a password in it may not be fetched.")
    if not allowed.holds(host, port):
        _check_place(host, port)
    elif ":" in host or _NUMERIC.search(host):
        check_address(host, allowed=True)
    return url.with_fragment(None)


def check_address(text: str, *, allowed: bool) -> None:
    """Judge one address that a name was looked up to. Raises UrlNotAllowed."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise UrlNotAllowed from None
    if is_never_opened(address) or not (allowed or is_public(address)):
        raise UrlNotAllowed


def _check_place(host: str, port: int | None) -> None:
    if port not in PORTS:
        raise UrlNotAllowed(
            "Only ports 80 and 443 may be fetched from; the developer's file can name others."
        )
    if ":" in host:
        check_address(host, allowed=False)
    elif _NUMERIC.search(host):
        # Only the four-part decimal form is one: 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to some.
        check_address(host, allowed=False)
    elif not _NAME.match(host) or _LOCAL_NAMES.search(host):
        raise UrlNotAllowed
