"""What the parts of a running process know about themselves, as metrics."""

import time

from app.observability.metrics import Metrics
from db.database import Database
from db.embedded import EmbeddedServer
from services.events.follow import Hub


def watch(
    metrics: Metrics,
    *,
    database: Database,
    hub: Hub | None = None,
    server: EmbeddedServer | None = None,
) -> None:
    metrics.watch(
        "baton_database_connections_in_use",
        "Connections of the pool that are working now.",
        lambda: database.connections_in_use,
    )
    if hub is not None:
        _watch_events(metrics, hub)
    if server is not None:
        metrics.watch_count(
            "baton_embedded_restarts",
            "Times the embedded PostgreSQL was started again after it had ended by itself.",
            lambda: server.restarts,
        )


def _watch_events(metrics: Metrics, hub: Hub) -> None:
    doorbell = hub.doorbell

    def silence() -> float | None:
        heard = doorbell.last_heard_at
        return None if heard is None else time.monotonic() - heard

    metrics.watch(
        "baton_doorbell_connected",
        "1 while news from other processes arrives at once, 0 while it is only polled for.",
        lambda: int(doorbell.connected),
    )
    metrics.watch_count(
        "baton_doorbell_rebuilds",
        "Times the doorbell's connection had to be replaced.",
        lambda: doorbell.rebuilds,
    )
    metrics.watch(
        "baton_doorbell_silence_seconds",
        "Since the last message of any process, our own included.",
        silence,
    )
    metrics.watch(
        "baton_event_lag_seconds",
        "How long the oldest news known here and not read yet has waited.",
        lambda: hub.lag,
    )
    metrics.watch(
        "baton_event_followers", "Streams that stand in an event log.", lambda: hub.followers
    )
    metrics.watch(
        "baton_event_accounts", "Event logs that are followed here.", lambda: hub.accounts
    )
