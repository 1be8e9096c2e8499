"""Settings from files, and what is wrong with them said in a sentence that holds no secret."""

import os
from pathlib import Path

import pytest

from frontdesk.errors import SettingsError
from frontdesk.settings import load, unknown_names

SECRET = "s3cret-" + "x" * 32


def test_a_secret_is_read_from_the_file_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    (tmp_path / "keys").write_text("sk_a_1, sk_b_2\n")
    (tmp_path / "openai").write_text("sk-from-a-file\n")
    monkeypatch.setenv("FRONTDESK_SECRET_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("FRONTDESK_SERVICE_KEYS_FILE", str(tmp_path / "keys"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-a-file")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "openai"))
    for _ in range(2):
        settings = load()
    assert settings.secret == SECRET
    assert settings.service_keys == ("sk_a_1", "sk_b_2")
    assert os.environ["OPENAI_API_KEY"] == "sk-from-a-file"
    assert unknown_names() == []


@pytest.mark.parametrize(
    ("content", "beside", "sentence"),
    [
        (None, "", "cannot be read"),
        (b"", "", "is empty"),
        (b"\xff\xfe", "", "cannot be read"),
        (SECRET.encode(), "another", "both set, and differ"),
    ],
)
def test_a_file_that_does_not_serve_stops_the_start_and_its_content_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, beside: str, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv("FRONTDESK_SECRET_FILE", str(tmp_path / "secret"))
    if beside:
        monkeypatch.setenv("FRONTDESK_SECRET", beside)
    with pytest.raises(SettingsError, match=sentence) as error:
        load()
    assert SECRET not in str(error.value)
