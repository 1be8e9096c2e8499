"""A customer's words in those of a help center: slang and shorthand replaced, slips of the finger mended.

The table is data, assets/plain-words.txt. A word that the help center itself uses is never replaced or
mended, so that the table gives way to each company's own vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache

from frontdesk.knowledge.wordpiece import ASSETS, standard

TABLE = ASSETS / "plain-words.txt"
FREQUENT = 20_000  # WordPiece's vocabulary begins with the frequent words: only these are mended to
MEANT = 5  # letters of a word of the table's right side, to which a slip is mended first
LONG = 7  # letters from which on a wrong letter is mended too

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"[^\W\d_]+")
_MENDABLE = re.compile(r"(?<![\w'@./-])[A-Za-z]{4,}(?![\w@/]|'\w|\.\w)")
_ENDINGS = ("s", "es", "ed", "ing", "ly", "able")
_NAME = re.compile(
    r"[\"“«]([^\"“”»]{3,40})[\"”»]"
    r"|(?<=[^.!?:\s] )([A-Z][\w&-]+(?: [A-Z][\w&-]+)*)"
    r"|\b([A-Z][\w&-]+(?: [A-Z][\w&-]+)+)"
)
_BEGINNING_WORDS = """
i i'm im do does did can could is are was will would what when where which who how why my the a an if it its hi
hello hey dear sir madam and but so
"""
_BEGINNINGS = frozenset(_BEGINNING_WORDS.split())


@dataclass(frozen=True, slots=True)
class _Table:
    words: dict[str, str] = field(default_factory=dict[str, str])
    always: set[str] = field(default_factory=set[str])
    meant: set[str] = field(default_factory=set[str])

    def pattern(self) -> re.Pattern[str]:
        longest_first = sorted(map(re.escape, self.words), key=len, reverse=True)
        return re.compile(
            rf"(?<![\w'.&@/-])({'|'.join(longest_first)})(?![\w@&/]|'(?!s\b)|[.-]\w)", re.IGNORECASE
        )


def suspects(text: str) -> list[str]:
    """The words of ``text`` that ``plain`` would change, unless the help center uses them."""
    table, pattern = _table()
    replaced = {m[1].lower() for m in pattern.finditer(text)} - table.always
    mended = {word for m in _MENDABLE.finditer(text) if (word := m[0].lower()) != _mended(word)}
    return sorted({word for word in replaced if _WORD.fullmatch(word)} | mended)


def plain(text: str, known: Collection[str] = ()) -> str:
    """``text`` in plain words; those among ``known``, in lower case, stay as they are."""
    table, pattern = _table()

    def replaced(match: re.Match[str]) -> str:
        word = match[1].lower()
        return match[0] if word in known and word not in table.always else table.words[word]

    def mended(match: re.Match[str]) -> str:
        word = match[0].lower()
        if word in known or word in table.words or (mend := _mended(word)) == word:
            return match[0]
        return mend

    text = pattern.sub(replaced, _MENDABLE.sub(mended, text.replace("’", "'")))
    return " ".join(text.split())


def names(text: str) -> list[str]:
    """What ``text`` calls by name, in lower case: quoted words, and words written with capitals."""
    found = [next(filter(None, match.groups())) for match in _NAME.finditer(text)]
    stripped = [_without_beginning(name.lower().strip(" .,!?")) for name in found]
    return [name for name in stripped if len(name) > 2]


def _without_beginning(name: str) -> str:
    words = name.split()
    while words and words[0] in _BEGINNINGS:
        words = words[1:]
    return " ".join(words)


@cache
def _table() -> tuple[_Table, re.Pattern[str]]:
    table = _Table()
    section = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif section == "words":
            table.meant.update(line.split())
        elif " = " in line and not line.startswith("#"):
            left, right = line.split(" = ")
            words = [word.strip() for word in left.split(",")]
            written = [*words, *(word.replace("'", "") for word in words)]
            table.words.update(dict.fromkeys(written, right.strip()))
            table.always.update(written if section == "always" else ())
            table.meant.update(word for word in _WORD.findall(right) if len(word) >= MEANT)
    return table, table.pattern()


@lru_cache(maxsize=4096)
def _mended(word: str) -> str:
    """The English word that is one slip away, where ``word`` itself is none; else ``word``."""
    frequency, meant = standard().vocabulary, _table()[0].meant

    def is_word(text: str) -> bool:
        return text in frequency or text in meant

    def rank(near: str) -> tuple[bool, bool, int]:
        wrong_letter = len(near) == len(word) and sorted(near) != sorted(word)
        return wrong_letter, near not in meant, frequency.get(near, 0)

    if is_word(word) or any(is_word(_without(word, ending)) for ending in _ENDINGS):
        return word
    near = [
        w
        for w in _one_slip_away(word)
        if w in meant or (len(w) > 3 and frequency.get(w, FREQUENT) < FREQUENT)
    ]
    return min(near, key=rank, default=word)


def _without(word: str, ending: str) -> str:
    stem = word.removesuffix(ending)
    return stem if stem != word and len(stem) > 3 else ""


def _one_slip_away(word: str) -> Iterator[str]:
    """A letter doubled, dropped, added or swapped, never the first; in a long word also a wrong one."""
    for i in range(1, len(word) + 1):
        head, tail = word[:i], word[i:]
        yield head + tail[1:]
        yield head + tail[1:2] + tail[:1] + tail[2:]
        for letter in _LETTERS:
            yield head + letter + tail
            if tail and len(word) >= LONG:
                yield head + letter + tail[1:]
