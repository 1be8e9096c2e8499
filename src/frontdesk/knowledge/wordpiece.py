"""BERT's WordPiece in plain Python: the same ids as the ``tokenizers`` package, without its 10 MB.

Lowercase, accents stripped, Chinese characters and punctuation each a word of their own. One thing is
different on purpose: ``[CLS]`` or ``[SEP]`` typed by a customer is text, never a control token.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
PAD, UNKNOWN, START, END = 0, 100, 101, 102
MAX_TOKENS = 256
LONGEST_WORD = 100  # characters; BERT takes a longer word as unknown
LONGEST_TEXT = 20_000  # characters; far more than 256 tokens can hold

_CHINESE = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class _Cleaned(dict[int, str]):
    """Per code point: control characters dropped, white space made a space, Chinese set apart."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if character in "\t\n\r" or category in {"Zs", "Zl", "Zp"}:
            result = " "
        elif code == 0xFFFD or category in {"Cc", "Cf", "Co", "Cs"}:
            result = ""
        elif any(first <= code <= last for first, last in _CHINESE):
            result = f" {character} "
        else:
            result = character
        self[code] = result
        return result


class _Folded(dict[int, str]):
    """Per code point after NFD: accents dropped, lowercase, punctuation set apart."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Mn":
            result = ""
        elif category[0] == "P" or (code < 128 and code > 32 and not character.isalnum()):
            result = f" {character} "
        else:
            result = character.lower()
        self[code] = result
        return result


_CLEANED, _FOLDED = _Cleaned(), _Folded()


def words(text: str) -> list[str]:
    """The words that WordPiece cuts up: normalised, punctuation apart."""
    cleaned = unicodedata.normalize("NFD", text[:LONGEST_TEXT].translate(_CLEANED))
    return cleaned.translate(_FOLDED).split()


class WordPiece:
    """Texts to token ids. ``path`` is a ``tokenizer.json`` with a WordPiece vocabulary.

    ``vocabulary`` gives each piece's id; whole words stand in it by frequency.
    """

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text(encoding="utf-8"))
        self.vocabulary: dict[str, int] = document["model"]["vocab"]
        self._pieces = lru_cache(maxsize=20_000)(self._cut)

    def encode(self, text: str, max_tokens: int = MAX_TOKENS) -> list[int]:
        """Ids of one text with its start and end tokens, cut at ``max_tokens`` (these two included)."""
        ids = [START]
        for word in words(text):
            ids.extend(self._pieces(word))
            if len(ids) >= max_tokens:
                break
        return [*ids[: max_tokens - 1], END]

    def batch(
        self, texts: Sequence[str], max_tokens: int = MAX_TOKENS
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Ids and attention mask of several texts, each row padded to the longest."""
        rows = [self.encode(text, max_tokens) for text in texts]
        width = max(map(len, rows), default=0)
        ids = [row + [PAD] * (width - len(row)) for row in rows]
        mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
        return ids, mask

    def _cut(self, word: str) -> tuple[int, ...]:
        """Greedy longest match from the left; a word with an unknown rest is unknown as a whole."""
        if len(word) > LONGEST_WORD:
            return (UNKNOWN,)
        pieces: list[int] = []
        start = 0
        while start < len(word):
            found = self._longest(word, start)
            if found is None:
                return (UNKNOWN,)
            piece, start = found
            pieces.append(piece)
        return tuple(pieces)

    def _longest(self, word: str, start: int) -> tuple[int, int] | None:
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):
            piece = self.vocabulary.get(prefix + word[start:end])
            if piece is not None:
                return piece, end
        return None


@cache
def standard() -> WordPiece:
    """The one that ships with the package, read once."""
    return WordPiece(ASSETS / "tokenizer.json")
