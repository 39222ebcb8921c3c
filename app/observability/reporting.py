"""What the transports tell, written into logs and metrics."""

from functools import cached_property
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from structlog.contextvars import bind_contextvars

from app.graphql.observer import CANCELLED, OK, Observer, Transport
from app.graphql.sockets.protocol import CloseCode
from app.observability.metrics import Metrics
from app.signin import Identity
from resolvers.errors import ErrorCode

OURS = {ErrorCode.INTERNAL, ErrorCode.UNAVAILABLE, ErrorCode.TIMEOUT}
"""Outcomes that an operator may have to do something about."""

OUTCOMES = {OK, CANCELLED, *ErrorCode}

# Those of the transports, and of RFC 6455, section 7.4.1. A client may send any of 3,000 others:
# they share one label.
CLOSE_CODES = {*CloseCode, 1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013}


class Reporter(Observer):
    """One line and one count for each operation; the request's id and account on every line.

    The logger is found once: to find its way anew for each line takes it as long as the line.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._finished: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}

    @cached_property
    def _log(self) -> Any:
        return structlog.get_logger("app.operations").bind()

    def entered(self, transport: Transport, request_id: str) -> None:
        bind_contextvars(request_id=request_id)

    def signed_in(self, identity: Any) -> None:
        if isinstance(identity, Identity):
            bind_contextvars(account=identity.account_slug, engineer=str(identity.actor.id))

    def refused(self, transport: Transport, code: str) -> None:
        self._metrics.requests_refused.labels(transport, _known(code)).inc()
        self._log.info("request.refused", transport=transport, code=code)

    def operation_finished(
        self, transport: Transport, kind: str, name: str | None, outcome: str, seconds: float
    ) -> None:
        labels = (transport, kind, _known(outcome))
        if labels not in self._finished:
            self._finished[labels] = (
                self._metrics.operations.labels(*labels),
                self._metrics.operation_seconds.labels(*labels),
            )
        count, time = self._finished[labels]
        count.inc()
        time.observe(seconds)
        self._say(
            "operation.finished", outcome, transport=transport, kind=kind, name=name, s=seconds
        )

    def subscription_started(self, transport: Transport, name: str | None) -> None:
        self._metrics.subscriptions_live.labels(transport).inc()
        self._log.debug("subscription.started", transport=transport, name=_short(name))

    def subscription_ended(
        self, transport: Transport, name: str | None, outcome: str, seconds: float
    ) -> None:
        self._metrics.subscriptions_live.labels(transport).dec()
        self._metrics.subscriptions_ended.labels(transport, _known(outcome)).inc()
        self._say("subscription.ended", outcome, transport=transport, name=name, s=seconds)

    def socket_opened(self) -> None:
        self._metrics.sockets_open.inc()

    def socket_closed(self, code: int) -> None:
        self._metrics.sockets_open.dec()
        self._metrics.sockets_closed.labels(int(code) if code in CLOSE_CODES else "other").inc()
        self._log.debug("socket.closed", code=code)

    def _say(self, event: str, outcome: str, *, name: str | None, s: float, **details: str) -> None:
        say = self._log.warning if outcome in OURS else self._log.info
        say(event, outcome=outcome, name=_short(name), seconds=round(s, 4), **details)


def _known(outcome: str) -> str:
    return outcome if outcome in OUTCOMES else "other"


def _short(name: str | None) -> str | None:
    """An operation's name is the client's choice, and may be long."""
    return name[:100] if name else None
