"""Ending a response in the middle, so that its client takes the connection for lost.

ASGI can't say it: a response ends well, or its application has failed. But an end without
``complete`` that is a good one of HTTP is taken for a completed subscription by clients that do not
look for ``complete`` (urql, fetch-event-source), and they never come back.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

from httptools import HttpRequestParser
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app import tcp

CONNECTION: Final = "baton.connection"
"""Where it is found among the extensions of a scope."""

UNHEARD: Final = 60_000
"""Milliseconds without an acknowledgement until the kernel gives a connection up. Events and
heartbeats are all that is sent to a listener, and nothing comes back, so nobody else notices that
it is gone; by itself the kernel takes a quarter of an hour."""


class HttpProtocol(HttpToolsProtocol):
    """Uvicorn's, which lends its connection to the application."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: {"transport": self.transport}}

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        # the two know each other, and would wait for the garbage collector together
        self.parser = cast(HttpRequestParser, None)


def connection_of(scope: Scope) -> asyncio.Transport | None:
    """None under another server, or another of uvicorn's protocols."""
    lent = scope.get("extensions", {}).get(CONNECTION)
    return None if lent is None else lent["transport"]


def for_a_listener(connection: asyncio.Transport) -> None:
    """As the response that begins on it will be a long one (where there are such options)."""
    tcp.hold_little(connection)
    tcp.option(connection, "TCP_USER_TIMEOUT", UNHEARD)
