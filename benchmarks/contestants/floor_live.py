"""The floor's live paths: a bare ASGI application that sends texts that are ready.

It acknowledges whoever connects, checks nothing, and reads what Baton must read: where the log
stands once for each subscriber, what was missed once for each who comes back, and what is new once
after a ring. The text of an event is made once. There is no seam between what was missed and what
is new, no bound on anything, and nobody is looked after.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from benchmarks.contestants.serving import begin
from benchmarks.live import telling
from db.database import Transaction
from resolvers import cursors
from services.actor import Actor
from services.events import rings
from services.events.log import READ
from services.handoffs import reading

PAGE: Final = 200
ACK: Final = '{"type":"connection_ack"}'
PONG: Final = '{"type":"pong"}'
HEAD: Final = "SELECT seq FROM event_heads($1)"  # as services.events.follow asks

Member = Callable[[Any], Any]
"""ASGI's ``send``, or a transport's ``write``."""


class Tell:
    """Plain ASGI: one message, sent to each."""

    @staticmethod
    def member(scope: Any, send: Member) -> Member:
        return send

    @staticmethod
    async def all(members: Sequence[Member], text: str) -> None:
        message = {"type": "websocket.send", "text": text}
        for send in members:
            await send(message)


class TellFrames:
    """The physical limit: one ready frame, written to each transport. Needs ReadyFrames."""

    @staticmethod
    def member(scope: Any, send: Member) -> Member:
        write: Member = scope["extensions"]["write"]
        return write

    @staticmethod
    async def all(members: Sequence[Member], text: str) -> None:
        payload = text.encode()
        frame = b"\x81\x7e" + len(payload).to_bytes(2) + payload
        for write in members:
            write(frame)


class ReadyFrames(WebSocketsSansIOProtocol):
    """uvicorn's own, which lets the application write to the transport."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        extensions: Any = self.scope["extensions"]
        extensions["write"] = self.transport.write


class Room:
    """Who listens to one subscription of one account, and how far they have been told."""

    def __init__(self) -> None:
        self.members: dict[Member, None] = {}
        self.position = 0
        self.rung = asyncio.Event()
        self.texts: dict[int, str] = {}


class Live:
    """An ASGI application for the ``websocket`` scope, at ``/live/<engineer's id>``."""

    def __init__(
        self, pool: Any, who: Mapping[str, Actor], tell: type[Tell] | type[TellFrames]
    ) -> None:
        self._pool = pool
        self._who = who
        self._tell = tell
        self._rooms: dict[tuple[UUID, str], Room] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, dsn: str, channel: str) -> None:
        doorbell: Any = await asyncpg.connect(dsn)
        await doorbell.add_listener(channel, self._rung)
        self._doorbell = doorbell  # it is closed with its last reference

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        actor = self._who[scope["path"].rpartition("/")[2]]
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        await receive()
        await send({"type": "websocket.send", "text": ACK})
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        asked = orjson.loads(message["text"])["payload"]
        field = "handoffEvents" if "handoffEvents" in asked["query"] else "handoffCreated"
        room = self._room(actor.account_id, field)
        member = self._tell.member(scope, send)
        try:
            await self._stand(room, actor, field, asked.get("variables", {}).get("after"), send)
            room.members[member] = None
            while (message := await receive())["type"] != "websocket.disconnect":
                if '"ping"' in message["text"]:
                    await send({"type": "websocket.send", "text": PONG})
        finally:
            room.members.pop(member, None)

    async def _stand(
        self, room: Room, actor: Actor, field: str, after: str | None, send: Any
    ) -> None:
        """What each subscriber has the database asked for, and is told at once."""
        if field == "handoffEvents":
            head = await self._ready(actor, send)
        elif after is not None:
            head = cursors.read(actor.account_id, after)
            for seq, text in await self._after(room, actor.account_id, field, head):
                await send({"type": "websocket.send", "text": text})
                head = seq
        else:
            head = await self._pool.fetchval(HEAD, [actor.account_id]) or 0
        room.position = max(room.position, head)

    async def _ready(self, actor: Actor, send: Any) -> int:
        async with self._pool.acquire() as connection:
            await connection.execute(begin(actor.account_id))
            waiting = await reading.queue(Transaction(connection, actor.account_id), actor, first=0)
            await connection.execute("COMMIT")
        cursor = cursors.write(actor.account_id, waiting.seq)
        told = {
            "__typename": "StreamReady",
            "cursor": cursor,
            "latest": cursor,
            "openHandoffs": waiting.count,
        }
        await send({"type": "websocket.send", "text": message_of("handoffEvents", told)})
        return waiting.seq

    def _room(self, account_id: UUID, field: str) -> Room:
        room = self._rooms.get((account_id, field))
        if room is None:
            room = self._rooms[account_id, field] = Room()
            task = asyncio.create_task(self._follow(room, account_id, field))
            self._tasks.add(task)
        return room

    def _rung(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        for account_id in rings.decode(payload).rings:
            for (account, _), room in self._rooms.items():
                if account == account_id:
                    room.rung.set()

    async def _follow(self, room: Room, account_id: UUID, field: str) -> None:
        while True:
            await room.rung.wait()
            room.rung.clear()
            for seq, text in await self._after(room, account_id, field, room.position):
                room.position = seq
                await self._tell.all(tuple(room.members), text)

    async def _after(
        self, room: Room, account_id: UUID, field: str, after: int
    ) -> list[tuple[int, str]]:
        """One read of a range of the index."""
        async with self._pool.acquire() as connection:
            await connection.execute(begin(account_id))
            rows = await connection.fetch(READ, account_id, after, PAGE)
            await connection.execute("COMMIT")
        return [(row["seq"], self._text(room, account_id, field, row)) for row in rows]

    def _text(self, room: Room, account_id: UUID, field: str, row: Any) -> str:
        text = room.texts.get(row["seq"])
        if text is None:
            raiser = self._who[row["actor_id"].hex]
            event = telling.event(
                account_id, row["seq"], row["handoff_id"], row["occurred_at"], raiser
            )
            named = event if field == "handoffCreated" else {"__typename": "HandoffCreated"} | event
            text = room.texts[row["seq"]] = message_of(field, named)
        return text


def message_of(field: str, told: Mapping[str, Any]) -> str:
    payload = {"data": {field: told}}
    return orjson.dumps({"id": "1", "type": "next", "payload": payload}).decode()
