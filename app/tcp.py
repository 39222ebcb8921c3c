"""What a connection whose client does not read may cost, and how it is got rid of."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any, Final

UNSENT: Final = 64 * 1024
"""Bytes that the kernel takes before they can be sent. Left alone it takes 4 MB, all of them old
when a slow client gets to see them, for each client who does not read."""
NO_LINGER: Final = struct.pack("ii", 1, 0)


def hold_little(connection: asyncio.Transport) -> None:
    """UNSENT, where there is such an option."""
    option(connection, "TCP_NOTSENT_LOWAT", UNSENT)


def option(connection: asyncio.Transport, name: str, value: int) -> None:
    """Set an option of TCP, if this system has it."""
    plug: Any = connection.get_extra_info("socket")
    if plug is not None and hasattr(socket, name):
        plug.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def reset(connection: asyncio.Transport) -> None:
    """Nothing that still waits is sent. Closing would wait until it is read, for ever, and the
    kernel would go on trying to deliver what it has."""
    plug: Any = connection.get_extra_info("socket")
    if plug is not None:
        with suppress(OSError):  # it is closed already
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    connection.abort()
