"""What the floor and plain Strawberry start with. Neither signs anybody in."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import uvicorn

from db.models.vocabulary import Role
from services.actor import Actor

POOL = 10
"""Connections of each contestant: Baton's default."""


def begin(account_id: UUID) -> str:
    """Opens a transaction the way db.database does."""
    return f"BEGIN; SET LOCAL app.account_id = '{UUID(int=account_id.int)}'"


async def actors(dsn: str, slugs: Sequence[str]) -> dict[str, Actor]:
    """Everybody who may ask, by their id in hexadecimal."""
    connection = await asyncpg.connect(dsn)
    found: dict[str, Actor] = {}
    try:
        for slug in slugs:
            account_id = await connection.fetchval("SELECT id FROM account_by_slug($1)", slug)
            await connection.execute(begin(account_id))
            for row in await connection.fetch("SELECT * FROM engineer"):
                found[row["id"].hex] = Actor(
                    account_id,
                    row["id"],
                    Role(row["role"]),
                    row["tier"],
                    row["name"],
                    row["email"],
                )
            await connection.execute("ROLLBACK")
    finally:
        await connection.close()
    return found


async def serve(app: Any, port: int, *, ws: Any = "websockets-sansio") -> None:
    """Until told to stop, on the running event loop. Sockets as Baton has them served."""
    config = uvicorn.Config(
        app,
        port=port,
        loop="none",
        http="httptools",
        ws=ws,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        server_header=False,
        log_level="warning",
    )
    await uvicorn.Server(config).serve()
