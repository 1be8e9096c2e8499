"""What Frontdesk says of itself: structured logs, spans over OTLP, metrics for Prometheus. Ids, never texts."""

from frontdesk.telemetry.logs import configure

__all__ = ["configure"]
