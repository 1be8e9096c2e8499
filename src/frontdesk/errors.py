"""Every error Frontdesk raises: a code, an HTTP status, and a docstring a person can act on.

The docstring of a class is the sentence the caller reads; none of them repeats what the caller sent.
"""

from __future__ import annotations


class FrontdeskError(Exception):
    """Something went wrong in Frontdesk."""

    code = "internal_error"
    status = 500
    retry_after: int | None = None

    def __init__(self, detail: str = "", *, retry_after: int | None = None) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().splitlines()[0]
        if retry_after is not None:
            self.retry_after = retry_after
        super().__init__(self.detail)


class SettingsError(FrontdeskError):
    """A setting is wrong; the message says which and what to write."""

    code = "settings_error"


class DeclarationError(FrontdeskError):
    """A tool or a desk is declared wrongly; the message says what to write."""

    code = "declaration_error"


# ------------------------------------------------------------------ who is asking
class MissingCredentials(FrontdeskError):
    """Send a service key, a customer's token, or a widget session in the Authorization header."""

    code, status = "missing_credentials", 401


class InvalidToken(FrontdeskError):
    """The token was not accepted."""

    code, status = "invalid_token", 401


class TokenExpired(FrontdeskError):
    """The token has expired; ask the shop's backend for a new one."""

    code, status = "token_expired", 401


class SessionRevoked(FrontdeskError):
    """This session has ended; start a new one."""

    code, status = "session_revoked", 401


class ServiceKeyInBrowser(FrontdeskError):
    """A service key was sent by a browser: it has leaked. Revoke it and use customer tokens there."""

    code, status = "service_key_in_browser", 403


class UserMismatch(FrontdeskError):
    """The user_id in the body is not the customer the token was made for."""

    code, status = "user_mismatch", 403


class OriginNotAllowed(FrontdeskError):
    """This origin may not use this service."""

    code, status = "origin_not_allowed", 403


class TokenInUrl(FrontdeskError):
    """Credentials never go in a URL; send them in the Authorization header."""

    code, status = "token_in_url", 400


# ------------------------------------------------------------------ what was sent
class NotFound(FrontdeskError):
    """There is nothing here under that name, or it is not yours."""

    code, status = "not_found", 404


class MalformedBody(FrontdeskError):
    """The body is not well-formed JSON."""

    code, status = "malformed_body", 400


class InvalidBody(FrontdeskError):
    """The body is JSON, but not what this endpoint takes."""

    code, status = "invalid_body", 422


class BodyTooLarge(FrontdeskError):
    """The body is over 64 KB."""

    code, status = "body_too_large", 413


class TicketUnderWay(FrontdeskError):
    """The ticket's id may not be known here yet, or its replies could not be read; tell it again in a moment."""

    code, status, retry_after = "ticket_under_way", 503, 30


class NotAttachable(FrontdeskError):
    """Attach a PNG, JPEG, GIF or WebP picture, or a PDF."""

    code, status = "not_attachable", 415


class TooManyAttachments(FrontdeskError):
    """A conversation holds ten files."""

    code, status = "too_many_attachments", 409


class MailOff(FrontdeskError):
    """This desk sends no mail: FRONTDESK_SMTP_URL is not set."""

    code, status = "mail_off", 409


class NotJson(FrontdeskError):
    """Send application/json."""

    code, status = "not_json", 415


class IdempotencyMismatch(FrontdeskError):
    """This client_message_id was used before with another message."""

    code, status = "idempotency_mismatch", 422


class GapConflict(FrontdeskError):
    """The gap is not in a state that allows this."""

    code, status = "gap_conflict", 409


class SecretMissing(SettingsError):
    """FRONTDESK_SECRET: set 32 characters or more that nobody knows; they sign the receipts of erasures."""

    code, status = "secret_missing", 409


# ------------------------------------------------------------------ actions
class Conflict(FrontdeskError):
    """Somebody else was faster: load the page again."""

    code, status = "conflict", 409


class EffectUnderWay(FrontdeskError):
    """An action of this customer is being carried out; try again in a few seconds."""

    code, status, retry_after = "effect_under_way", 409, 5


class PermissionDenied(FrontdeskError):
    """You may not do this."""

    code, status = "permission_denied", 403


class ActionDecided(FrontdeskError):
    """This action has been decided already; nothing was done again."""

    code, status = "action_decided", 409


class TokenMismatch(FrontdeskError):
    """The token is not the one that was made for this action; nothing was done."""

    code, status = "token_mismatch", 409


class ActionStale(FrontdeskError):
    """What this would change has changed since it was proposed; nothing was done. Ask for it again."""

    code, status = "action_stale", 409


class ActionExpired(FrontdeskError):
    """This proposal has run out; nothing was done. Ask for it again."""

    code, status = "action_expired", 410


class ApprovalNotYours(FrontdeskError):
    """Who asked for an action cannot approve it, and nobody approves twice."""

    code, status = "approval_not_yours", 409


class ReasonMissing(FrontdeskError):
    """Say why in words: the customer is told the reason."""

    code, status = "reason_missing", 422


class BackendUnavailable(FrontdeskError):
    """The backend that this is about does not answer; nothing was done. Try again in a moment."""

    code, status, retry_after = "backend_unavailable", 503, 5


class Superseded(FrontdeskError):
    """A newer message has come in; what this turn wanted to change is not proposed."""

    code = "superseded"


# ------------------------------------------------------------------ not now
class RateLimited(FrontdeskError):
    """Too many messages; wait a little."""

    code, status, retry_after = "rate_limited", 429, 30


class QueueFull(FrontdeskError):
    """Too much work is waiting; try again in a moment."""

    code, status, retry_after = "queue_full", 503, 5


class TooManyStreams(FrontdeskError):
    """Too many event streams of one customer are open; close one, or try again in a moment."""

    code, status, retry_after = "too_many_streams", 429, 10


class Draining(FrontdeskError):
    """This server is stopping; another one, or the next start, will take the message."""

    code, status, retry_after = "draining", 503, 5


class DatabaseUnavailable(FrontdeskError):
    """The database does not answer. Try again; with the same client_message_id a message is answered once."""

    code, status, retry_after = "database_unavailable", 503, 5


# ------------------------------------------------------------------ inside a turn
class ToolError(FrontdeskError):
    """A tool could not do what was asked. Its message is shown to the model and may reach the customer."""

    code = "tool_error"


class ToolNotFound(ToolError):
    """There is no such thing on this customer's account.

    Raise it for what is absent and for what belongs to somebody else: both must look alike.
    """

    code = "not_found"


class ToolUnavailable(ToolError):
    """The backend behind the tool does not answer."""

    code = "unavailable"


class ToolRefused(ToolError):
    """This cannot be done.

    Raise it where the backend has said no and nothing was changed. What else is raised while something is being
    changed leaves open whether it was: then the backend is asked.
    """

    code = "refused"


class ModelError(FrontdeskError):
    """No chat model could be asked.

    ``reason`` says why in two or three words, without a key and without what was asked: "timeout", "HTTP 429".
    """

    code = "model_error"

    def __init__(self, detail: str = "", *, reason: str = "failed", retry_after: int | None = None) -> None:
        self.reason = reason
        super().__init__(detail, retry_after=retry_after)
        if not detail:
            self.args = (f"{self.detail} ({reason})",)


class ModelUnavailable(ModelError):
    """The model's endpoint does not answer as it should; the same request may work a moment later."""


class ModelRejected(ModelError):
    """The model's endpoint did not accept this request; another one may pass."""


class ModelMisconfigured(ModelError):
    """The model's endpoint turned Frontdesk away: check the model's name, its key and its address."""


class LeaseLost(FrontdeskError):
    """Another process took this conversation over; what this one worked out is discarded."""

    code = "lease_lost"


class DataRefused(FrontdeskError):
    """The database cannot hold this value."""

    code = "data_refused"


class EmbeddingModelDamaged(FrontdeskError):
    """The embedding model's file is not the one that was built; install Frontdesk again."""

    code = "embedding_model_damaged"


class EmbeddingsUnavailable(FrontdeskError):
    """The embedding model does not answer; until it does, searches go by words alone."""

    code, status, retry_after = "embeddings_unavailable", 503, 5


class SourceUnavailable(FrontdeskError):
    """A source of the knowledge base cannot be reached; nothing of it was removed."""

    code, status = "source_unavailable", 503


class NoJobs(FrontdeskError):
    """This process does no jobs: start it without --no-jobs, or ask another one."""

    code, status = "no_jobs", 503


class UrlNotAllowed(FrontdeskError):
    """This address may not be fetched: only public web addresses are."""

    code, status = "url_not_allowed", 422


class KnowledgeFolderMissing(FrontdeskError):
    """The knowledge folder does not exist; nothing was synced and nothing removed."""

    code = "knowledge_folder_missing"
