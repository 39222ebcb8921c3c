"""A process that writes events, so that what this costs is nobody's who is measured.

One line of JSON in, one out. Handoffs are there already; their events are appended in one
transaction, or one after the other ``every`` so many seconds. The doorbell is rung right after each
COMMIT.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from operator import itemgetter
from time import perf_counter
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
import uvloop

from benchmarks.contestants import bells
from benchmarks.contestants.serving import actors, begin
from benchmarks.live.telling import Written
from db.models.vocabulary import EventType
from services.actor import Actor
from services.events import rings

# as services.events.recording, for any number of handoffs
APPEND: Final = """
    WITH numbered AS (
        INSERT INTO event_counter (account_id, seq) VALUES ($1, cardinality($2::uuid[]))
        ON CONFLICT (account_id) DO UPDATE SET seq = event_counter.seq + excluded.seq
        RETURNING seq
    )
    INSERT INTO event
        (account_id, seq, type, handoff_id, actor_id, occurred_at, notified, notifications, data)
    SELECT $1, numbered.seq - cardinality($2) + h.n, $3, h.id, $4, clock_timestamp(), '{}', '{}',
           '{}'
    FROM numbered, unnest($2) WITH ORDINALITY h (id, n)
    RETURNING seq, handoff_id, occurred_at
"""
SENDER: Final = "benchmarks"
ROWS: Final = """
    SELECT to_json(h) AS handoff, to_json(r) AS actor
    FROM unnest($1::uuid[]) WITH ORDINALITY wanted (id, n)
    JOIN handoff h ON h.id = wanted.id
    JOIN engineer r ON r.account_id = h.account_id AND r.id = h.raised_by_id
    ORDER BY wanted.n
"""
RING: Final = "SELECT pg_notify($1, message) FROM unnest($2::text[]) message"


async def write(connection: Any, raiser: Actor, channel: str, ids: list[UUID]) -> list[Written]:
    await connection.execute(begin(raiser.account_id))
    rows = await connection.fetch(ROWS, ids) if channel == bells.PLAIN else ()
    events = await connection.fetch(
        APPEND, raiser.account_id, ids, EventType.HANDOFF_CREATED, raiser.id
    )
    await connection.execute("COMMIT")
    at = perf_counter()
    written = [
        Written(event["seq"], event["handoff_id"], event["occurred_at"], at)
        for event in sorted(events, key=itemgetter("seq"))
    ]
    said = whole(raiser, written, rows) if rows else reached(raiser, written)
    await connection.execute(RING, channel, said)
    return written


def reached(raiser: Actor, written: Sequence[Written]) -> list[str]:
    return [rings.encode(SENDER, {raiser.account_id: written[-1].seq})]


def whole(raiser: Actor, written: Sequence[Written], rows: Sequence[Any]) -> list[str]:
    """As broadcaster's documentation does it."""
    return [
        orjson.dumps(
            {
                "event": {
                    "account_id": str(raiser.account_id),
                    "seq": each.seq,
                    "type": EventType.HANDOFF_CREATED,
                    "handoff_id": str(each.handoff_id),
                    "actor_id": str(raiser.id),
                    "occurred_at": each.occurred_at,
                    "notified": [],
                    "notifications": [],
                    "data": {},
                },
                "handoff": orjson.Fragment(row["handoff"]),
                "actor": orjson.Fragment(row["actor"]),
            }
        ).decode()
        for each, row in zip(written, rows, strict=True)
    ]


async def asked(connection: Any, who: Mapping[str, Actor], line: bytes) -> list[Written]:
    order = orjson.loads(line)
    raiser = who[order["raiser"]]
    ids = [UUID(hex=each) for each in order["handoffs"]]
    if order["every"] is None:
        return await write(connection, raiser, order["channel"], ids)
    written: list[Written] = []
    began = perf_counter()
    for number, each in enumerate(ids):
        await asyncio.sleep(began + number * order["every"] - perf_counter())
        written += await write(connection, raiser, order["channel"], [each])
    return written


async def main(dsn: str, *slugs: str) -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=2**20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    who = await actors(dsn, slugs)
    connection = await asyncpg.connect(dsn)
    try:
        while line := await orders.readline():
            written = await asked(connection, who, line)
            sys.stdout.buffer.write(orjson.dumps(written, default=str) + b"\n")
            sys.stdout.flush()
    finally:
        await connection.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
