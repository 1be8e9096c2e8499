"""Where spans go: to an OTLP/HTTP endpoint, in batches, from a thread of its own.

Read from OpenTelemetry's own variables. Nothing waits for it: a queue that is full drops spans, and counts them.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import structlog

from frontdesk.errors import SettingsError
from frontdesk.telemetry import metrics, spans, wire

log = structlog.get_logger("frontdesk.telemetry")

PREFIX = "OTEL_EXPORTER_OTLP_"
SECONDS = 10.0  # for one request
PAUSES = (1.0, 2.0, 4.0)  # before a batch is sent again
PART = 32  # spans that are encoded at a stretch: 0.2 ms
AGAIN = {429, 502, 503, 504}
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
RATIO = 1 << 56


class Exporter(threading.Thread):
    """Sends what it is handed. ``start`` it, and ``stop`` it: what is left then is sent first."""

    def __init__(self, environment: Mapping[str, str], version: str, deployment: str) -> None:
        """Raises SettingsError with what to write instead."""
        super().__init__(name="otlp", daemon=True)
        self._url = _endpoint(environment)
        self._headers = _headers(environment)
        self._gzip = _otlp(environment, "COMPRESSION") == "gzip"
        self._resource = _resource(environment, version, deployment)
        self._version = version
        self._opener = _opener(self._url, _otlp(environment, "CERTIFICATE"))
        self._most = _number(environment, "OTEL_BSP_MAX_QUEUE_SIZE", 8192)
        self._batch = min(self._most, _number(environment, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512))
        self._delay = _number(environment, "OTEL_BSP_SCHEDULE_DELAY", 5000) / 1000
        self._queue: list[spans.Span] = []
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._failing = False

    def take(self, span: spans.Span) -> None:
        """An ended span; from any thread, without waiting."""
        if len(self._queue) >= self._most:
            metrics.spans_dropped.add()
            return
        self._queue.append(span)
        if len(self._queue) == self._batch:
            self._due.set()

    def run(self) -> None:
        """Send batch after batch, until stopped and empty."""
        while not self._stopping.is_set():
            self._due.wait(self._delay)
            self._due.clear()
            while len(self._queue) >= self._batch:
                self._send()
            self._send()

    def stop(self, seconds: float = 5.0) -> None:
        """Send what there is and end; what cannot be sent in time is lost."""
        self._stopping.set()
        self._due.set()
        self.join(seconds)

    def _send(self) -> None:
        batch = self._queue[: self._batch]
        del self._queue[: len(batch)]
        if not batch:
            return
        encoded: list[bytes] = []
        for span in batch:
            encoded.append(span.encoded())
            if not len(encoded) % PART:
                time.sleep(0)  # let the event loop have its turn
        body = wire.request(self._resource, "frontdesk", self._version, encoded)
        sent = self._post(gzip.compress(body, 5) if self._gzip else body)
        if not sent:
            metrics.spans_dropped.add(n=len(batch))
        if sent == self._failing:  # said once when it begins and once when it is over
            self._failing = not sent
            (log.info if sent else log.warning)("traces reach their endpoint" if sent else "traces are lost")

    def _post(self, body: bytes) -> bool:
        request = urllib.request.Request(self._url, body, self._headers, method="POST")  # noqa: S310  (checked in _endpoint)
        for pause in (*PAUSES, 0.0):
            try:
                with self._opener.open(request, timeout=SECONDS) as answer:
                    answer.read()
                    return True
            except urllib.error.HTTPError as error:
                error.close()
                if error.code not in AGAIN:
                    return False
            except OSError:
                pass
            if not pause or self._stopping.wait(pause):
                return False
        return False


@asynccontextmanager
async def tracing(version: str, deployment: str, *, content: bool = False) -> AsyncGenerator[None]:
    """Trace for as long as the context lasts, where OTEL_EXPORTER_OTLP_ENDPOINT names where to.

    A process traces to one place: of several contexts the first decides. Raises SettingsError with what to write
    instead.
    """
    environment = os.environ
    off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    off = off or environment.get("OTEL_TRACES_EXPORTER", "otlp") == "none"
    if off or spans.on() or not _otlp(environment, "ENDPOINT"):
        yield
        return
    sampler = _sampler(environment)
    exporter = Exporter(environment, version, deployment)
    exporter.start()
    spans.switch(exporter.take, sampler, content=content)
    try:
        yield
    finally:
        spans.switch(None)
        await asyncio.to_thread(exporter.stop)


# ------------------------------------------------------------------ OpenTelemetry's variables
def _otlp(environment: Mapping[str, str], name: str) -> str:
    """A variable of the exporter's: the one for traces, else the one for all signals."""
    return environment.get(f"{PREFIX}TRACES_{name}") or environment.get(f"{PREFIX}{name}") or ""


def _endpoint(environment: Mapping[str, str]) -> str:
    protocol = _otlp(environment, "PROTOCOL") or "http/protobuf"
    if protocol != "http/protobuf":
        raise SettingsError(f"{PREFIX}PROTOCOL: write http/protobuf (port 4318 as a rule), not {protocol}")
    url = environment.get(f"{PREFIX}TRACES_ENDPOINT", "")
    if not url:  # the one for all signals lacks the path
        url = f"{environment[f'{PREFIX}ENDPOINT'].rstrip('/')}/v1/traces"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{PREFIX}ENDPOINT: write an address such as http://127.0.0.1:4318")
    return url


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    sent = {"Content-Type": "application/x-protobuf", "User-Agent": "frontdesk"}
    if _otlp(environment, "COMPRESSION") == "gzip":
        sent["Content-Encoding"] = "gzip"
    return sent | _pairs(_otlp(environment, "HEADERS"), f"{PREFIX}HEADERS")


def _resource(environment: Mapping[str, str], version: str, deployment: str) -> dict[str, str]:
    about = {
        "service.name": "frontdesk",
        "service.version": version,
        "service.instance.id": str(uuid4()),
        "deployment.environment.name": deployment,
        "host.name": socket.gethostname(),
        "telemetry.sdk.name": "frontdesk",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": version,
    }
    about |= _pairs(environment.get("OTEL_RESOURCE_ATTRIBUTES", ""), "OTEL_RESOURCE_ATTRIBUTES")
    return about | ({"service.name": name} if (name := environment.get("OTEL_SERVICE_NAME")) else {})


def _pairs(text: str, variable: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise SettingsError(f"{variable}: write name=value pairs with commas between them")
        found[unquote(key.strip())] = unquote(value.strip())
    return found


def _number(environment: Mapping[str, str], variable: str, default: int) -> int:
    text = environment.get(variable) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{variable}: write a whole number, {default} for example")
    return int(text)


def _sampler(environment: Mapping[str, str]) -> spans.Sampler:
    name = environment.get("OTEL_TRACES_SAMPLER") or "parentbased_always_on"
    follows, kind = name.startswith("parentbased_"), name.removeprefix("parentbased_")
    if kind not in ("always_on", "always_off", "traceidratio"):
        raise SettingsError("OTEL_TRACES_SAMPLER: write parentbased_always_on or parentbased_traceidratio")
    try:
        ratio = float(environment.get("OTEL_TRACES_SAMPLER_ARG") or 1) if kind == "traceidratio" else 1.0
    except ValueError:
        raise SettingsError("OTEL_TRACES_SAMPLER_ARG: write a number from 0 to 1, 0.1 for example") from None
    below = 0 if kind == "always_off" else int(ratio * RATIO)

    def sampled(trace: bytes, caller: bool | None) -> bool:
        if follows and caller is not None:
            return caller
        # Ids of one moment count up: only their hashes are spread evenly.
        return int.from_bytes(hashlib.blake2b(trace, digest_size=7).digest()) < below

    return sampled


def _opener(url: str, certificate: str) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = []
    if urlsplit(url).hostname in LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    if certificate:
        try:
            handlers.append(
                urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=certificate))
            )
        except OSError:
            raise SettingsError(
                f"{PREFIX}CERTIFICATE: name a readable file with the certificate of the CA"
            ) from None
    return urllib.request.build_opener(*handlers)
