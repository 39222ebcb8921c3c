"""A server that speaks the Messages API, on a socket: well, slowly, wrongly or not at all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True)
class Reply:
    """After ``delay`` seconds, ``drip`` seconds from byte to byte. ``hang``: never; ``cut``: the
    connection ends instead."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    drip: float = 0
    hang: bool = False
    cut: bool = False


def said(text: str, *, stop: str = "end_turn", **how: Any) -> Reply:
    """A message of the model's."""
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-tested",
        "content": [{"type": "text", "text": text}],
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 812, "output_tokens": 97},
    }
    return Reply(body=orjson.dumps(message), **how)


def cites(text: str, *steps: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "evidence": list(steps), **more}


def answer(**parts: Any) -> str:
    """As the prompt asks for it, about a session with two checks."""
    whole: dict[str, Any] = {
        "summary": cites("Outlook can't connect.", "S1"),
        "whatWeKnow": [cites("The second check decided nothing.", "S2")],
        "likelyCause": cites("Perhaps cause 2.", "S2"),
        "stepsTried": [cites("Check 1 ruled it out.", "S1", outcome="FAILED")],
        "remainingHypotheses": [],
        "suggestedNextSteps": [{"title": "Look again", "detail": "Twice", "evidence": ["S2"]}],
        "confidence": "MEDIUM",
    }
    return orjson.dumps(whole | parts).decode()


def refused(status: int, **headers: str) -> Reply:
    error = {"type": "error", "error": {"type": "some_error", "message": "no"}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, orjson.dumps(error), named)


class Messages:
    """Gives ``replies`` one after the other, and the last one again and again."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self.replies = list(replies)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[str] = []
        self.url = ""
        self._serving: set[asyncio.Task[None]] = set()

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def hang_up(self) -> None:
        """Whoever waits for an answer gets none; new questions are answered."""
        serving = {*self._serving}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    await self._exchange(reader, writer)
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1])
            for line in head.splitlines()
            if line.lower().startswith("content-length:")
        )
        self.asked.append(orjson.loads(await reader.readexactly(length)))
        self.headers.append(head)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        await asyncio.sleep(3600 if reply.hang else reply.delay)
        if reply.cut:
            raise ConnectionResetError
        headers = {"content-type": "application/json", "content-length": str(len(reply.body))}
        lines = [f"{name}: {value}" for name, value in (headers | reply.headers).items()]
        writer.write("\r\n".join([f"HTTP/1.1 {reply.status} X", *lines, "", ""]).encode())
        for byte in reply.body if reply.drip else ():
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(reply.drip)
        writer.write(b"" if reply.drip else reply.body)
        await writer.drain()


@asynccontextmanager
async def speaking(*replies: Reply) -> AsyncIterator[Messages]:
    messages = Messages(replies)
    server = await asyncio.start_server(messages.connected, "127.0.0.1", 0)
    messages.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield messages
    finally:
        server.close()
        await messages.hang_up()
