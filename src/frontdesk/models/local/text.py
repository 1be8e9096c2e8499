"""From what a customer typed to plain words: shorthand, contractions, typing errors, clauses, languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from frontdesk.models.local.words import DOMAIN, FOREIGN, REAL, SHORTHAND, STOPWORDS, TYPOS

WORD = re.compile(r"[#€$£]{0,3}\w+(?:[.@/'_:,-]\w+)*[€$£%]?|\S")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "´": "'", "`": "'", "–": "-", "—": ","})
_CONTRACTIONS = (
    (re.compile(r"\bno\. ?(?=#?\d)|\bnr\.? ?(?=#?\d)|\bnum\.? ?(?=#?\d)"), "number "),
    (re.compile(r"\bcan't\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\b(what|where|when|how|who|that|it|there|here)'s\b"), r"\1 is"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"\bi'm\b"), "i am"),
)


@lru_cache(maxsize=2048)
def plain(text: str) -> str:
    """Lower case, straight quotes, shorthand and contractions written out, common typing errors mended."""
    low = unicodedata.normalize("NFKC", text).translate(_QUOTES).lower().replace("\n", " . ")
    for pattern, spelled in _CONTRACTIONS:
        low = pattern.sub(spelled, low)
    words = [_mend(SHORTHAND.get(word, word)) for word in map(str, WORD.findall(low))]
    return re.sub(r" ([,.;:!?])", r"\1", " ".join(words))


def _mend(word: str) -> str:
    if word in TYPOS:
        return TYPOS[word]
    if len(word) < 5 or word in DOMAIN or word in REAL or word in STOPWORDS or not word.isalpha():
        return word
    return _nearest(word)


@lru_cache(maxsize=4096)
def _nearest(word: str) -> str:
    """The one domain word that is a slip of the finger away, if the word is none of its inflections."""
    near = [known for known in DOMAIN if _is_slip(word, known)]
    return near[0] if len(near) == 1 else word


def _is_slip(word: str, known: str) -> bool:
    if abs(len(word) - len(known)) > 1 or word[0] != known[0] or word.rstrip("s") == known.rstrip("s"):
        return False
    head = 0
    while head < min(len(word), len(known)) and word[head] == known[head]:
        head += 1
    rest, target = word[head:], known[head:]
    swapped = rest[:2] == target[:2][::-1] and rest[2:] == target[2:]
    dropped_or_added = rest == target[1:] or rest[1:] == target
    replaced = len(known) > 6 and rest[1:] == target[1:]
    return swapped or dropped_or_added or replaced


NUMBERED = re.compile(r"(?<!\S)[^\s\d]*\d\S*")  # a word with a digit in it
_CLAUSE = re.compile(
    r"(?<=[.!?;\n])\s+|\n+|, (?=(?:and|but|so|also|just|only|then|please|i|can|could|do|did|where|what|when|how|which|who|why|will|want|need|is|are|has|tell|show|give)\b)"
    r"|\s(?=(?:but|also|plus) (?:i|can|could|do|did|where|what|when|how|is|has|have|my|the|please|just|also)\b)"
    r"|\s(?=and (?:also |then )?(?:(?:until|till|by) when (?:can|may|must|do)|can|could|do|did|does|where|what|when|how|is|has|have|tell|show|give|list|cancel|please|will|why|which|refund|return|resend|reset|unsubscribe|change|update|track|delete|remove|stop)\b)"
    r"|\s(?=and my (?:profile|account|orders|address|refunds?|returns?|payments?)\b)"
    r"|\s(?=just (?:tell|let|give|show|read|check|want)\b)"
)


def clauses(text: str) -> list[str]:
    """The message cut where a new sentence, wish or question begins."""
    return [part.strip(" ,") for part in _CLAUSE.split(text) if part and part.strip(" ,.!?;")]


def content_words(text: str) -> set[str]:
    """Stems of the words that carry meaning."""
    return {stem(word) for word in re.findall(r"[a-z]{2,}", plain(text)) if word not in STOPWORDS}


def stem(word: str) -> str:
    """A crude stem: enough to match "refunds" with "refund" and "arrived" with "arrive"."""
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def language(text: str) -> str:
    """ "de", "fr", "es" or "nl" when at least two common words say so and English ones do not; else "en"."""
    words = re.findall(r"[a-zäöüßàâáçéèêëíîïóôúùûñœ]+", text.lower())
    scores = {code: sum(word in table for word in words) for code, (table, _) in FOREIGN.items()}
    code = max(scores, key=lambda c: scores[c])
    english = sum(word in STOPWORDS for word in words)
    return code if scores[code] >= 2 and scores[code] > english else "en"


def glossed(text: str, code: str) -> str:
    """The message with its shop words in English: enough to tell an order question from another."""
    _, glossary = FOREIGN[code]
    low = text.lower()
    for phrase in (known for known in glossary if " " in known):
        low = low.replace(phrase, glossary[phrase])
    return re.sub(r"[a-zäöüßàâáçéèêëíîïóôúùûñœ]+", lambda m: glossary.get(m[0], m[0]), low)


def in_english(text: str) -> str:
    """The message, with its shop words in English when it is in one of the other languages."""
    code = language(text)
    return text if code == "en" else glossed(text, code)
