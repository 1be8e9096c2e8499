"""Links that a reply may carry: to the company's own sites, and to what a tool gave out.

The text of an article is material: an address that stands in it is no reason to send a customer there. A site is
known by the address of an article, by a tool's result, by the desk's own words. A link to another one is left as
the name of its host, which leads nowhere by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\(((?:https://|mailto:)[^()\s]{1,2000})(?:[ \t][^()\n]{0,200})?\)")
MAIL = re.compile(r"(\]\()?\bmailto:(?=[^\s@]{1,64}@([\w.-]+))", re.IGNORECASE)
URL = re.compile(r"https://[^\s)>\]\"'\\]+", re.IGNORECASE)
BARE = re.compile(
    r"(?<![@\w./:-])(?:[a-z0-9-]+\.)+[a-z]{2,24}(?::\d+)?(?:/[^\s)>\]\"'\\]*)?(?![\w@])", re.IGNORECASE
)
ADDRESS = re.compile(r"(?:https?://|mailto:[^\s@]{1,64}@|www\.)([\w.-]{3,253})", re.IGNORECASE)
NAMED = re.compile(r"\b((?:[a-z0-9-]+\.)+[a-z]{2,24})/", re.IGNORECASE)
_SECOND = frozenset(
    ("ac", "co", "com", "edu", "go", "gob", "gov", "gouv", "gv", "ne", "net", "nom", "or", "org")
)  # under a country: co.uk, com.au, co.jp, or.at, …
# Under these everybody gets a name of their own: what stands before is the owner.
_SHARED = frozenset(
    (
        "atlassian.net", "azurewebsites.net", "blogspot.com", "cloudfront.net", "firebaseapp.com",
        "freshdesk.com", "gitbook.io", "github.io", "gitlab.io", "helpscoutdocs.com", "herokuapp.com", "intercom.help",
        "me.uk", "ltd.uk", "plc.uk", "myshopify.com", "netlify.app", "notion.site", "pages.dev", "readthedocs.io",
        "vercel.app", "web.app", "webflow.io", "wixsite.com", "wordpress.com", "zendesk.com",
    )
)  # fmt: skip
# Under these the names are of regions and services, several deep: nothing but the whole host is one owner's.
_DEEP = frozenset(("amazonaws.com",))


def sites(texts: Iterable[str]) -> set[str]:
    """The sites that ``texts`` give addresses of: "shop.example" for "https://help.shop.example/a"."""
    return {site(host) for text in texts for host in (*ADDRESS.findall(text), *NAMED.findall(text))}


def site(host: str) -> str:
    """The part of a host's name that belongs to one owner: "shop.example", "shop.co.uk", "shop.zendesk.com"."""
    labels = host.lower().strip(".").split(".")
    suffix = ".".join(labels[-2:])
    if suffix in _DEEP:
        return ".".join(labels)
    country = len(labels) > 2 and labels[-2] in _SECOND and len(labels[-1]) == 2
    return ".".join(labels[-3 if country or suffix in _SHARED else -2 :])


def without_foreign_links(reply: str, known: Iterable[str]) -> str:
    """``reply``, in which each link to a site that is not ``known`` is only its text, or its host's name."""
    allowed = set(known)

    def linked(match: re.Match[str]) -> str:
        target = match[2]
        host = target.partition("@")[2] if target.startswith("mailto:") else _host(target)
        return match[0] if site(host) in allowed else match[1]

    def full(match: re.Match[str]) -> str:
        host = _host(match[0])
        return match[0] if site(host) in allowed else host.removeprefix("www.") + _ending(match[0])

    def bare(match: re.Match[str]) -> str:
        host = re.split(r"[/:]", match[0].lower(), maxsplit=1)[0]
        leads = "/" in match[0] or host.startswith("www.")
        if not leads or site(host) in allowed:
            return match[0]
        return host.removeprefix("www.") + _ending(match[0])

    def mail(match: re.Match[str]) -> str:
        return match[0] if match[1] and site(match[2]) in allowed else match[1] or ""

    return MAIL.sub(mail, BARE.sub(bare, URL.sub(full, LINK.sub(linked, reply))))


def _host(address: str) -> str:
    """The host that a browser would go to: what stands before an @ is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _ending(text: str) -> str:
    """The full stop of the sentence that the address stands in."""
    return text[len(text.rstrip(".,;:!?*_")) :] if "/" in text else ""
