"""A message's language, where it can be told; a wrong guess would hide the right article."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from frontdesk.knowledge.language import base, language_of

SPOKEN = ("en", "de", "es", "fr", "nl")
PHRASES = {
    "en": "where is my order|how long does delivery take|can i pay with paypal|i want a human|shipping cost Spain",
    "de": "wo ist meine bestellung|wie lange dauert die Lieferung|und nach Norwegen?|ich will einen menschen|Was kostet Expressversand?",
    "es": "dónde está mi pedido|cuánto tarda el envío|política de devoluciones|puedo pagar con paypal|olvidé mi contraseña",
    "fr": "où est ma commande|combien de temps prend la livraison|et pour la Norvège ?|guide des tailles|mot de passe oublié",
}


@pytest.mark.parametrize(("code", "text"), [(c, t) for c, texts in PHRASES.items() for t in texts.split("|")])
def test_a_short_phrase_is_of_its_language(code: str, text: str) -> None:
    assert language_of(text, SPOKEN) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "hi",
        "ok",
        "Klarna",
        "#789",
        "https://a.example/der/die/das",
        "789 456",
        "!!!",
        "🎉",
        "refund?",
    ],
)
def test_what_is_too_short_is_of_no_language(text: str) -> None:
    assert language_of(text, SPOKEN) is None


def test_only_the_languages_that_matter_are_told() -> None:
    assert language_of("wie lange dauert die Lieferung", ["de-AT", "en_GB"]) == "de"
    assert language_of("退货需要多长时间", ["zh", "en"]) == "zh"
    assert language_of("退货需要多长时间", ["en"]) is None
    assert language_of("how long does it take", []) is None
    assert language_of("how long does it take", ["xx", "tlh"]) is None
    assert base("pt_BR") == base("PT-br") == "pt"


DATA = Path(os.environ.get("DATA_DIR", "")) / "xquad"


@pytest.mark.skipif("DATA_DIR" not in os.environ, reason="DATA_DIR names no folder with xquad")
@pytest.mark.parametrize("code", ["en", "de", "es", "zh"])
def test_a_whole_question_is_told_in_99_of_100(code: str) -> None:
    document = json.loads((DATA / f"xquad.{code}.json").read_text(encoding="utf-8"))
    questions = [q["question"] for a in document["data"] for p in a["paragraphs"] for q in p["qas"]]
    told = [language_of(question, ["en", "de", "es", "zh"]) for question in questions]
    assert told.count(code) >= 0.98 * len(questions)
    assert sum(found not in {code, None} for found in told) <= 0.01 * len(questions)
