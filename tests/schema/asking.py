"""Operations as clients send them, executed by the engine against a real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from app.graphql.engine import Engine, RequestError
from app.graphql.errors import mask
from db.database import Database
from resolvers.context import Context
from schema.schema import schema
from services.actor import Actor
from services.events import Hub
from services.options import Options
from tests.harness.story import DESK, NOON, OPTIONS
from tests.harness.streaming import subscribe

ENGINE = Engine(schema, mask=mask)


class Client:
    """Whoever asks: each operation says who that is."""

    def __init__(self, database: Database, hub: Hub, options: Options = OPTIONS) -> None:
        self.database = database
        self.hub = hub
        self.options = options
        self.desk = DESK

    def context(self, actor: Actor) -> Context:
        return Context(
            actor, self.database, self.hub, self.options, self.desk, lambda: NOON, "test"
        )

    async def answer(self, actor: Actor, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer: ``data``, and ``errors`` if there are any."""
        try:
            result = await ENGINE.execute(ENGINE.prepare(document), variables, self.context(actor))
        except RequestError as error:
            return {"errors": error.formatted()}
        return result.payload()

    async def ask(self, actor: Actor, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.answer(actor, document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def error(self, actor: Actor, document: str, **variables: Any) -> tuple[str, str]:
        """(code, message) of the one error."""
        answer = await self.answer(actor, document, **variables)
        [error] = answer["errors"]
        return error["extensions"]["code"], error["message"]

    @asynccontextmanager
    async def listen(
        self, actor: Actor, document: str, **variables: Any
    ) -> AsyncIterator["Listening"]:
        """A stream that stands, or has been refused: what happens from here on is in it."""
        listening = Listening()
        try:
            stream = await subscribe(
                ENGINE, ENGINE.prepare(document), variables, lambda: self.context(actor)
            )
        except RequestError as refusal:
            listening.messages.put_nowait(refusal)
            yield listening
            return
        async with aclosing(stream):
            reader = asyncio.ensure_future(listening.read(stream))
            await asyncio.sleep(0)  # it has begun to listen
            try:
                yield listening
            finally:
                reader.cancel()
                await asyncio.wait({reader})


class Listening:
    """What has come, in order."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Any] = asyncio.Queue()

    async def read(self, stream: Any) -> None:
        try:
            async for result in stream:
                self.messages.put_nowait(result)
        except RequestError as ending:
            self.messages.put_nowait(ending)

    async def next(self) -> Any:
        """The next message's root field."""
        async with asyncio.timeout(5):
            result = await self.messages.get()
        assert not isinstance(result, RequestError), result.formatted()
        assert not result.errors, result.errors
        [value] = result.data.values()
        return value

    async def several(self, count: int) -> list[Any]:
        return [await self.next() for _ in range(count)]

    async def error(self) -> dict[str, Any]:
        """What it ends with."""
        async with asyncio.timeout(5):
            ending = await self.messages.get()
        assert isinstance(ending, RequestError), ending
        [error] = ending.formatted()
        return error

    async def is_silent(self, seconds: float = 0.2) -> bool:
        await asyncio.sleep(seconds)
        return self.messages.empty()
