"""Which web pages may open a socket. Browsers let any page connect anywhere, and say where it is
from; programs say nothing, and hold their token themselves."""

from __future__ import annotations

from collections.abc import Iterable

from strawberry.http.websocket_origin import (
    is_same_origin,
    normalize_allowed_origins,
    normalize_origin,
)


class Origins:
    """``others`` are origins beside our own: ``https://desk.example``, or ``*`` for any."""

    def __init__(self, others: Iterable[str]) -> None:
        self.others = normalize_allowed_origins(others)

    def allow(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        origin = host = None
        for name, value in headers:
            if name == b"origin":
                origin = value.decode("latin-1")
            elif name == b"host":
                host = value.decode("latin-1")
        return (
            origin is None
            or "*" in self.others
            or normalize_origin(origin) in self.others
            or is_same_origin(origin, host)
        )
