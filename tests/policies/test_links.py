"""Whose site a host is: a link leads to the company's own, not to a neighbour's on the same platform."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.policies.links import site, sites, without_foreign_links


@pytest.mark.parametrize(
    ("host", "owner"),
    [
        ("help.shop.example", "shop.example"),
        ("WWW.Shop.example.", "shop.example"),
        ("www.shop.co.uk", "shop.co.uk"),
        ("help.shop.com.au", "shop.com.au"),
        ("shop.co.jp", "shop.co.jp"),
        ("shop.or.at", "shop.or.at"),
        ("shop.zendesk.com", "shop.zendesk.com"),
        ("a.shop.zendesk.com", "shop.zendesk.com"),
        ("zendesk.com", "zendesk.com"),
        ("shop.s3.eu-west-1.amazonaws.com", "shop.s3.eu-west-1.amazonaws.com"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_a_site_is_what_one_owner_has(host: str, owner: str) -> None:
    assert site(host) == owner


@pytest.mark.parametrize(
    "platform",
    [
        "zendesk.com", "intercom.help", "freshdesk.com", "helpscoutdocs.com", "myshopify.com", "github.io",
        "gitlab.io", "netlify.app", "vercel.app", "pages.dev", "web.app", "firebaseapp.com", "herokuapp.com",
        "azurewebsites.net", "cloudfront.net", "s3.amazonaws.com", "readthedocs.io", "gitbook.io", "notion.site",
        "webflow.io", "wordpress.com", "blogspot.com", "wixsite.com", "atlassian.net", "co.uk", "com.au", "co.jp",
        "co.nz", "com.br", "co.za", "org.uk",
    ],
)  # fmt: skip
def test_a_neighbour_on_a_shared_platform_is_another_site(platform: str) -> None:
    known = sites([f"https://shop.{platform}/hc/{{slug}}"])
    own = f"See https://shop.{platform}/hc/a"
    assert without_foreign_links(own, known) == own
    for reply in (
        f"See https://evil.{platform}/hc/a",
        f"[See](https://evil.{platform}/a)",
        f"See www.evil.{platform}",
        f"See mailto:a@evil.{platform}",
    ):
        left = without_foreign_links(reply, known)
        assert "https://" not in left
        assert "www." not in left
        assert "mailto:" not in left


@given(st.text())
def test_the_site_of_a_site_is_itself(host: str) -> None:
    assert site(site(host)) == site(host)
