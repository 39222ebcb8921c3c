"""A thin client of GraphQL over server-sent events: one response, one subscription."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import httpx2

from tests.chaos.streams.endings import ComeBack, Fatal, completed, ended

RETRIED: Final = frozenset({401, 403, 503, 504})
SILENCE: Final = 60.0  # seconds; heartbeats come more often
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Otherwise each client makes one of its own, which takes longer than all else it does."""


class SseConnection:
    """The cursor that it has goes out as ``Last-Event-ID``, as browsers send it."""

    def __init__(self, http: httpx2.AsyncClient, token: str) -> None:
        self._http = http
        self._token = token
        self._response: httpx2.Response | None = None
        self._lines: AsyncIterator[str] | None = None
        self._reading: asyncio.Task[tuple[str, str, str]] | None = None
        self._stack = AsyncExitStack()

    async def subscribe(self, document: str, after: str | None) -> None:
        await self.close()
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {self._token}"}
        if after is not None:
            headers["last-event-id"] = after
        asked = self._http.stream("POST", "/graphql", json={"query": document}, headers=headers)
        try:
            response = await self._stack.enter_async_context(asked)
        except httpx2.TransportError as error:
            raise ComeBack(type(error).__name__) from error
        if response.status_code in RETRIED:
            raise ComeBack(f"HTTP {response.status_code}")
        kind = response.headers.get("content-type", "")
        if response.status_code != 200 or not kind.startswith("text/event-stream"):
            raise Fatal(f"HTTP {response.status_code} {kind}: {(await response.aread())[:300]!r}")
        self._response, self._lines = response, response.aiter_lines()

    async def next(self) -> dict[str, Any]:
        """The next result. Raises ComeBack or Fatal; may be cancelled without losing any."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._event())
        event, id_, data = await asyncio.shield(self._reading)
        self._reading = None
        if event == "complete":
            raise completed()
        payload: dict[str, Any] = json.loads(data)
        if "data" not in payload:
            raise ended(payload["errors"])
        _cursor_is(id_, payload)
        return payload

    async def _event(self) -> tuple[str, str, str]:
        """(event, id, data)"""
        found = {"event": "", "id": "", "data": ""}
        assert self._lines is not None
        try:
            async for line in self._lines:
                name, _, value = line.partition(":")
                if name in found:
                    found[name] = value.removeprefix(" ")
                elif not line and found["event"]:
                    return found["event"], found["id"], found["data"]
        except httpx2.TransportError as error:
            raise ComeBack(type(error).__name__) from error
        raise ComeBack("the response ended")

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None
        await self._stack.aclose()

    async def cut(self) -> None:
        await self.close()


def _cursor_is(id_: str, payload: dict[str, Any]) -> None:
    """What browsers would come back with has to be the cursor that is in the result."""
    [value] = (payload["data"] or {"": None}).values()
    if value is not None and id_ != value["cursor"]:
        raise Fatal(f"the id of the event {payload} is {id_!r}")


@asynccontextmanager
async def sse_connection(url: str, token: str) -> AsyncIterator[SseConnection]:
    async with httpx2.AsyncClient(base_url=url, timeout=SILENCE, verify=NO_TLS) as http:
        connection = SseConnection(http, token)
        try:
            yield connection
        finally:
            await connection.close()
