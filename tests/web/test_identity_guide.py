import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from frontdesk.web.keys import keyring
from frontdesk.web.tokens import verify
from tests.web.service import SECRET, make_settings

GUIDE = (Path(__file__).parents[2] / "docs" / "identity.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return found


async def test_a_token_signed_as_the_guide_says_is_accepted_with_the_keys_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = json.loads(block("json"))
    monkeypatch.setenv("SUPPORT_SECRET", keys[0]["key"])
    names: dict[str, Any] = {}
    exec(block("python"), names)
    ring = keyring(make_settings(tmp_path, jwt_keys=json.dumps(keys), environment="production"))
    assert (await verify(names["support_token"]("u123"), ring)).sub == "u123"


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node here")
async def test_a_token_signed_by_the_guides_javascript_is_accepted_too(tmp_path: Path) -> None:
    keys = json.loads(block("json"))
    script = block("js") + '\nprocess.stdout.write(supportToken("u123"));'
    signed = subprocess.run(  # noqa: ASYNC221  (a tenth of a second)
        [str(shutil.which("node")), "-e", script],
        env={"SUPPORT_SECRET": keys[0]["key"]},
        capture_output=True,
        text=True,
        check=True,
    )
    ring = keyring(make_settings(tmp_path, jwt_keys=json.dumps(keys), environment="production"))
    assert (await verify(signed.stdout, ring)).sub == "u123"


def test_the_guides_two_signers_make_the_same_claims() -> None:
    for word in ("iss", "aud", "sub", "iat", "exp", "2026-01", "HS256", "600", "frontdesk"):
        assert word in block("python")
        assert word in block("js")


def test_the_guide_shows_no_secret_in_use() -> None:
    assert SECRET not in GUIDE
