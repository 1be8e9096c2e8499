"""Which language a message is in: py3langid's model, restricted to the languages that matter here.

A wrong guess hides the right article, so a text that is too short or too even is of no language: None. A word
that only one of the languages uses decides where the model is unsure: "wie lange" is German.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from frontdesk.store.knowledge import base

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SURE = 0.62  # probability from which the model is believed
SHORTEST = 6  # letters; "hola" is decided by its words alone
LONGEST = 1000  # characters that are looked at

# Frequent words of questions, each in one of these languages only.
_TELLING = {
    "de": "ich ist und nicht wie wo wann kann können wird der die das ein eine einen mein meine meinen mit auf für von zu wenn"
    " noch auch haben habe gibt bei nach oder was welche wer kostet lange bitte danke hallo sie ihr ihre zurück tag",
    "es": "el los las qué que cómo como cuándo cuando dónde donde cuánto cuánta cuántos puedo puede está están hola gracias para con por"
    " mi mis su sus una hay tengo quiero sin hacer sobre envío pedido devolver cuesta cuenta",
    "fr": "je le les est et pas vous mon ma mes comment combien où quand quel quelle quels quelles puis peut peux pour avec"
    " bonjour merci dans sur des une du ce faire avoir votre vos livraison commande sont",
    "nl": "ik het een niet hoe waar wanneer mijn kan kunnen voor met naar van zijn jullie wordt bestelling hallo dank graag"
    " welke wat kost hoeveel terug lang duurt",
    "en": "the is are do does can how what where when my your i you to of and for with it in on will why which long much an"
    " have get from need hello thanks please was did if there",
    "it": "il lo gli che come quando dove quanto posso è sono non per con mio mia ciao grazie una del della",
    "pt": "o os que como quando onde quanto posso é são não para com meu minha olá obrigado uma do da você",
}
TELLING = {code: frozenset(words.split()) for code, words in _TELLING.items()}
_SCRIPTS = (
    (re.compile(r"[\u3041-\u3096\u30a1-\u30fa]"), "ja"),
    (re.compile(r"[\uac00-\ud7af]"), "ko"),
    (re.compile(r"[\u4e00-\u9fff]"), "zh"),
)
_NOISE = re.compile(r"https?://\S+|\S+@\S+|(?a:[#\w]*\d[\w.,/-]*)")
_WORD = re.compile(r"[^\W\d_]+")
_lock = Lock()


def language_of(text: str, among: Iterable[str]) -> str | None:
    """The language of ``text`` as a code of ``among`` ("en", "pt-BR" counts as "pt"), or None when unsure.

    With one language in ``among`` there is nothing to find out but whether the text can be in it at all.
    """
    codes = tuple(sorted({base(code) for code in among}))
    kept = _NOISE.sub(" ", unicodedata.normalize("NFC", text[:LONGEST]))
    words = [word.lower() for word in _WORD.findall(kept)]
    if not words or not codes:
        return None
    for script, code in _SCRIPTS:
        if script.search(kept):
            return code if code in codes else None
    told = _told(words, codes)
    if told:
        return told
    if sum(map(len, words)) < SHORTEST or len(words) < 2:
        return None
    code, probability = _classified(" ".join(words), codes)
    return code if probability >= SURE else None


def _told(words: Collection[str], codes: Collection[str]) -> str:
    """The language whose frequent words stand there, if it is ahead of every other one's by two."""
    counts = sorted(
        ((sum(word in TELLING[code] for word in words), code) for code in codes if code in TELLING),
        reverse=True,
    )
    if not counts:
        return ""
    (most, code), (next_most, _) = counts[0], counts[1] if len(counts) > 1 else (0, "")
    return code if most - next_most >= 2 else ""


@lru_cache(maxsize=256)
def _classified(text: str, codes: tuple[str, ...]) -> tuple[str, float]:
    identifier = _identifier(codes)
    if identifier is None:
        return "", 0.0
    code, probability = identifier.classify(text)
    return str(code), float(probability)


@lru_cache(maxsize=8)
def _identifier(codes: tuple[str, ...]) -> LanguageIdentifier | None:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415  loads numpy and the model

    with _lock:
        model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known = set(model.labels) & set(codes)
    if not known:
        return None
    model.set_languages(sorted(known))
    return model
