"""A small schema behind both transports, served by a real uvicorn, and clients that speak to it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

import httpx2
import orjson
import strawberry
import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send
from strawberry.dataloader import DataLoader
from strawberry.schema.config import StrawberryConfig
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from app.graphql.callers import Keep
from app.graphql.engine import Engine
from app.graphql.errors import ClientError, ErrorCode, mask
from app.graphql.http import GraphQLHTTP
from app.graphql.live import Live
from app.graphql.observer import Observer
from app.graphql.seats import Seats
from app.graphql.sockets import GraphQLSockets, SocketOptions
from app.graphql.sockets.endpoint import keep_all
from app.graphql.sse import EventStreams, StreamOptions
from app.graphql.trusted import TrustedDocuments
from app.server import configured

T = TypeVar("T")

GOOD = "good"  # a token

# ------------------------------------------------------------------------------------- callers


@dataclass(frozen=True, slots=True)
class Caller:
    name: str
    expires_at: datetime
    account: str = "acme"

    @property
    def engineer(self) -> str:
        return self.name


async def sign_in(token: str) -> Caller:
    """The token says what is to happen."""
    match token.split("-"):
        case ["good"]:
            return Caller("Ada", datetime.now(UTC) + timedelta(hours=1))
        case ["as", name, *of]:
            return Caller(name, datetime.now(UTC) + timedelta(hours=1), *of)
        case ["short", seconds]:
            return Caller("Ada", datetime.now(UTC) + timedelta(seconds=float(seconds)))
        case ["slow", seconds]:
            await asyncio.sleep(float(seconds))
            return Caller("Ada", datetime.now(UTC) + timedelta(hours=1))
        case ["away"]:
            raise ConnectionRefusedError("postgres on 10.1.2.3")
        case ["faulty"]:
            raise RuntimeError("a secret of ours")
        case ["keyless"]:
            raise ClientError("The keys can not be fetched.", ErrorCode.UNAVAILABLE)
        case ["forbidden"]:
            raise ClientError("Not on this server.", ErrorCode.FORBIDDEN)
    raise ClientError("The token is not valid.", ErrorCode.UNAUTHENTICATED)


# ------------------------------------------------------------------------------------- schema


@dataclass
class Context:
    caller: Caller
    request_id: str
    number: int
    log: list[str]
    resume_after: str | None = None
    doubles: DataLoader[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.doubles = DataLoader(lose_all)


async def lose_all(_keys: list[int]) -> list[int]:
    raise ValueError("a secret of the loader")


Info = strawberry.Info[Context, None]


@strawberry.type
class Row:
    number: int

    @strawberry.field
    async def double(self, info: Info) -> int | None:
        return await info.context.doubles.load(self.number)


@strawberry.type
class Query:
    @strawberry.field
    def me(self, info: Info) -> str:
        return info.context.caller.name

    @strawberry.field
    def context_number(self, info: Info) -> int:
        return info.context.number

    @strawberry.field
    def request_id(self, info: Info) -> str:
        return info.context.request_id

    @strawberry.field
    def echo(self, text: str = "") -> str:
        return text

    @strawberry.field
    def rows(self) -> list[Row]:
        return [Row(number=number) for number in range(20)]

    @strawberry.field
    async def slow(self, info: Info, seconds: float) -> int | None:
        info.context.log.append("slow started")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            info.context.log.append("slow cancelled")
            raise
        info.context.log.append("slow ended")
        return 1

    @strawberry.field
    def faulty(self) -> int | None:
        raise ValueError("a secret of ours")

    @strawberry.field
    def away(self) -> int | None:
        raise ConnectionResetError("postgres on 10.1.2.3")

    @strawberry.field
    def cursor(self) -> int | None:
        raise ClientError("No such cursor.", ErrorCode.CURSOR_INVALID, {"cursor": "x"})

    @strawberry.field
    def cancelled(self) -> int | None:
        raise asyncio.CancelledError


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def write(self, info: Info, seconds: float) -> str:
        info.context.log.append("write started")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            info.context.log.append("write cancelled")
            raise
        info.context.log.append("write ended")
        return "written"


async def one() -> AsyncGenerator[int, None]:
    yield 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(
        self,
        info: Info,
        count: int = 1_000_000,
        every: float = 0.01,
        size: int = 0,
        linger: float = 0,
    ) -> AsyncGenerator[str, None]:
        try:
            for number in range(count):
                yield f"{number}" + "x" * size
                await asyncio.sleep(every)
        finally:
            await asyncio.sleep(linger)
            info.context.log.append("ticks closed")

    @strawberry.subscription
    async def late(self, info: Info, seconds: float) -> AsyncGenerator[int, None]:
        """So long before there is anything to listen to."""
        try:
            await asyncio.sleep(seconds)
        finally:
            info.context.log.append("late tried")
        return one()

    @strawberry.subscription
    async def rows(self) -> AsyncGenerator[Row, None]:
        yield Row(number=1)
        yield Row(number=2)

    @strawberry.subscription
    async def contexts(self) -> AsyncGenerator[Fresh, None]:
        for _ in range(3):
            yield Fresh()

    @strawberry.subscription
    async def expired(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ClientError("Events after this cursor are gone.", ErrorCode.CURSOR_EXPIRED)

    @strawberry.subscription
    async def faulty(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("a secret of ours")

    @strawberry.subscription
    async def cancelled(self) -> AsyncGenerator[int, None]:
        yield 1
        raise asyncio.CancelledError


@strawberry.type
class Fresh:
    @strawberry.field
    def number(self, info: Info) -> int:
        return info.context.number


SCHEMA = strawberry.Schema(
    Query, Mutation, Subscription, config=StrawberryConfig(disable_field_suggestions=True)
)


# ------------------------------------------------------------------------------------- server


class Noted(Observer):
    """Counts what the transports tell."""

    def __init__(self) -> None:
        self.said: Counter[tuple[Any, ...]] = Counter()

    def entered(self, transport: str, request_id: str) -> None:
        self.said[("entered", transport, request_id)] += 1

    def signed_in(self, identity: Any) -> None:
        self.said[("signed in", identity.name)] += 1

    def refused(self, transport: str, code: str) -> None:
        self.said[("refused", transport, code)] += 1

    def operation_finished(
        self, transport: str, kind: str, name: str | None, outcome: str, seconds: float
    ) -> None:
        assert 0 <= seconds < 60
        self.said[("finished", transport, kind, name, outcome)] += 1

    def subscription_started(self, transport: str, name: str | None) -> None:
        self.said[("started", transport, name)] += 1

    def subscription_ended(
        self, transport: str, name: str | None, outcome: str, seconds: float
    ) -> None:
        self.said[("ended", transport, name, outcome)] += 1

    def socket_opened(self) -> None:
        self.said[("opened",)] += 1

    def socket_closed(self, code: int) -> None:
        self.said[("closed", code)] += 1


class Served:
    """Both transports on one free loopback port, by uvicorn on uvloop in a thread of its own."""

    def __init__(
        self,
        *,
        options: SocketOptions | None = None,
        stream_options: StreamOptions | None = None,
        seats: Seats | None = None,
        timeout: timedelta = timedelta(seconds=10),
        introspection: bool = False,
        max_body: int = 256 * 1024,
        allowed_origins: tuple[str, ...] = (),
        keep: Keep[Caller] = keep_all,
        trusted: TrustedDocuments | None = None,
    ) -> None:
        self.log: list[str] = []
        self.numbers = 0
        self.observed = Noted()
        self.seats = seats or Seats()
        engine = Engine(SCHEMA, mask=mask, trusted=trusted)
        live = Live(engine, self.make_context)
        self.streams = EventStreams(
            live, self.seats, keep=keep, options=stream_options, observe=self.observed
        )
        self.http = GraphQLHTTP(
            engine,
            sign_in,
            self.make_context,
            self.streams,
            max_body=max_body,
            timeout=timeout,
            introspection=introspection,
            observe=self.observed,
        )
        self.sockets = GraphQLSockets(
            engine,
            sign_in,
            self.make_context,
            live,
            keep=keep,
            seats=self.seats,
            options=options,
            allowed_origins=allowed_origins,
            observe=self.observed,
        )

    def make_context(self, caller: Caller, request_id: str) -> Context:
        self.numbers += 1
        return Context(caller, request_id, self.numbers, self.log)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = self.http if scope["type"] == "http" else self.sockets
        await transport(scope, receive, send)

    def __enter__(self) -> Self:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        config = configured(self.app, timedelta(seconds=2))
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join()

    def run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self.server.serve([self.listener]))

    async def inside(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run on the server's own loop."""
        loop = self.server.servers[0].get_loop()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), loop))

    # --------------------------------------------------------------------------------- clients

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @asynccontextmanager
    async def client(self, token: str | None = GOOD) -> AsyncIterator[httpx2.AsyncClient]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        # verify: reading the certificates nobody shows here would take longer than the requests
        async with httpx2.AsyncClient(
            base_url=self.url, headers=headers, trust_env=False, verify=False, timeout=10
        ) as client:
            yield client

    @asynccontextmanager
    async def raw_socket(
        self,
        *,
        subprotocols: tuple[str, ...] = ("graphql-transport-ws",),
        origin: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> AsyncIterator[Socket]:
        async with connect(
            self.url.replace("http", "ws"),
            subprotocols=[Subprotocol(each) for each in subprotocols] or None,
            origin=Origin(origin) if origin else None,
            additional_headers=headers,
            ping_interval=None,
            close_timeout=1,
            proxy=None,
        ) as connection:
            yield Socket(connection)

    @asynccontextmanager
    async def socket(self, token: str = GOOD) -> AsyncIterator[Socket]:
        async with self.raw_socket() as opened:
            await opened.send(type="connection_init", payload={"token": token})
            assert await opened.receive() == {"type": "connection_ack"}
            yield opened


class Socket:
    """Messages as dicts. Pings of the server are answered and left out, unless asked for."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.answers_pings = True

    async def send(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def send_raw(self, message: str | bytes) -> None:
        await self.connection.send(message)

    async def subscribe(self, id_: str, query: str, **payload: Any) -> None:
        await self.send(type="subscribe", id=id_, payload={"query": query, **payload})

    async def receive(self, timeout: float = 3) -> dict[str, Any]:
        async with asyncio.timeout(timeout):
            while True:
                text = await self.connection.recv()
                assert isinstance(text, str)
                message: dict[str, Any] = orjson.loads(text)
                if message["type"] != "ping" or not self.answers_pings:
                    return message
                await self.send(type="pong")

    async def result(self, query: str, **payload: Any) -> dict[str, Any]:
        """The one result of a query or mutation, ``complete`` seen."""
        await self.subscribe("only", query, **payload)
        message = await self.receive()
        assert message["type"] == "next", message
        assert await self.receive() == {"type": "complete", "id": "only"}
        payload_: dict[str, Any] = message["payload"]
        return payload_

    async def closed(self, timeout: float = 3) -> tuple[int, str]:
        """(code, reason), whatever comes before."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    await self.connection.recv()
        except ConnectionClosed as error:
            assert error.rcvd is not None, "1006: closed without a close frame"
            return error.rcvd.code, error.rcvd.reason


async def until(condition: Callable[[], object], timeout: float = 3) -> None:
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110  # the server is in another thread
            await asyncio.sleep(0.005)
