"""docs/reference is what the code is."""

import pytest

from docs.reference import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_reference_is_what_the_code_is(name: str) -> None:
    assert (FOLDER / f"{name}.md").read_text() == PAGES[name](), "run python -m docs.reference"


def test_each_route_that_changes_something_has_a_door_or_is_known_to_have_none() -> None:
    open_to_anybody = {
        line.split("`")[1]
        for line in PAGES["routes"]().splitlines()
        if "| anybody |" in line and not line.startswith("| GET")
    }
    # Each checks what it is handed itself: a token, a signature, loopback.
    assert open_to_anybody == {"/support/sessions", "/support/helpdesks/{name}/webhook", "/dev/token"}
