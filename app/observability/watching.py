"""What the parts of a running process know about themselves, as metrics."""

import time
from typing import Any

from app.graphql.live import Live
from app.observability.metrics import Metrics
from app.worker import Carrier
from app.worker.assessor import Assessor
from db.database import Database
from db.embedded import EmbeddedServer
from services.events import Doorbell
from services.events.follow import Hub
from services.events.pages import Source
from services.events.pruning import Pruner


def watch(
    metrics: Metrics,
    *,
    database: Database,
    hub: Hub | None = None,
    pruner: Pruner | None = None,
    carrier: Carrier | None = None,
    assessor: Assessor | None = None,
    doorbell: Doorbell | None = None,
    server: EmbeddedServer | None = None,
) -> None:
    """``doorbell`` is for a process without a hub, which has one itself."""
    metrics.watch(
        "baton_database_connections_in_use",
        "Connections of the pool that are working now.",
        lambda: database.connections_in_use,
    )
    if hub is not None:
        doorbell = hub.doorbell
        _watch_logs(metrics, hub)
    if doorbell is not None:
        _watch_doorbell(metrics, doorbell)
    if pruner is not None:
        _watch_pruning(metrics, pruner)
    if carrier is not None:
        _watch_carrier(metrics, carrier)
    if assessor is not None:
        _watch_assessor(metrics, assessor)
    if server is not None:
        metrics.watch_count(
            "baton_embedded_restarts",
            "Times the embedded PostgreSQL was started again after it had ended by itself.",
            lambda: server.restarts,
        )


def _watch_doorbell(metrics: Metrics, doorbell: Doorbell) -> None:
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


def _watch_logs(metrics: Metrics, hub: Hub) -> None:
    tally = hub.tally
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
    metrics.watch_counts(
        "baton_event_wakes",
        "Times a log followed here was found to have grown. by: who was first to say so.",
        "by",
        lambda: {source: tally.wakes[source] for source in Source},
    )
    metrics.watch_count(
        "baton_event_reads",
        "Reads of a log's end, each for all who follow it here.",
        lambda: tally.reads,
    )
    metrics.watch_count(
        "baton_event_replays",
        "Reads for one stream alone, of what it had missed.",
        lambda: tally.replays,
    )
    metrics.watch_count(
        "baton_event_gaps",
        "Times a log had a hole: nothing is read over it. Never, in health.",
        lambda: tally.gaps,
    )


def _watch_pruning(metrics: Metrics, pruner: Pruner) -> None:
    def since() -> float | None:
        return None if pruner.done_at is None else time.monotonic() - pruner.done_at

    metrics.watch_count(
        "baton_events_pruned",
        "Events deleted by this process because they were older than events are kept.",
        lambda: pruner.pruned,
    )
    metrics.watch(
        "baton_event_pruning_age_seconds",
        "Since this process last looked for old events and left none. It looks every hour.",
        since,
    )


def _watch_carrier(metrics: Metrics, carrier: Carrier) -> None:
    """What is due and what is dead is of the whole installation, whichever process is asked."""

    def oldest_due() -> float | None:
        return None if carrier.backlog is None else carrier.backlog.oldest.total_seconds()

    def dead() -> float | None:
        return None if carrier.backlog is None else carrier.backlog.dead

    metrics.watch(
        "baton_delivery_oldest_due_seconds",
        "For how long the account that waits longest for a worker has had something due.",
        oldest_due,
    )
    metrics.watch(
        "baton_carrier_silence_seconds",
        "Since this process last looked for deliveries. It looks every second.",
        lambda: carrier.pulse.silence,
    )
    metrics.watch(
        "baton_lookout_silence_seconds",
        "Since this process last looked for calls that nobody heard. It looks every second.",
        lambda: carrier.lookout.pulse.silence,
    )
    metrics.watch("baton_deliveries_running", "Attempts under way here.", lambda: carrier.running)
    metrics.watch(
        "baton_delivery_oldest_running_seconds",
        "How long the oldest attempt under way here has taken so far.",
        lambda: carrier.oldest_running,
    )
    metrics.watch(
        "baton_deliveries_dead",
        "Deliveries given up that nobody has asked for again, of all accounts.",
        dead,
    )


def watch_live(metrics: Metrics, live: Live[Any]) -> None:
    tally = live.tally
    tally.on_event = metrics.event_handed_out
    metrics.watch(
        "baton_stream_groups",
        "Subscriptions that differ: those who share one count once.",
        lambda: len(live.groups),
    )
    metrics.watch(
        "baton_stream_members",
        "Subscribers who share their subscription with whoever asks the same.",
        lambda: sum(group.size for group in live.groups.values()),
    )
    metrics.watch_count(
        "baton_stream_executions",
        "Events executed: once for a group, and once for a subscriber who shares with nobody.",
        lambda: tally.executed,
    )
    metrics.watch_count(
        "baton_stream_deliveries", "Events handed to subscribers.", lambda: tally.delivered
    )
    metrics.watch_count(
        "baton_stream_fallen_behind",
        "Times a subscriber had no room for an event; see the outcome RESYNC_REQUIRED of "
        "baton_subscriptions_ended for who did not catch up.",
        lambda: tally.fell_behind,
    )


def _watch_assessor(metrics: Metrics, assessor: Assessor) -> None:
    """What is due is of the whole installation, whichever process is asked."""

    def oldest_due() -> float | None:
        return None if assessor.oldest_due is None else assessor.oldest_due.total_seconds()

    metrics.watch(
        "baton_assessment_oldest_due_seconds",
        "For how long the account that waits longest for a worker has had an assessment due.",
        oldest_due,
    )
    metrics.watch(
        "baton_assessor_silence_seconds",
        "Since this process last looked for assessments. It looks every second.",
        lambda: assessor.pulse.silence,
    )
    metrics.watch(
        "baton_assessments_asking", "Questions within their budget here.", lambda: assessor.asking
    )
    metrics.watch(
        "baton_assessments_late",
        "Answers that are waited for here after their budget.",
        lambda: assessor.waiting_late,
    )
