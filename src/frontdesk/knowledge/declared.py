"""Knowledge(…): what a desk says of its help center."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from frontdesk.errors import DeclarationError
from frontdesk.knowledge.article import Source
from frontdesk.knowledge.cron import check_cron
from frontdesk.knowledge.sources.folder import Folder

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings as LangChainModel
    from langchain_core.vectorstores import VectorStore

    from frontdesk.knowledge.embed import Embeddings

HELP_CENTER = "help-center"  # the source's name where a desk names a folder and nothing else


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """Where the articles come from, and how they are searched.

    sources     of knowledge/sources: Folder, Git, Sitemap, Urls, Zendesk, Intercom, Questions
    embeddings  "" for the built-in model, "multilingual", what LangChain's init_embeddings takes, or an object
    store       a LangChain vector store that keeps the passages instead of PostgreSQL
    answer_at   confidence from which an article is quoted, as ``frontdesk knowledge calibrate`` chose it; 0: the default
    schedule    when a served desk syncs, as cron's five fields in UTC, "0 * * * *"; "" only when it is told to
    locale      the help center's own language, which is answered from where the customer's has no answer
    """

    sources: Sequence[Source] = ()
    embeddings: str | Embeddings | LangChainModel = ""
    store: VectorStore | None = None
    answer_at: float = 0.0
    schedule: str = ""
    locale: str = "en"

    def __post_init__(self) -> None:
        """Refuse at start what would fail in the night."""
        if self.schedule:
            check_cron(self.schedule)
        names = [source.name for source in self.sources]
        for name in names:
            if names.count(name) > 1 or name == "drafts":
                raise DeclarationError(f"two sources are called {name!r}: write name=… in one of them")


def declared(
    knowledge: str | Path | Source | Sequence[Source] | Knowledge | None, url: str = ""
) -> Knowledge | None:
    """What a desk wrote, in full: a folder, a knowledge.toml, a source or several.

    ``url`` is where the articles of a folder are published. Raises SettingsError where the file is wrong.
    """
    if knowledge is None or isinstance(knowledge, Knowledge):
        return knowledge
    if not isinstance(knowledge, str | Path):
        return Knowledge(sources=knowledge if isinstance(knowledge, Sequence) else [knowledge])
    path = Path(knowledge)
    if path.suffix == ".toml":
        from frontdesk.knowledge.config import load  # noqa: PLC0415  pydantic's models of it are built when it is read

        return load(path)
    return Knowledge(sources=[Folder(path, name=HELP_CENTER, url=url)])
