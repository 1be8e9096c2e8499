"""The one place where parts are put together. Everything else is handed what it needs."""

from __future__ import annotations

import importlib
import os
import secrets
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from langchain_core.language_models.chat_models import BaseChatModel

from frontdesk import __version__
from frontdesk.actions import Actions
from frontdesk.agent import Agent
from frontdesk.database import Database, embedded, migrate
from frontdesk.database.redis import RedisLink
from frontdesk.desk import VISITOR_PERMISSIONS, Frontdesk
from frontdesk.errors import DeclarationError, SettingsError
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.models import ModelChain, cascaded, resolve
from frontdesk.models.budget import Budgets
from frontdesk.people import People, PeopleHub, StaffDirectory
from frontdesk.people.courier import Courier
from frontdesk.people.handoff import Handoffs
from frontdesk.people.mail import Mailer
from frontdesk.policies.decide import never_acting
from frontdesk.privacy import Privacy
from frontdesk.settings import Settings, development_secret
from frontdesk.store.actions import lately
from frontdesk.store.tickets import open_ticket
from frontdesk.store.windows import MemoryWindows, RedisWindows, Windows
from frontdesk.support import Support
from frontdesk.telemetry.export import tracing
from frontdesk.tools import Tool, builtin


@dataclass(frozen=True)
class Service:
    """A desk ready to work: what web and cli are built on."""

    desk: Frontdesk
    settings: Settings
    database: Database
    support: Support
    actions: Actions
    models: tuple[str, ...]
    knowledge: KnowledgeBase | None
    people: People
    staff: StaffDirectory
    hub: PeopleHub
    handoffs: Handoffs
    owner_url: str
    redis: RedisLink | None
    privacy: Privacy
    courier: Courier


def database_urls(settings: Settings) -> tuple[str, str]:
    """(the application's, the owner's) connection strings; starts the embedded server where none is set."""
    if settings.database_url:
        return settings.database_url, settings.migration_url or settings.database_url
    server = embedded.start(settings.data_dir.resolve() / "postgres")
    url = embedded.database(server, "frontdesk")
    return url, url


@asynccontextmanager
async def service(
    desk: Frontdesk, settings: Settings, *, models: Sequence[tuple[str, BaseChatModel]] = ()
) -> AsyncGenerator[Service]:
    """Put a desk together, migrate its database, and let it work until the context ends.

    ``models`` replaces the chain that settings name; tests pass scripted ones.
    """
    chain = ModelChain(models or model_chain(settings), settings.model_timeout, redact=settings.redact)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            tracing(__version__, settings.environment, content=settings.trace_content)
        )
        stack.push_async_callback(chain.aclose)
        url, owner_url = database_urls(settings)
        migrate(owner_url)
        database = await Database.open(url)
        stack.push_async_callback(database.close)
        redis = RedisLink(settings.redis_url) if settings.redis_url else None
        if redis:
            stack.push_async_callback(redis.close)
        base = knowledge_base(desk, database)
        revive = None if settings.database_url else partial(_revive, settings)
        support, actions = assemble(desk, database, chain, settings, base, revive=revive, redis=redis)
        await actions.start()
        stack.push_async_callback(actions.stop)
        await support.start()
        stack.push_async_callback(support.stop)
        hub = PeopleHub(url)
        await hub.start()
        stack.push_async_callback(hub.stop)
        mailer = Mailer(database, settings, desk.name)
        await mailer.start()
        stack.push_async_callback(mailer.stop)
        courier = Courier(database, desk.helpdesk)
        await courier.start()
        stack.push_async_callback(courier.stop)
        handoffs = Handoffs(database, desk.hours)
        asking = never_acting(
            desk.customer_permissions(), (tool.grant for tool in tools_of(desk, database, settings, base))
        )
        people, staff = People(database, support, asking), StaffDirectory(database)
        names = tuple(chain.names)
        privacy = Privacy(owner_url, settings, stop=support.stop_turns, forget=support.forget)
        yield Service(
            desk,
            settings,
            database,
            support,
            actions,
            names,
            base,
            people,
            staff,
            hub,
            handoffs,
            owner_url,
            redis,
            privacy,
            courier,
        )


def assemble(
    desk: Frontdesk,
    database: Database,
    chain: ModelChain,
    settings: Settings,
    base: KnowledgeBase | None = None,
    *,
    revive: Callable[[], None] | None = None,
    redis: RedisLink | None = None,
) -> tuple[Support, Actions]:
    """A desk's turns and its actions on a database, neither started yet."""
    tools = tools_of(desk, database, settings, base)
    actions = actions_of(desk, tools, database, settings)
    agent = Agent(desk, tools, chain, settings, actions, Budgets(database, settings))
    hot = windows(settings, redis)
    return Support(agent, database, settings, show=actions.show, revive=revive, hot=hot), actions


def windows(settings: Settings, redis: RedisLink | None) -> Windows | None:
    """Where windows are kept ready; None: PostgreSQL gives each."""
    if settings.hot_window == "memory":
        return MemoryWindows()
    return RedisWindows(redis) if redis and settings.hot_window == "redis" else None


def actions_of(desk: Frontdesk, tools: Sequence[Tool], database: Database, settings: Settings) -> Actions:
    """A desk's actions on a database, not started: they decide and run what they are told to, and look for nothing."""
    open_ = partial(open_ticket, database)
    return Actions(desk, tools, database, settings, secret=secret_of(desk, settings), open_ticket=open_)


def secret_of(desk: Frontdesk, settings: Settings) -> bytes:
    """What signs the confirm buttons. Raises SettingsError where a desk that needs it has none, or a weak one."""
    secret = settings.secret
    if not secret and settings.development:
        secret = development_secret(settings.data_dir / "development-secret")
    if len(secret) < 32 and (secret or any(tool.grant.confirm for tool in desk.tools)):
        raise SettingsError(
            "FRONTDESK_SECRET: set 32 characters or more that nobody knows; they sign the buttons that confirm actions"
        )
    return secret.encode() or secrets.token_bytes(32)


def _revive(settings: Settings) -> None:
    """Start the embedded server again when it has died."""
    embedded.revive(embedded.start(settings.data_dir.resolve() / "postgres"))


def model_chain(settings: Settings) -> list[tuple[str, BaseChatModel]]:
    """The chosen model, its fallbacks, and the local one last; before a cascade's, the local one where it is sure.

    Raises SettingsError for a name nobody knows.
    """
    name = settings.model_name
    asked = cascaded(name) or [name]
    names = list(dict.fromkeys([*asked, *settings.fallback_models, "local"]))
    chain = [(name, model_named(name, settings)) for name in names]
    if asked == [name]:
        return chain
    from frontdesk.models.cascade import AT, SureLocal  # noqa: PLC0415  (for those who have one)

    return [("local", SureLocal(local=dict(chain)["local"], at=settings.cascade_at or AT)), *chain]


def model_named(name: str, settings: Settings) -> BaseChatModel:
    """The chat model called ``name``. Raises SettingsError for a name nobody knows."""
    return resolve(name, settings, local=_local)


def _local() -> BaseChatModel:
    from frontdesk.models.local import LocalModel  # noqa: PLC0415  (loads when it is first asked)

    return LocalModel()


def tools_of(
    desk: Frontdesk, database: Database, settings: Settings, base: KnowledgeBase | None = None
) -> list[Tool]:
    """The desk's own tools and the ones every desk has."""
    open_ = partial(open_ticket, database)
    own = [builtin.open_ticket(open_), builtin.hand_over(open_)]
    if any(tool.grant.confirm for tool in desk.tools):
        own.append(
            builtin.list_actions(partial(lately, database), {t.name: t.grant.permission for t in desk.tools})
        )
    if base := base or knowledge_base(desk, database):
        own.insert(0, builtin.search_knowledge(base.ask(settings.answer_at)))
    check(desk)
    for tool in desk.tools:
        if tool.grant.changes and tool.grant.permission in VISITOR_PERMISSIONS:
            raise DeclarationError(
                f"{tool.name}: anonymous visitors hold {tool.grant.permission!r} for Frontdesk's own tickets: name another"
            )
    taken = {tool.name for tool in desk.tools} & {tool.name for tool in own}
    if taken:
        raise DeclarationError(f"rename your tool {taken.pop()!r}: Frontdesk has one of that name")
    return [*desk.tools, *own]


def check(desk: Frontdesk) -> None:
    """Raise DeclarationError for what would only fail in front of a customer."""
    from frontdesk.models.local.fields import check_fields  # noqa: PLC0415  (with the local model, below)
    from frontdesk.models.local.says import TemplateError, parse  # noqa: PLC0415

    for tool in desk.tools:
        try:
            if isinstance(tool.grant.says, str):
                parse(tool.grant.says)
                check_fields(tool.grant.says, tool.function)
        except TemplateError as error:
            raise DeclarationError(f"{tool.name}: says= cannot be read: {error}") from None


def knowledge_base(desk: Frontdesk, database: Database) -> KnowledgeBase | None:
    """The desk's knowledge base; None where it has none. Raises SettingsError where it is declared wrongly."""
    return KnowledgeBase(database, desk.help_center) if desk.help_center is not None else None


def import_from_here() -> None:
    """Let modules of the working directory be imported, as ``python`` itself does."""
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))


def _no_desk_here() -> str:
    """What to write where no desk was named and none stands here."""
    here = Path.cwd()
    found = sorted(
        file.relative_to(here) for depth in ("*", "*/*") for file in here.glob(f"{depth}/support.py")
    )
    named = f"{'.'.join(found[0].with_suffix('').parts)}:desk" if found else "MODULE:NAME"
    return (
        f"no desk is named, and there is no support.py in {here}: write {named} behind the command"
        f" (--desk {named} where it takes something else), or make a desk with frontdesk new myshop"
    )


def load_desk(path: str) -> Frontdesk:
    """The desk at ``module:name``, ``support:desk`` for example. Raises DeclarationError with what is wrong."""
    module_name, _, name = path.partition(":")
    import_from_here()
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and not module_name.startswith(error.name):
            raise
        if module_name == "support":  # nobody named another
            raise DeclarationError(_no_desk_here()) from None
        hint = " without .py" if module_name.endswith(".py") else f"; looked in {Path.cwd()} and PYTHONPATH"
        raise DeclarationError(f"there is no module {module_name!r}: write support:desk{hint}") from None
    except KeyError as error:  # os.environ["API_URL"], as a desk that was written for a server has it
        name_of = str(error.args[0]) if error.args else ""
        if not name_of.isupper() or name_of in os.environ:
            raise
        raise DeclarationError(f"{path} asks the environment for {name_of}: set it") from None
    desk = getattr(module, name or "desk", None)
    if not isinstance(desk, Frontdesk):
        raise DeclarationError(f"{path!r} is not a desk: write desk = Frontdesk(…) in {module_name}.py")
    return desk
