"""What the fake vendors have in common: real HTTP, a record of what came, and faults on demand."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self

import orjson
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from app import tcp
from app.demo.vendors.certificates import Authority
from app.demo.vendors.faults import Fault, Troubled
from app.graphql.sse.hanging_up import HttpProtocol, connection_of

HERE: Final = "127.0.0.1"
STARTING: Final = 10  # seconds
GARBAGE: Final = b"<html>\xff\xfe not what you asked for"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. ``headers`` have lower-case names."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: Any = None  # bytes as they are, None for nothing, anything else as JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


class FakeVendor(Troubled[Fault]):
    """Subclass it and say what ``reply`` does: it verifies what the vendor would verify, and keeps
    what it accepted where tests and the demo find it.

    Fault.TLS is for who is served with an authority. ``retry_after`` is what BUSY answers, in
    seconds. ``slowness`` comes before each answer, in seconds. ``unanswered`` is what was done and
    whose answer was lost or is none.
    """

    name = "vendor"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self.unanswered: list[Asked] = []
        self.retry_after = 1
        self.hanging = 60.0
        self.slowness = 0.0

    def reply(self, asked: Asked) -> Reply:
        """Calls ``accepted`` for what it keeps."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = Asked(
            scope["method"],
            scope["path"],
            scope["query_string"].decode(),
            {name.decode(): value.decode() for name, value in scope["headers"]},
            await _body(receive),
        )
        self.asked.append(asked)
        if self.slowness:
            await asyncio.sleep(self.slowness)
        match self.fault_of(asked):
            case None:
                await _answer(send, self.reply(asked))
            case Fault.SERVER_ERROR:
                await _answer(send, Reply(500, b"Internal Server Error"))
            case Fault.BUSY:
                await _answer(
                    send, Reply(429, b"slow down", {"retry-after": str(self.retry_after)})
                )
            case Fault.HANG:
                await asyncio.sleep(self.hanging)
            case Fault.LOSE_ANSWER:
                self.reply(asked)
                self.unanswered.append(asked)
                connection = connection_of(scope)
                if connection is not None:
                    tcp.reset(connection)
            case Fault.REDIRECT:
                await _answer(send, Reply(307, b"", {"location": "http://127.0.0.1:1/stolen"}))
            case Fault.GARBAGE:
                self.reply(asked)
                self.unanswered.append(asked)
                await _answer(send, Reply(200, GARBAGE))
            case Fault.TLS:
                raise RuntimeError("TLS can't fail where it is not spoken: serve an authority's.")

    @contextmanager
    def serving(self, authority: Authority | None = None) -> Iterator[Served]:
        """On a free port of 127.0.0.1, in a thread of its own; over TLS for who believes
        ``authority``, if there is one."""
        with Served(self, authority) as served:
            yield served


class Served:
    """A fake vendor that can be reached. ``origin`` is its address, without a path."""

    def __init__(self, vendor: FakeVendor, authority: Authority | None = None) -> None:
        self._socket = socket.create_server((HERE, 0))
        port = self._socket.getsockname()[1]
        self.origin = f"{'https' if authority else 'http'}://{HERE}:{port}"
        config = uvicorn.Config(
            vendor,
            http=HttpProtocol,  # it lends its connection, so that one can be broken
            log_config=None,
            lifespan="off",
            access_log=False,
            timeout_graceful_shutdown=1,
            # each request begins with a greeting then, which may be one that fails
            headers=[("connection", "close")] if authority else [],
            ssl_context_factory=None if authority is None else _greeting(vendor, authority),
        )
        self._server = _Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._server.ready.wait(STARTING):
            raise TimeoutError("A fake vendor did not start.")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)
        self._socket.close()


def _greeting(vendor: FakeVendor, authority: Authority) -> Callable[..., ssl.SSLContext]:
    context = authority.server(HERE)
    strangers = Authority("Nobody").server(HERE)

    def greet(conversation: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if vendor.fails_to_greet():
            conversation.context = strangers

    context.sni_callback = greet  # called without a name as well
    return lambda *_: context


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(parts)


async def _answer(send: Send, reply: Reply) -> None:
    content = reply.content()
    given = {"content-type": "application/json", "content-length": str(len(content))}
    headers = [(k.encode(), v.encode()) for k, v in (given | dict(reply.headers)).items()]
    start: Message = {"type": "http.response.start", "status": reply.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": content})
