"""A question to a database that holds a help center, as a customer asks it; the local model answers."""

from frontdesk import Frontdesk
from frontdesk.bootstrap import assemble
from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.models import ModelChain
from frontdesk.models.local import LocalModel
from frontdesk.settings import Settings

CARLA = Principal("customer", "u3")


async def ask(database: Database, question: str) -> str:
    """The reply. No source is read: what is answered is in the database."""
    desk = Frontdesk("Shop", knowledge="nowhere")
    settings = Settings(secret="s" * 32)  # type: ignore[call-arg]
    base = KnowledgeBase(database, desk.help_center)  # type: ignore[arg-type]
    support, _ = assemble(desk, database, ModelChain([("local", LocalModel())], 60), settings, base)
    await support.start()
    try:
        accepted = await support.receive(CARLA, question)
        answer = await support.wait(CARLA, accepted.turn_id, 90)
    finally:
        await support.stop(1.0)
    assert answer
    return answer["reply"]
