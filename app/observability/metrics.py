"""What is counted and measured, for Prometheus.

Labels come from closed lists in the code: no accounts, no names that clients choose.
"""

from collections.abc import Callable, Iterable, Mapping

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.assessments.finishing import Outcome

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
MODEL_SECONDS = (0.25, 0.5, 1, 2, 3, 4, 5, 8, 15, 30, 60, 120)

log = structlog.get_logger("app.observability")


class Metrics:
    """The registry of this process, and what the code itself counts.

    Values that other parts know already are read when somebody asks: ``watch``.
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self._watched = Watched()
        registry.register(self._watched)

        operation = ("transport", "kind", "outcome")
        self.operations = Counter(
            "baton_operations",
            "Queries and mutations answered. outcome: OK, CANCELLED or an error code.",
            operation,
            registry=registry,
        )
        self.operation_seconds = Histogram(
            "baton_operation_seconds",
            "From reading a query or mutation to its answer.",
            operation,
            buckets=SECONDS,
            registry=registry,
        )
        self.requests_refused = Counter(
            "baton_requests_refused",
            "Requests answered with an error code before there was an operation to run.",
            ("transport", "code"),
            registry=registry,
        )
        self.subscriptions_live = Gauge(
            "baton_subscriptions_live",
            "Subscriptions that run now.",
            ("transport",),
            registry=registry,
        )
        self.subscriptions_ended = Counter(
            "baton_subscriptions_ended",
            "Subscriptions that ended. outcome: OK, CANCELLED or an error code.",
            ("transport", "outcome"),
            registry=registry,
        )
        self.sockets_open = Gauge("baton_sockets_open", "WebSockets open now.", registry=registry)
        self.sockets_closed = Counter(
            "baton_sockets_closed",
            "WebSockets closed, by close code.",
            ("code",),
            registry=registry,
        )
        self.event_seconds = Histogram(
            "baton_stream_event_seconds",
            "From an event to its having been handed to all who share a subscription.",
            buckets=SECONDS,
            registry=registry,
        )
        self.sign_ins_refused = Counter(
            "baton_sign_ins_refused", "Tokens refused, by reason.", ("reason",), registry=registry
        )
        self.delivery_attempts = Counter(
            "baton_delivery_attempts",
            "Attempts made by this process. outcome: SENT, FAILED, REFUSED, or LOST when another "
            "worker had taken it over by then.",
            ("channel", "outcome"),
            registry=registry,
        )
        self.assessments_ended = Counter(
            "baton_assessments_ended",
            "Assessments ended by this process. state: READY, TIMED_OUT, FAILED, DISABLED, or LOST "
            "when another worker had taken it over by then. reason: why there is none; NONE; LATE "
            "of an answer that came after its budget.",
            ("state", "reason"),
            registry=registry,
        )
        self.assessment_seconds = Histogram(
            "baton_assessment_seconds",
            "From asking the language model to its answer, or to what came instead of one.",
            ("state",),
            buckets=MODEL_SECONDS,
            registry=registry,
        )
        self.assessment_tokens = Counter(
            "baton_assessment_tokens",
            "Tokens of the language model. direction: IN (asked) or OUT (answered).",
            ("direction",),
            registry=registry,
        )
        self.key_fetches = Counter(
            "baton_key_fetches",
            "Fetches of the identity provider's keys. outcome: OK or FAILED.",
            ("outcome",),
            registry=registry,
        )

    def event_handed_out(self, _receivers: int, seconds: float) -> None:
        self.event_seconds.observe(max(0.0, seconds))  # two clocks may have told the time

    def delivery_attempted(self, channel: str, outcome: str) -> None:
        self.delivery_attempts.labels(channel, outcome).inc()

    def assessment_ended(self, state: str, reason: str, outcome: Outcome) -> None:
        self.assessments_ended.labels(state, reason).inc()
        if outcome.latency_ms is not None:
            self.assessment_seconds.labels(state).observe(outcome.latency_ms / 1000)
        self.assessment_tokens.labels("IN").inc(outcome.tokens_in or 0)
        self.assessment_tokens.labels("OUT").inc(outcome.tokens_out or 0)

    def sign_in_refused(self, reason: str) -> None:
        self.sign_ins_refused.labels(reason).inc()

    def keys_fetched(self, worked: bool) -> None:
        self.key_fetches.labels("OK" if worked else "FAILED").inc()

    def watch(self, name: str, meaning: str, read: Callable[[], float | None]) -> None:
        """A gauge whose value is read when asked for; None means there is none at the moment."""
        self._watched.add(GaugeMetricFamily, name, meaning, read)

    def watch_count(self, name: str, meaning: str, read: Callable[[], float | None]) -> None:
        """The same for a number that only grows. ``_total`` is added to its name."""
        self._watched.add(CounterMetricFamily, name, meaning, read)

    def watch_counts(
        self, name: str, meaning: str, label: str, read: Callable[[], Mapping[str, float]]
    ) -> None:
        """The same for several of them, by the values of a label: a closed list, as above."""
        self._watched.add_labelled(name, meaning, label, read)


class Watched(Collector):
    """Values read at the moment of a scrape."""

    def __init__(self) -> None:
        self._readings: dict[str, Callable[[], Metric | None]] = {}

    def add(
        self,
        family: type[GaugeMetricFamily] | type[CounterMetricFamily],
        name: str,
        meaning: str,
        read: Callable[[], float | None],
    ) -> None:
        def reading() -> Metric | None:
            value = read()
            return None if value is None else family(name, meaning, value=value)

        self._readings[name] = reading

    def add_labelled(
        self, name: str, meaning: str, label: str, read: Callable[[], Mapping[str, float]]
    ) -> None:
        def reading() -> Metric:
            metric = CounterMetricFamily(name, meaning, labels=[label])
            for value, count in read().items():
                metric.add_metric([value], count)
            return metric

        self._readings[name] = reading

    def collect(self) -> Iterable[Metric]:
        for name, reading in self._readings.items():
            try:
                metric = reading()
            except Exception:  # one part that can't answer must not hide all the others
                log.warning("metrics.unreadable", metric=name, exc_info=True)
                continue
            if metric is not None:
                yield metric


class MetricsEndpoint:
    """``/metrics``: an ASGI application for one route."""

    def __init__(self, metrics: Metrics) -> None:
        self._registry = metrics.registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if request.method not in {"GET", "HEAD"}:
            answer = Response(status_code=405, headers={"allow": "GET, HEAD"})
        else:
            encode, content_type = choose_encoder(request.headers.get("accept", ""))
            body = encode(self._registry)
            answer = Response(body, headers={"content-type": content_type})
        await answer(scope, receive, send)
