"""What ``make prove`` switches off is still where it looks for it: a moved line would stop the whole run."""

import pytest

from tests.protection import Protection
from tests.switched_off import PROTECTIONS, ROOT


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda protection: protection.name)
def test_a_protection_stands_where_it_is_switched_off_and_its_tests_exist(protection: Protection) -> None:
    for file, old, new in protection.edits():
        assert old in (ROOT / file).read_text()
        assert old != new
    assert (ROOT / protection.tests[0]).exists()
