"""The floor: what the work itself costs in Python. A bare ASGI application over an asyncpg pool.

The rules' own statements in the same kind of transaction, and the same bytes as Baton's answers,
without GraphQL, sign-in, or a framework: ``POST /<path>/<engineer's id>`` with the body Baton is
sent. Its live paths are in ``floor_live``.
"""

import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import orjson
import uvloop

from benchmarks.contestants import bells, listed, typeids
from benchmarks.contestants.floor_live import Live, ReadyFrames, Tell, TellFrames
from benchmarks.contestants.serving import POOL, actors, begin, serve
from benchmarks.contestants.waiting import joined, queue
from db.database import Transaction
from db.models.vocabulary import Priority
from services.actor import Actor
from services.handoffs import claiming, escalating
from services.handoffs.claiming import Claimed
from services.handoffs.escalating import Escalated, Escalation
from services.handoffs.problems import HandoffAlreadyClaimed
from services.options import Options

Connection = Any
Answer = Callable[[Connection, Actor, Mapping[str, Any]], Awaitable[Any]]

OPTIONS: Final = Options(link_base="http://localhost")


async def escalate(
    connection: Connection, actor: Actor, variables: Mapping[str, Any]
) -> dict[str, Any]:
    asked = variables["input"]
    wanted = Escalation(
        typeids.read(asked["sessionId"]),
        asked["reason"],
        asked["notes"],
        priority=Priority[asked["priority"]],
    )
    await connection.execute(begin(actor.account_id))
    tx = Transaction(connection, actor.account_id)
    made = await escalating.escalate(tx, actor, wanted, now=datetime.now(UTC), options=OPTIONS)
    await connection.execute("COMMIT")
    return {"escalate": escalated(made)}


def escalated(made: Escalated) -> dict[str, Any]:
    row, session = made.handoff, made.session
    return {
        "__typename": "EscalateSuccess",
        "handoff": {
            "id": typeids.write("handoff", row["id"]),
            "status": row["status"],
            "priority": row["priority"],
            "problemSummary": row["problem_summary"],
            "createdAt": row["created_at"],
        },
        "session": {
            "id": typeids.write("session", session["id"]),
            "status": session["status"],
            "escalationReason": session["escalation_reason"],
        },
        "documentation": {"markdown": made.documentation["markdown"]},
        "deliveries": [
            {
                "channel": delivery["channel"],
                "target": delivery["target"],
                "state": delivery["state"],
                "skipReason": delivery["skip_reason"],
            }
            for delivery in made.deliveries
        ],
    }


async def claim(
    connection: Connection, actor: Actor, variables: Mapping[str, Any]
) -> dict[str, Any]:
    handoff_id = typeids.read(variables["input"]["handoffId"])
    await connection.execute(begin(actor.account_id))
    tx = Transaction(connection, actor.account_id)
    try:
        claimed = await claiming.claim(tx, actor, handoff_id, now=datetime.now(UTC))
    except HandoffAlreadyClaimed as problem:
        await connection.execute("ROLLBACK")
        return {"claimHandoff": lost(problem)}
    await connection.execute("COMMIT")
    return {"claimHandoff": won(claimed)}


def won(claimed: Claimed) -> dict[str, Any]:
    handoff, session = claimed.handoff, claimed.session
    return {
        "__typename": "ClaimHandoffSuccess",
        "handoff": {
            "id": typeids.write("handoff", handoff["id"]),
            "status": handoff["status"],
            "claimedAt": handoff["claimed_at"],
        },
        "session": {
            "id": typeids.write("session", session["id"]),
            "status": session["status"],
        },
    }


def lost(problem: HandoffAlreadyClaimed) -> dict[str, Any]:
    winner = problem.claimed_by
    return {
        "__typename": "HandoffAlreadyClaimed",
        "claimedBy": {"id": typeids.write("engineer", winner["id"]), "name": winner["name"]},
        "claimedAt": problem.claimed_at,
        "message": str(problem),
    }


PATHS: Final[Mapping[str, Answer]] = {
    "escalate": escalate,
    "claim": claim,
    "queue": queue,
    "joined-queue": joined,
    "handoffs": listed.handoffs,
    "joined-handoffs": listed.joined_handoffs,
    "sessions": listed.sessions,
    "joined-sessions": listed.joined_sessions,
}


def application(pool: Any, who: Mapping[str, Actor], live: Live) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await live(scope, receive, send)
            return
        _, path, engineer = scope["path"].split("/")
        message = await receive()
        asked = orjson.loads(message["body"])
        async with pool.acquire() as connection:
            data = await PATHS[path](connection, who[engineer], asked["variables"])
        body = orjson.dumps({"data": data}, option=orjson.OPT_UTC_Z)
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"application/json; charset=utf-8"),
                    (b"content-length", str(len(body)).encode()),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    return app


async def _speak_json(connection: Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=lambda value: orjson.dumps(value).decode(),
            decoder=orjson.loads,
        )


async def _nothing(_: Connection) -> None:
    """Instead of a round trip that resets what was never set."""


async def main(channel: str, dsn: str, port: int, slugs: list[str]) -> None:
    """``channel`` says which of the two floors it is, and is where its doorbell rings."""
    frames = channel == bells.FRAMES
    pool = await asyncpg.create_pool(
        dsn,
        min_size=POOL,
        max_size=POOL,
        init=_speak_json,
        reset=_nothing,
        server_settings={"jit": "off", "timezone": "UTC"},
    )
    who = await actors(dsn, slugs)
    live = Live(pool, who, TellFrames if frames else Tell)
    await live.listen(dsn, channel)
    await serve(
        application(pool, who, live), port, ws=ReadyFrames if frames else "websockets-sansio"
    )


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]))
