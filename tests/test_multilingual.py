"""With the multilingual extra, questions in Spanish, German and French are answered, and said to be from English."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from frontdesk import Frontdesk, Knowledge
from frontdesk.bootstrap import assemble, knowledge_base
from frontdesk.domain import Principal
from frontdesk.knowledge.sources import Folder
from frontdesk.models import ModelChain
from frontdesk.models.local import LocalModel
from frontdesk.settings import Settings
from frontdesk.support import Support
from frontdesk.testing import temporary_database

PAGES = {
    "shipping.md": "# Shipping costs\n\nShipping to Norway costs 14.95 EUR. Shipping to Spain costs 9.95 EUR.",
    "returns.md": "# Returns\n\nYou can send items back within 30 days after delivery.",
    "password.md": "# Forgotten password\n\nChoose “Forgot password” on the sign-in page to get a link by e-mail.",
    "jackets.md": "# Care of jackets\n\nWash a rain jacket at 30 degrees and do not use softener.",
    "sizes.es.md": "# Tallas\n\nNuestras botas tallan normal; mide tu pie por la tarde y compara con la tabla.",
    "contact.es.md": "# Contacto\n\nNos puedes escribir por correo electrónico de lunes a viernes.",
    "returns.es.md": "# Devoluciones\n\nPuedes devolver los artículos hasta 30 días después de la entrega.",
}


@asynccontextmanager
async def desk(folder: Path) -> AsyncGenerator[Support]:
    for name, text in PAGES.items():
        (folder / name).write_text(text, encoding="utf-8")
    knowledge = Knowledge(
        sources=[Folder(folder, url="https://shop.example/{slug}")], embeddings="multilingual"
    )
    shop = Frontdesk("Shop", knowledge=knowledge)
    settings = Settings()
    async with temporary_database() as database:
        base = knowledge_base(shop, database)
        assert base
        await base.sync()
        chain = ModelChain([("local", LocalModel())], 20)
        support, _ = assemble(shop, database, chain, settings, base)
        await support.start()
        try:
            yield support
        finally:
            await support.stop(1.0)


async def say(support: Support, message: str) -> dict[str, Any]:
    who = Principal("customer", f"c{abs(hash(message))}")
    accepted = await support.receive(who, message)
    answer = await support.wait(who, accepted.turn_id, 30)
    assert answer is not None
    return answer


@pytest.fixture(scope="module")
async def support(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Support]:
    async with desk(tmp_path_factory.mktemp("help")) as running:
        yield running


@pytest.mark.parametrize(
    ("question", "page", "says", "lead"),
    [
        ("¿Cuánto cuesta el envío a Noruega?", "shipping", "14.95 EUR", "inglés"),
        ("Was kostet der Versand nach Norwegen?", "shipping", "14.95 EUR", "Englisch"),
        ("Combien coûte la livraison en Norvège ?", "shipping", "14.95 EUR", "anglais"),
        ("Wie wasche ich meine Regenjacke?", "jackets", "30 degrees", "Englisch"),
        ("J'ai oublié mon mot de passe, que faire ?", "password", "Forgot password", "anglais"),
    ],
)
async def test_a_question_is_answered_from_an_english_page_and_the_reply_says_so(
    support: Support, question: str, page: str, says: str, lead: str
) -> None:
    answer = await say(support, question)
    assert [citation["url"].split("#")[0] for citation in answer["citations"]] == [
        f"https://shop.example/{page}"
    ]
    assert says in answer["reply"]
    assert lead in answer["reply"]


async def test_a_page_in_the_customers_own_language_comes_first(support: Support) -> None:
    answer = await say(support, "¿Hasta cuándo puedo devolver un artículo?")
    assert "hasta 30 días después de la entrega" in answer["reply"]
    assert "inglés" not in answer["reply"]
