"""Plain Strawberry, as its documentation shows it and nothing more.

The stock ASGI view, an extension that opens a database session for each operation, ORM objects,
dataloaders, async resolvers, the standard encoder. No caches, no sign-in: the caller
is named by a header.
"""

import sys
from collections.abc import AsyncIterator
from typing import Any

import strawberry
import uvloop
from broadcaster import Broadcast
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession
from strawberry.asgi import GraphQL
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from benchmarks.contestants.plain_live import Cursor, Subscription
from benchmarks.contestants.plain_loaders import Loaders, Sessions, tenant
from benchmarks.contestants.plain_mutations import Mutation
from benchmarks.contestants.plain_types import Query
from benchmarks.contestants.serving import POOL, actors, serve
from services.actor import Actor


class SessionPerOperation(SchemaExtension):
    async def on_operation(self) -> AsyncIterator[None]:
        context = self.execution_context.context
        if context["live"]:  # it would keep a connection for as long as somebody listens
            yield
            return
        async with tenant(context["sessions"], context["actor"]) as session:
            context["session"] = session
            context["loaders"] = Loaders(session)
            yield


CURSOR = strawberry.scalar(name="Cursor", serialize=str, parse_value=str)

schema = strawberry.Schema(
    Query,
    Mutation,
    Subscription,
    extensions=[SessionPerOperation],
    config=StrawberryConfig(scalar_map={Cursor: CURSOR}),
)


class App(GraphQL[dict[str, Any], None]):
    def __init__(self, sessions: Sessions, broadcast: Broadcast, who: dict[str, Actor]) -> None:
        super().__init__(schema)
        self.sessions = sessions
        self.broadcast = broadcast
        self.who = who

    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {
            "actor": self.who[request.headers["x-engineer"]],
            "sessions": self.sessions,
            "broadcast": self.broadcast,
            "live": request.scope["type"] == "websocket",
        }


async def main(dsn: str, port: int, slugs: list[str]) -> None:
    url = make_url(dsn).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, pool_size=POOL, max_overflow=0)
    sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
    try:
        async with Broadcast(dsn) as broadcast:
            await serve(App(sessions, broadcast, await actors(dsn, slugs)), port)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
