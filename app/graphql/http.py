"""GraphQL over HTTP: POST with JSON, GET for queries; subscriptions as server-sent events.

Request errors are answered with 400 under application/graphql-response+json and with 200 under
application/json, as the specification of GraphQL over HTTP asks, and as an event under
text/event-stream; what HTTP itself refuses has its own status, and JSON, under each.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Generic

from starlette.types import Receive, Scope, Send

from app.graphql.answers import Answer
from app.graphql.callers import IdentityT, MakeContext, SignIn
from app.graphql.engine import Engine
from app.graphql.exchange import Exchange
from app.graphql.limits.gate import Gate
from app.graphql.mutations import Mutations
from app.graphql.observer import Observer
from app.graphql.sse import EventStream, EventStreams


class GraphQLHTTP(Generic[IdentityT]):
    """An ASGI application for one path. ``timeout`` bounds everything but mutations and streams: a
    query is cancelled by it, and when its client leaves; a mutation runs to its end in either case;
    a subscription has so long to begin."""

    def __init__(
        self,
        engine: Engine,
        sign_in: SignIn[IdentityT],
        make_context: MakeContext[IdentityT],
        streams: EventStreams[IdentityT],
        *,
        max_body: int = 256 * 1024,
        timeout: timedelta = timedelta(seconds=10),
        introspection: bool = False,
        gate: Gate | None = None,
        observe: Observer | None = None,
    ) -> None:
        self.engine = engine
        self.sign_in = sign_in
        self.make_context = make_context
        self.streams = streams
        self.max_body = max_body
        self.timeout = timeout.total_seconds()
        self.introspection = introspection
        self.gate = gate or Gate(engine)
        self.observe = observe or Observer()
        self.mutations = Mutations()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(self, scope, receive)
        match await exchange.answer():
            case EventStream() as stream:
                await stream.run(scope, receive, send, exchange.request_id)
            case Answer() as answer:
                await answer.send(send, exchange.media_type, exchange.request_id)

    async def finish(self, within: timedelta) -> None:
        """Wait for the mutations that are running; for a shutdown."""
        await self.mutations.finish(within)
