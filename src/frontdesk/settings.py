"""All settings: read once from the environment, frozen, checked before anything starts."""

from __future__ import annotations

import difflib
import os
import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from frontdesk.errors import SettingsError

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
Words = Annotated[tuple[str, ...], NoDecode]


#: Of other packages' variables only these are read from files: a stranger's must not stop the start.
PROVIDER_KEYS = {
    f"{provider}_API_KEY"
    for provider in ("OPENAI", "AZURE_OPENAI", "ANTHROPIC", "GOOGLE", "MISTRAL", "GROQ", "COHERE", "DEEPSEEK")
}


class Settings(BaseSettings):
    """What Frontdesk is told from outside; each field is the variable FRONTDESK_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="FRONTDESK_", frozen=True, extra="ignore")

    environment: Literal["development", "production"] = Field(
        "development", description="development says so loudly and binds to loopback only"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    data_dir: Path = Field(Path(".frontdesk"), description="embedded database and generated secrets")
    database_url: str = Field(
        "", description="a PostgreSQL of your own with pgvector; empty: the embedded one"
    )
    migration_url: str = Field("", description="the role that owns the tables, where it is another")

    model: str = Field(
        "",
        description="what init_chat_model takes, 'local', or 'cascade:local,NAME'; empty: by the keys at hand",
    )
    cascade_at: float = Field(
        0.0,
        ge=0,
        le=1,
        description="confidence from which local answers a cascade's turn alone; 0: the default",
    )
    fallback_models: Words = Field((), description="asked in turn when the model fails; local is always last")
    model_timeout: float = Field(20.0, gt=0, le=300, description="seconds for one call to a chat model")
    openai_base_url: str = Field("", description="an OpenAI-compatible endpoint; empty: OPENAI_BASE_URL")

    service_keys: Words = Field((), description="keys of trusted backends, sk_<id>_<secret>, comma-separated")
    jwt_keys: str = Field("", description="JSON list, or a file of it, of the keys that sign customer tokens")
    secret: str = Field(
        "", description="signs the confirm buttons, 32 characters or more; all replicas share it"
    )
    allowed_origins: Words = Field((), description="origins of the pages the widget stands on")
    session_idle_minutes: int = Field(30, ge=1, description="a widget session ends after this rest")
    session_hours: int = Field(12, ge=1, description="a widget session ends after this time")

    oidc_issuer: str = Field(
        "", description="the identity provider at which staff sign in, https://…; empty: passwords alone"
    )
    oidc_client_id: str = Field("", description="what Frontdesk is called there")
    oidc_client_secret: str = Field("", description="what proves to the provider that it is Frontdesk")
    oidc_roles: Words = Field(
        (), description="who may enter the console: GROUP=agent,GROUP=lead,GROUP=admin; nobody else does"
    )
    oidc_groups_claim: str = Field("groups", description="the claim in which the provider names the groups")
    oidc_name: str = Field("", description="as the button says it: Sign in with …; empty: the issuer's host")

    rate_customer_minute: int = Field(20, ge=1, description="messages of one customer a minute")
    rate_customer_hour: int = Field(60, ge=1, description="messages of one customer an hour")
    rate_address_minute: int = Field(60, ge=1, description="messages from one address a minute")
    rate_visitors_hour: int = Field(30, ge=1, description="new visitors from one address an hour")
    rate_key_minute: int = Field(
        60_000, ge=0, description="messages that one service key brings a minute; 0: no limit"
    )
    redis_url: str = Field(
        "", description="redis://host:6379/0, where replicas count rates; empty: in PostgreSQL"
    )
    hot_window: Literal["postgres", "memory", "redis"] = Field(
        "postgres",
        description="where the turns that a model reads again are kept ready beside the transcript",
    )
    budget_customer_tokens: int = Field(
        2_000_000, ge=0, description="tokens of paid models for one customer a day; 0: no limit"
    )
    budget_customer_usd: float = Field(
        5.0, ge=0, description="US dollars for one customer a day, by list prices; 0: no limit"
    )
    budget_company_tokens: int = Field(
        0, ge=0, description="tokens of paid models for all customers a day; 0: no limit"
    )
    budget_company_usd: float = Field(
        500.0, ge=0, description="US dollars for all customers a day, by list prices; 0: no limit"
    )
    attachment_bytes: int = Field(
        5_000_000, ge=1000, le=50_000_000, description="the largest file of a customer"
    )
    smtp_url: str = Field(
        "",
        description="smtp://user:password@host:587 or smtps://…, for mail to customers; empty: none is sent",
    )
    mail_from: str = Field("", description="the address that mail comes from: OurShop <support@shop.example>")
    queue_limit: int = Field(2000, ge=1, description="turns that may wait or run in one process")
    queue_seconds: float = Field(
        5.0, gt=0, description="a message that would wait longer than this behind others is refused with 503"
    )
    request_limit: int = Field(3000, ge=1, description="requests open at once in one process, streams aside")
    stream_limit: int = Field(2000, ge=1, description="event streams open at once in one process")
    stream_limit_customer: int = Field(
        10, ge=1, description="event streams of one customer or member of staff open at once in one process"
    )
    upload_limit: int = Field(20, ge=1, description="files that one process takes in at once")

    window_turns: int = Field(8, ge=1, le=100, description="turns of the transcript a model reads")
    window_chars: int = Field(12_000, ge=500, description="characters of the transcript a model reads")
    max_model_calls: int = Field(6, ge=1, le=50, description="calls to the model in one turn")
    max_tool_calls: int = Field(12, ge=1, le=100, description="tool calls in one turn")
    tool_timeout: float = Field(10.0, gt=0, le=120, description="seconds for one tool call")
    turn_seconds: float = Field(60.0, gt=0, description="a turn that takes longer ends with a handover")
    lease_seconds: float = Field(5.0, ge=1, description="after this silence another process takes a turn")

    earlier_secrets: Words = Field(
        (), description="values FRONTDESK_SECRET had before, so that receipts signed with them still verify"
    )
    backups: str = Field(
        "", description="a JSON file of your backups, [{name, keep_days}]: receipts of erasures name them"
    )
    audit_anchor: str = Field(
        "", description="a second file or an https URL for the audit log's daily anchor, beside data_dir"
    )
    redact: bool = Field(False, description="keep personal data from models: they read placeholders")
    keep_conversations_days: int = Field(
        730, ge=0, description="a customer's conversation is erased after this rest; 0: never"
    )
    keep_visitors_days: int = Field(
        90, ge=0, description="a visitor's conversation is erased after this rest; 0: never"
    )
    keep_traces_days: int = Field(
        90, ge=0, description="arguments and results of tools are taken out of turns this old; 0: never"
    )
    keep_attachments_days: int = Field(180, ge=0, description="files are deleted at this age; 0: never")
    keep_questions_days: int = Field(
        365, ge=0, description="questions behind gaps are deleted at this age; 0: never"
    )
    keep_mail_days: int = Field(30, ge=0, description="sent mail is forgotten at this age; 0: never")

    answer_at: float = Field(0.0, description="confidence from which an article is quoted; 0: the default")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="what is logged")
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="auto: text on a terminal, else JSON"
    )

    trace_content: bool = Field(
        False, description="whether texts of customers, models and tools stand in spans; see observability.md"
    )
    metrics: bool = Field(False, description="count, and answer GET /metrics of this machine's own processes")
    metrics_token: str = Field(
        "",
        description="who has it, 16 characters or more, reads /metrics from anywhere; nobody without it then",
    )

    @field_validator(
        "fallback_models", "service_keys", "allowed_origins", "earlier_secrets", "oidc_roles", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @cached_property
    def development(self) -> bool:
        """Whether this is development mode, which only loopback may reach."""
        return self.environment == "development"

    @cached_property
    def model_name(self) -> str:
        """The chosen chat model: as set, else OpenAI where its key is set, else the local one."""
        if self.model:
            return self.model
        return "openai:gpt-4o-mini" if os.environ.get("OPENAI_API_KEY") else "local"


def development_secret(path: Path) -> str:
    """A secret made once in a file of the data folder, for development. Raises SettingsError for a damaged one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600, exist_ok=False)
        fresh.write_text(secrets.token_urlsafe(32), encoding="ascii")
        with suppress(FileExistsError):  # two servers starting at once: the first link wins, both read it
            path.hardlink_to(fresh)
        fresh.unlink()
    secret = path.read_text(encoding="ascii").strip()
    if len(secret) < 32 or path.stat().st_mode & 0o077:
        raise SettingsError(f"{path.name} in the data folder is damaged or readable by others: delete it")
    return secret


def unknown_names() -> list[str]:
    """A sentence for each FRONTDESK_ variable that is no setting: misspelt, as a rule."""
    known = {f"FRONTDESK_{name.upper()}" for name in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known}
    sentences: list[str] = []
    for name in sorted(n for n in os.environ if n.startswith("FRONTDESK_") and n not in known):
        near = difflib.get_close_matches(name, known, 1)
        sentences.append(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    return sentences


def _from_files() -> dict[str, str]:
    """What FRONTDESK_<NAME>_FILE names, for each setting; a provider's <NAME>_API_KEY_FILE goes to where it looks for it."""
    found: dict[str, str] = {}
    for name in [name for name in os.environ if name.endswith("_FILE")]:
        variable = name.removesuffix("_FILE")
        setting = variable.removeprefix("FRONTDESK_").lower()
        ours = variable.startswith("FRONTDESK_") and setting in Settings.model_fields
        if not ours and variable not in PROVIDER_KEYS:
            continue
        try:
            text = Path(os.environ[name]).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            raise SettingsError(f"{name}: the file cannot be read") from None
        if not text:
            raise SettingsError(f"{name}: the file is empty")
        if os.environ.get(variable, text) != text:
            raise SettingsError(f"{variable} and {name} are both set, and differ: keep one of them")
        if ours:
            found[setting] = text
        else:
            os.environ[variable] = text
    return found


def load(**changes: object) -> Settings:
    """Settings from the environment, and from files that FRONTDESK_<NAME>_FILE names, as secrets are handed over.

    Raises SettingsError with a sentence for each that is wrong.
    """
    try:
        settings = Settings(**{**_from_files(), **changes})  # pyright: ignore[reportArgumentType]
    except ValidationError as error:
        lines = [f"FRONTDESK_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("; ".join(lines)) from None
    if settings.hot_window == "redis" and not settings.redis_url:
        raise SettingsError(
            "FRONTDESK_HOT_WINDOW=redis: set FRONTDESK_REDIS_URL, redis://host:6379/0, as well"
        )
    if settings.development and settings.host not in LOOPBACK:
        raise SettingsError(
            f"development mode listens on loopback only, not on {settings.host}: "
            "set FRONTDESK_ENVIRONMENT=production, FRONTDESK_SERVICE_KEYS and FRONTDESK_JWT_KEYS"
        )
    return settings
