"""Logs, metrics and health: what an operator sees of a running process."""

from app.observability.health import Health, schema_revision
from app.observability.logs import configure
from app.observability.metrics import Metrics, MetricsEndpoint
from app.observability.redaction import redact
from app.observability.reporting import Reporter
from app.observability.watching import watch

__all__ = [
    "Health",
    "Metrics",
    "MetricsEndpoint",
    "Reporter",
    "configure",
    "redact",
    "schema_revision",
    "watch",
]
