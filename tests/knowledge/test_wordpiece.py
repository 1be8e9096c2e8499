"""Our WordPiece gives the ids that the tokenizers package gives."""

from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.knowledge.embed import ASSETS
from frontdesk.knowledge.wordpiece import END, MAX_TOKENS, START, UNKNOWN, WordPiece

WORDPIECE = WordPiece(ASSETS / "tokenizer.json")
REFERENCE = tokenizers.Tokenizer.from_file(str(ASSETS / "tokenizer.json"))
REFERENCE.no_padding()
REFERENCE.enable_truncation(MAX_TOKENS)
REFERENCE.encode_special_tokens = True  # "[SEP]" in a text is text, not a control token

SHARED = Path(os.environ.get("DATA_DIR", Path(__file__).parents[3] / "shared" / "data"))

NAUGHTY = [
    "",
    " ",
    "\x00\x01\x7f\u200b\ufeff",
    "Où est ma commande n°456 ? Élan, naïve, Ångström, ﬁnal",
    "İstanbul ΣΊΣΥΦΟΣ straße ǅ",
    "可以退货吗？ありがとう 한국어 ไทย हिन्दी العربية",
    "👩‍👩‍👧‍👦 🇳🇴 ❤️ 1️⃣",
    "x" * 99 + " " + "y" * 100 + " " + "z" * 101,
    "don't re-enter [CLS] [SEP] [MASK] ##ing",
    "a\tb\nc\r\nd\u2028e\u2029f\u00a0g\u3000h\x85i\x1ck",
    "€14.95 £3 ¥5 $1 ^ ~ ` + < = > |",
    "e\u0301 n\u0303 a\u0328\u0301 \u1e9b\u0323 ẞ",
    "<script>alert(1)</script>'; DROP TABLE orders; --",
    "\ufffd\ue000\U000f0000\ufdd0\U0010ffff",
    "word " * 400,
]


def settled(character: str) -> bool:
    """Whether a character is what it was in Unicode 3.2: the reference's tables stop at Unicode 8.

    Marks, punctuation and format characters of scripts added since are [UNK] either way, only grouped
    differently; letters and emojis of any age are compared.
    """
    now = unicodedata.category(character)
    then = unicodedata.ucd_3_2_0.category(character)
    return now == then or (now not in {"Mn", "Mc", "Cf"} and now[0] != "P" and then == "Cn")


CHARACTERS = st.characters(exclude_categories=["Cs"]).filter(settled)


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_text_has_the_reference_ids(text: str) -> None:
    assert WORDPIECE.encode(text) == REFERENCE.encode(text).ids


@settings(max_examples=300, deadline=None)
@given(st.text(CHARACTERS | st.sampled_from("aeiou -'.,0129ſßÅ\u0301\u200d中"), max_size=120))
def test_any_text_has_the_reference_ids(text: str) -> None:
    assert WORDPIECE.encode(text) == REFERENCE.encode(text).ids


def shared_texts() -> list[str]:
    """Lines of the development sets where they are at hand; a few of our own everywhere."""
    texts = ["Can I return a pair of boots after 30 days?", "Wie lange dauert der Versand nach Österreich?"]
    names = ("naughty-strings/*.json", "naughty-strings/*.txt", "injections/*.jsonl", "banking77/test.csv")
    files = [path for name in (*names, "help-center/articles.jsonl") for path in sorted(SHARED.glob(name))]
    for path in files:
        texts += path.read_text(encoding="utf-8", errors="replace").splitlines()[:400]
    for path in sorted(SHARED.glob("xquad/*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        texts += [p["context"] for article in document["data"][:12] for p in article["paragraphs"]]
    return texts


def test_development_sets_have_the_reference_ids() -> None:
    texts = [text for text in shared_texts() if all(map(settled, text))]
    assert len(texts) >= 2
    assert [t for t in texts if WORDPIECE.encode(t) != REFERENCE.encode(t).ids] == []


def test_a_batch_is_padded_to_its_longest_row() -> None:
    ids, mask = WORDPIECE.batch(["hi", "where is my order"])
    assert ids[0] == [START, 7632, END, 0, 0, 0]
    assert mask == [[1, 1, 1, 0, 0, 0], [1] * 6]
    assert WORDPIECE.batch([]) == ([], [])


def test_a_word_over_100_characters_is_unknown() -> None:
    assert WORDPIECE.encode("a" * 101) == [START, UNKNOWN, END]


def test_lone_surrogates_do_not_break_the_tokenizer() -> None:
    assert WORDPIECE.encode("a\ud800b") == WORDPIECE.encode("ab")
