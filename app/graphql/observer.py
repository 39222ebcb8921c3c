"""What the transports tell whoever measures and logs."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

Transport: TypeAlias = Literal["http", "sse", "websocket"]

OK: Final = "OK"
CANCELLED: Final = "CANCELLED"


class Observer:
    """Does nothing; subclass it and override what is of interest.

    All methods are called on the event loop, between two steps of a request: they must be quick and
    must not raise. ``outcome`` is OK, CANCELLED (the client left, or completed it), or an
    ErrorCode. Operation names are the clients' choice: no good as a label of a metric.
    """

    def entered(self, transport: Transport, request_id: str) -> None:
        """A request or a socket's operation begins, in the task that serves it: context variables
        set here and in ``signed_in`` are seen by its resolvers, and by nothing else."""

    def signed_in(self, identity: Any) -> None:
        """Who asks is known; in the same task, after ``entered``."""

    def refused(self, transport: Transport, code: str) -> None:
        """A request was answered, or a socket's message, before there was an operation to run."""

    def operation_finished(
        self, transport: Transport, kind: str, name: str | None, outcome: str, seconds: float
    ) -> None:
        """A query or a mutation was answered or given up."""

    def subscription_started(self, transport: Transport, name: str | None) -> None: ...

    def subscription_ended(
        self, transport: Transport, name: str | None, outcome: str, seconds: float
    ) -> None: ...

    def socket_opened(self) -> None: ...

    def socket_closed(self, code: int) -> None:
        """``code`` is the close code, whichever side chose it; 1006 when there was none."""
