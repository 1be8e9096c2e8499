from __future__ import annotations

from pathlib import Path

import pytest

from frontdesk.errors import SettingsError
from frontdesk.knowledge.config import KINDS, load
from frontdesk.knowledge.declared import Knowledge
from frontdesk.knowledge.sources.exports import Intercom, Zendesk
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sources.git import Git
from frontdesk.knowledge.sources.questions import Questions
from frontdesk.knowledge.sources.web import Sitemap, Urls

EXAMPLE = Path(__file__).parent / "knowledge.toml"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "knowledge.toml"


def test_the_example_loads() -> None:
    config = load(EXAMPLE, {"WIKI_TOKEN": "Bearer secret"})
    assert (config.embeddings, config.answer_at, config.schedule, config.locale) == (
        "local",
        0.3,
        "15 3 * * *",
        "en",
    )
    names = [source.name for source in config.sources]
    assert names == ["help-center", "handbook", "sitemap", "wiki", "zendesk", "intercom", "questions"]
    folder, git, sitemap, urls, zendesk, intercom, questions = config.sources
    assert isinstance(folder, Folder)
    assert (folder.folder, folder.url) == (
        EXAMPLE.parent / "help-center",
        "https://ourshop.example/help/{slug}",
    )
    assert isinstance(git, Git)
    assert (git.repository, git.visibility) == ("https://github.com/ourshop/handbook.git", "internal")
    assert isinstance(sitemap, Sitemap)
    assert (sitemap.address, sitemap.url) == ("https://support.ourshop.example/sitemap.xml", "")
    assert isinstance(urls, Urls)
    assert urls.headers == {"Authorization": "Bearer secret"}
    assert isinstance(zendesk, Zendesk)
    assert zendesk.file == EXAMPLE.parent / "exports/zendesk"
    assert isinstance(intercom, Intercom)
    assert intercom.products == ("app",)
    assert isinstance(questions, Questions)
    assert questions.columns == {"question": "What they ask", "answer": "What we say"}


def test_an_empty_file_has_no_source_and_all_defaults(file: Path) -> None:
    file.write_text("")
    assert load(file) == Knowledge(sources=[])


def test_paths_are_relative_to_the_file(file: Path) -> None:
    file.write_text(
        '[[source]]\nkind="folder"\nfolder="../x/help"\n[[source]]\nkind="git"\nrepository="../x/repo"\n'
        '[[source]]\nkind="questions"\nfile="/q.csv"\n'
    )
    folder, git, questions = load(file).sources
    assert isinstance(folder, Folder)
    assert isinstance(git, Git)
    assert isinstance(questions, Questions)
    assert (folder.folder, git.repository) == (file.parent / "../x/help", str(file.parent / "../x/repo"))
    assert questions.file == Path("/q.csv")


def test_a_language_said_for_all_holds_for_sources_that_say_none(file: Path) -> None:
    sources = '[[source]]\nkind="folder"\nfolder="a"\n[[source]]\nkind="folder"\nfolder="b"\nlocale="fr"\n'
    for head, expected in (('[knowledge]\nlocale="de"\n', ["de", "fr"]), ("", ["", "fr"])):
        file.write_text(head + sources)
        assert [source.locale for source in load(file).sources if isinstance(source, Folder)] == expected


FOLDER = '[[source]]\nkind="folder"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a = ", "knowledge.toml is not TOML (at "),
        ("sources = 1", "there is no table 'sources'; did you mean 'source'?"),
        ("[knowlege]\n", "there is no table 'knowlege'; did you mean 'knowledge'?"),
        ("knowledge = 1", "[knowledge]: it should be a valid dictionary"),
        (
            "[knowledge]\nembedings = 'x'",
            "[knowledge]: there is no key 'embedings'; did you mean 'embeddings'?",
        ),
        ("[knowledge]\nanswer_at = 2", "[knowledge]: answer_at should be less than or equal to 1"),
        ("[knowledge]\nanswer_at = '0.3'", "[knowledge]: answer_at should be a valid number"),
        ("[knowledge]\nschedule = 'daily'", "[knowledge]: schedule: "),
        ("[knowledge]\nschedule = '61 * * * *'", "[knowledge]: schedule: "),
        ("[knowledge]\nschedule = '0 0 3 * * *'", "[knowledge]: schedule: "),
        ("[knowledge]\nlocale = 'English please'", "[knowledge]: locale is a language"),
        ("[source]\nkind='folder'", "write each source as a table of its own, [[source]]"),
        ("source = [1]", "[[source]] 1: write it as a table"),
        ("[[source]]\nfolder='x'", "[[source]] 1: kind is one of folder, git, sitemap"),
        ("[[source]]\nkind='zendask'", "did you mean 'zendesk'?"),
        ("[[source]]\nkind=['folder']", "[[source]] 1: kind is one of folder"),
        (FOLDER, "[[source]] 1: the key 'folder' is missing"),
        (FOLDER + "folder='x'\nfoldr='y'", "there is no key 'foldr'; did you mean 'folder'?"),
        (FOLDER + "folder=1", "[[source]] 1: folder should be a valid string"),
        (FOLDER + "folder=''", "folder"),
        (FOLDER + "folder='x'\ninclude='*.md'", "include should be a valid list"),
        (FOLDER + "folder='x'\ninclude=[1]", "include.0 should be a valid string"),
        (FOLDER + "folder='x'\nvisibility='all'", "visibility should be 'public', 'customers' or 'internal'"),
        (FOLDER + "folder='x'\nlocale='in English'", "[[source]] 1: locale is a language"),
        (FOLDER + "folder='x'\n" + FOLDER + "folder='y/x'", "[[source]] 2: the name 'x' is taken"),
        (FOLDER + "folder='drafts'", "[[source]] 1: the name 'drafts' is taken"),
        (
            "[[source]]\nkind='sitemap'\nurl='example.com'",
            "[[source]] 1: address of a sitemap is a whole web address",
        ),
        ("[[source]]\nkind='urls'\nurls=[]", "[[source]] 1: urls is a list of whole web addresses"),
        ("[[source]]\nkind='git'\nrepository='-x'", "[[source]] 1: repository of a git source"),
        ("[[source]]\nkind='git'\nrepository='https://me:canary@example.com/x'", "holds a password"),
        ("[[source]]\nkind='questions'\nfile='x'\ncolumns={a='b'}", "columns has no a"),
    ],
)
def test_what_is_wrong_is_one_sentence_that_names_the_place(text: str, sentence: str, file: Path) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError) as raised:
        load(file, {})
    assert sentence in raised.value.detail
    assert raised.value.detail.startswith("knowledge.toml")
    assert "\n" not in raised.value.detail
    assert "canary" not in raised.value.detail


URLS = "[[source]]\nkind='urls'\nurls=['https://example.com/']\n"


def test_a_secret_comes_from_the_environment_only(file: Path) -> None:
    file.write_text(URLS + "headers = { Authorization = 'Bearer canary' }")
    with pytest.raises(SettingsError, match="Authorization stands in the file") as raised:
        load(file, {})
    assert "canary" not in raised.value.detail
    file.write_text(URLS + "headers = { X-Api-Key = 'env:HELP_KEY' }")
    with pytest.raises(SettingsError, match="X-Api-Key names a variable of the environment that is not set"):
        load(file, {})
    file.write_text(URLS + "headers = { X-Api-Key = 'env:HELP_KEY', Accept-Language = 'de' }")
    (source,) = load(file, {"HELP_KEY": "canary"}).sources
    assert isinstance(source, Urls)
    assert source.headers == {"X-Api-Key": "canary", "Accept-Language": "de"}
    assert "canary" not in repr(source)


def test_a_file_that_cannot_be_read_is_a_sentence(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"knowledge\.toml cannot be read: No such file"):
        load(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        load(file)
    file.write_bytes(b"#" * 1_000_001)
    with pytest.raises(SettingsError, match="larger than 1 MB"):
        load(file)


def test_every_kind_takes_what_its_source_takes() -> None:
    import dataclasses
    import importlib

    for kind, entry in KINDS.items():
        module, _, name = entry.module.partition(":")
        source = getattr(importlib.import_module(f"frontdesk.knowledge.sources.{module}"), name)
        takes = {field.name for field in dataclasses.fields(source) if field.init} - {"data_dir"}
        assert set(entry.table.model_fields) - {"kind"} == takes, kind
