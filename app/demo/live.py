"""A live connection: subscriptions over graphql-transport-ws, each message with its arrival."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from app.demo.client import PATIENCE, StoryStopped, no_answer, refusal


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message's ``data``, and when it was here by this process's ``perf_counter``."""

    data: Any
    at: float


class Subscription:
    """What arrives for one operation, in order."""

    def __init__(self) -> None:
        self._arrived: asyncio.Queue[Arrival | StoryStopped] = asyncio.Queue()

    def put(self, item: Arrival | StoryStopped) -> None:
        self._arrived.put_nowait(item)

    async def next(self, seconds: float = PATIENCE) -> Arrival:
        """Raises StoryStopped when the stream ends, TimeoutError when nothing comes in time."""
        item = await asyncio.wait_for(self._arrived.get(), seconds)
        if isinstance(item, StoryStopped):
            raise item
        return item


class Live:
    """One engineer's socket after the greeting."""

    def __init__(self, endpoint: str, socket: ClientConnection) -> None:
        self._endpoint = endpoint
        self._socket = socket
        self._ids = map(str, itertools.count(1))
        self._running: dict[str, Subscription] = {}

    async def subscribe(self, document: str, **variables: Any) -> Subscription:
        operation = next(self._ids)
        self._running[operation] = subscription = Subscription()
        await self.send(
            id=operation, type="subscribe", payload={"query": document, "variables": variables}
        )
        return subscription

    async def send(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self._socket.recv())
        return message

    async def read(self) -> None:
        """Hand out what comes in until the socket closes, which ends every subscription."""
        try:
            while True:
                await self._hand_out(await self.receive(), perf_counter())
        except WebSocketException as error:
            for subscription in self._running.values():
                subscription.put(StoryStopped(f"The live connection was lost: {error}"))

    async def _hand_out(self, message: dict[str, Any], at: float) -> None:
        if message["type"] == "ping":
            await self.send(type="pong")
            return
        subscription = self._running.get(message.get("id", ""))
        if subscription is None:
            return
        match message["type"]:
            case "next" if not message["payload"].get("errors"):
                subscription.put(Arrival(message["payload"]["data"], at))
            case "next":
                subscription.put(StoryStopped(refusal(self._endpoint, message["payload"])))
            case "error":
                subscription.put(StoryStopped(refusal(self._endpoint, message["payload"])))
            case "complete":
                subscription.put(StoryStopped("The server ended a live stream."))


@asynccontextmanager
async def live(endpoint: str, token: str) -> AsyncIterator[Live]:
    """Connect and sign in. Raises StoryStopped where that is refused or nobody answers."""
    scheme, *rest = urlsplit(endpoint)
    address = urlunsplit(("wss" if scheme == "https" else "ws", *rest))
    try:
        socket = await connect(
            address,
            subprotocols=[Subprotocol("graphql-transport-ws")],
            compression=None,
            proxy=None,
            open_timeout=PATIENCE,
        )
    except (OSError, WebSocketException) as error:
        raise StoryStopped(no_answer(address, error)) from error
    async with socket:
        connection = Live(endpoint, socket)
        await _greet(connection, address, token)
        reader = asyncio.create_task(connection.read())
        try:
            yield connection
        finally:
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader


async def _greet(connection: Live, address: str, token: str) -> None:
    try:
        await connection.send(type="connection_init", payload={"authorization": f"Bearer {token}"})
        answer = await asyncio.wait_for(connection.receive(), PATIENCE)
    except (TimeoutError, WebSocketException) as error:
        raise StoryStopped(f"The live connection to {address} was refused: {error}") from error
    if answer["type"] != "connection_ack":
        raise StoryStopped(f"The live connection to {address} answered {answer['type']!r}.")
