"""Web processes of the real service, and clients that know nothing but its front door."""

import asyncio
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect

from app.signin import mint
from services.actor import Actor
from tests.harness.people import Account
from tests.harness.warm import Process, completed, started

SECRET = "a secret for tests, long enough to sign with"
PATIENCE = 20.0  # seconds until a test gives up waiting


@dataclass
class Web:
    """One running process. ``said`` holds what it has written so far, line by line."""

    process: Process
    url: str = ""
    said: list[dict[str, Any]] = field(default_factory=list)

    @property
    def sockets_url(self) -> str:
        return self.url.replace("http://", "ws://", 1)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def running(command: str = "web", **settings: str) -> Iterator[Web]:
    """`baton COMMAND` on a free port with only these settings; ready when the block begins."""
    environment = {name: value for name, value in os.environ.items() if "BATON" not in name}
    environment |= {"BATON_PORT": "0", "BATON_LOG_FORMAT": "json"}
    environment |= {f"BATON_{name.upper()}": value for name, value in settings.items()}
    process = started(command, environment)
    web = Web(process)
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(process, lines), daemon=True).start()
    try:
        while not web.url:
            _note(web, lines.get(timeout=PATIENCE))
        threading.Thread(target=_keep_noting, args=(web, lines), daemon=True).start()
        yield web
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def baton(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """`baton ARGUMENTS` with only these settings, on a terminal wide enough to break no word."""
    environment = {name: value for name, value in os.environ.items() if "BATON" not in name}
    environment |= {"COLUMNS": "500"}
    environment |= {f"BATON_{name.upper()}": value for name, value in settings.items()}
    return completed(*arguments, environment=environment, timeout=60)


def _listen(process: Process, lines: "queue.Queue[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")


def _note(web: Web, line: str) -> None:
    if not line:
        raise AssertionError(f"it ended before it was ready: {web.said}")
    try:
        entry = json.loads(line)
    except ValueError:
        entry = {"event": line}
    web.said.append(entry)
    if entry["event"] == "ready":
        # a worker listens on nothing
        web.url = entry.get("url", "none").removesuffix("/graphql")


def _keep_noting(web: Web, lines: "queue.Queue[str]") -> None:
    while line := lines.get():
        _note(web, line)


def token_of(actor: Actor, account: Account, /, **changes: Any) -> str:
    """A token as the identity provider would have given it."""
    claims: dict[str, Any] = {
        "subject": actor.email,
        "account": account.slug,
        "email": actor.email,
        "name": actor.name,
        "role": actor.role,
        "tier": actor.tier,
        "lifetime": timedelta(hours=1),
        "now": datetime.now(UTC),
    }
    return mint(SECRET, **(claims | changes))


class Refused(AssertionError):
    """An answer with errors where a test expected data."""


class Client:
    """One engineer at one web process."""

    def __init__(self, web: Web, token: str | None) -> None:
        self.web = web
        self.token = token
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self.http = httpx2.AsyncClient(base_url=web.url, headers=headers, timeout=PATIENCE)

    async def answer(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, errors included, but for what is left to spend after it."""
        answered = await self.told(document, **variables)
        answered.pop("extensions", None)
        return answered

    async def told(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer."""
        body = {"query": document, "variables": variables}
        response = await self.http.post("/graphql", json=body)
        answered: dict[str, Any] = response.json()
        return answered

    async def ask(self, document: str, **variables: Any) -> Any:
        """The value of the one root field. Raises Refused when there are errors."""
        answer = await self.answer(document, **variables)
        if "errors" in answer:
            await asyncio.sleep(0.1)  # for the log to arrive
            raise Refused(answer["errors"], [x for x in self.web.said if x.get("level") == "error"])
        [value] = answer["data"].values()
        return value

    @asynccontextmanager
    async def stream(self, document: str, **variables: Any) -> AsyncIterator["Stream"]:
        """A subscription on a socket of its own; begun when the block begins."""
        async with connect(
            f"{self.web.sockets_url}/graphql",
            subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
            ping_interval=None,
        ) as socket:
            hello = {"type": "connection_init", "payload": {"token": self.token}}
            await socket.send(json.dumps(hello))
            acknowledged = json.loads(await socket.recv())
            assert acknowledged["type"] == "connection_ack", acknowledged
            payload = {"query": document, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            yield Stream(socket)

    async def close(self) -> None:
        await self.http.aclose()

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Stream:
    """What a subscription says."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def message(self, within: float = PATIENCE) -> dict[str, Any]:
        """The next message of the protocol that is not a ping."""
        async with asyncio.timeout(within):
            while True:
                message: dict[str, Any] = json.loads(await self.socket.recv())
                if message["type"] != "ping":
                    return message

    async def next(self, within: float = PATIENCE) -> Any:
        """The value of the root field in the next event. Raises Refused for anything else."""
        message = await self.message(within)
        if message["type"] != "next" or "errors" in message["payload"]:
            raise Refused(message)
        [value] = message["payload"]["data"].values()
        return value

    async def is_silent(self, for_: float = 0.3) -> bool:
        """Whether nothing comes for so long, in seconds."""
        try:
            message = await self.message(for_)
        except TimeoutError:
            return True
        raise AssertionError(message)
