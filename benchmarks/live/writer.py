"""The handle on the process that writes events."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import orjson

from benchmarks import world
from benchmarks.contestants.starting import ROOT, Server
from benchmarks.live.telling import PRIORITY, Written
from benchmarks.world import World
from db.database import Database


class Writer:
    """Makes handoffs, and has their events written and rung for one contestant."""

    def __init__(self, process: asyncio.subprocess.Process, database: Database) -> None:
        self._process = process
        self._database = database
        self._turn = asyncio.Lock()

    async def handoffs(self, server: Server, count: int) -> list[UUID]:
        """That nobody has been told of yet."""
        return await world.waiting_handoffs(self._database, server.desk, count, priority=PRIORITY)

    async def write(
        self, server: Server, handoffs: Sequence[UUID], *, every: float | None = None
    ) -> list[Written]:
        """All in one transaction, or one by one ``every`` so many seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {
            "channel": server.channel,
            "raiser": server.desk.juniors[0].id.hex,
            "handoffs": [each.hex for each in handoffs],
            "every": every,
        }
        async with self._turn:
            self._process.stdin.write(orjson.dumps(order) + b"\n")
            answer = await self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that writes events has ended")
        return [
            Written(
                each["seq"],
                UUID(each["handoff_id"]),
                datetime.fromisoformat(each["occurred_at"]),
                each["at"],
            )
            for each in orjson.loads(answer)
        ]


@asynccontextmanager
async def writing(dsn: str, database: Database, made: World) -> AsyncIterator[Writer]:
    """The process ends with its standard input, and so with us in any case."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.live.writing",
        dsn,
        *(desk.slug for desk in made.listening),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
        cwd=ROOT,
        start_new_session=True,  # Ctrl-C is for us
    )
    try:
        yield Writer(process, database)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
