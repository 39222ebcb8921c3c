"""A thin client of graphql-transport-ws: one socket, one subscription at a time."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from tests.chaos.streams.endings import ComeBack, closed, completed, ended

OPENING = 10.0  # seconds


class SocketConnection:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._id = 0

    async def sign_in(self, token: str) -> None:
        await self._say(type="connection_init", payload={"token": token})
        message = await self._hear()
        if message["type"] != "connection_ack":
            raise AssertionError(message)

    async def subscribe(self, document: str, after: str | None) -> None:
        """A new subscription; the one before, if any, is ended."""
        if self._id:
            await self._say(type="complete", id=str(self._id))
        self._id += 1
        payload = {"query": document, "variables": {"after": after}}
        await self._say(type="subscribe", id=str(self._id), payload=payload)

    async def next(self) -> dict[str, Any]:
        """The next result. Raises ComeBack or Fatal; may be cancelled without losing any."""
        while True:
            message = await self._hear()
            if message.get("id") != str(self._id):
                continue  # on its way when the one before was ended
            payload: Any = message.get("payload")
            match message["type"]:
                case "next":
                    return dict(payload)
                case "error":
                    raise ended(payload)
                case "complete":
                    raise completed()
                case _:
                    raise AssertionError(message)

    async def close(self) -> None:
        await self._socket.close()

    async def cut(self) -> None:
        self._socket.transport.abort()

    async def _say(self, **message: Any) -> None:
        try:
            await self._socket.send(json.dumps(message))
        except ConnectionClosed as end:
            raise _closed(end) from end

    async def _hear(self) -> dict[str, Any]:
        """Anything but pings, which are answered."""
        while True:
            try:
                message: dict[str, Any] = json.loads(await self._socket.recv())
            except ConnectionClosed as end:
                raise _closed(end) from end
            if message["type"] == "ping":
                await self._say(type="pong")
            elif message["type"] != "pong":
                return message


def _closed(end: ConnectionClosed) -> Exception:
    return closed(1006) if end.rcvd is None else closed(end.rcvd.code, end.rcvd.reason)


@asynccontextmanager
async def socket_connection(url: str, token: str) -> AsyncIterator[SocketConnection]:
    address = f"{url.replace('http://', 'ws://', 1)}/graphql"
    try:
        socket = await connect(
            address,
            subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
            ping_interval=None,
            open_timeout=OPENING,
            close_timeout=1,
            compression=None,
        )
    except (OSError, InvalidMessage) as error:  # nobody there, or gone in the middle of hello
        raise ComeBack(type(error).__name__) from error
    except InvalidStatus as error:
        if error.response.status_code == 503:
            raise ComeBack("HTTP 503") from error
        raise
    try:
        connection = SocketConnection(socket)
        await connection.sign_in(token)
        yield connection
    finally:
        # of no use any more, however it ended
        socket.transport.abort()
