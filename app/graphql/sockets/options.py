"""What a deployment may set about sockets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketOptions:
    """``timeout`` is a query's, from its message to its answer; mutations and subscriptions have
    none. A client may send ``messages_at_once``, and ``messages_per_second`` in the long run."""

    introspection: bool = False
    timeout: timedelta = timedelta(seconds=10)
    init_timeout: timedelta = timedelta(seconds=5)
    sign_in_timeout: timedelta = timedelta(seconds=5)
    ping_interval: timedelta = timedelta(seconds=20)
    ping_timeout: timedelta = timedelta(seconds=20)
    max_operations: int = 50
    messages_per_second: int = 50
    messages_at_once: int = 200
