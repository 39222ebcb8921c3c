"""The ASGI application: GraphQL on one path over HTTP and WebSocket, and what operations need."""

import asyncio
from collections.abc import Hashable
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.cross_origin import CrossOrigin
from app.explorer import explorer_routes, is_browsed
from app.graphql.engine import Engine
from app.graphql.errors import mask
from app.graphql.http import GraphQLHTTP
from app.graphql.limits.bounds import Bounds
from app.graphql.limits.gate import Gate
from app.graphql.limits.pricing import Pricing
from app.graphql.limits.rates import Rates
from app.graphql.limits.sizes import Sizes
from app.graphql.live import Live
from app.graphql.seats import Seats
from app.graphql.sockets import GraphQLSockets
from app.graphql.sockets.options import SocketOptions
from app.graphql.sse import EventStreams, StreamOptions
from app.graphql.sse.options import HEARTBEAT
from app.interactions.slack import PATH as SLACK
from app.interactions.slack import SlackActions
from app.observability.health import Health, schema_revision
from app.observability.metrics import MetricsEndpoint
from app.observability.reporting import Reporter
from app.observability.watching import watch, watch_live
from app.rest import Rest
from app.service import Service
from app.signin import Identity, KeysUnavailable, SignInRefused
from app.worker.alive import alive
from db.migrate import head
from resolvers.audiences import Audience
from resolvers.context import Context
from resolvers.errors import ClientError, ErrorCode
from schema import costs
from schema.schema import schema
from services.actor import Actor

PATH: Final = "/graphql"
SOCKETS_CLOSE_WITHIN: Final = timedelta(seconds=5)
HELLO: Final = (
    "Baton: a call for help is never dropped.\n\n"
    "GraphQL is at /graphql (POST, GET for queries; subscriptions over WebSocket with\n"
    "graphql-transport-ws, or as text/event-stream).\n"
    "Health is at /livez and /readyz, metrics at /metrics.\n"
)


SHARED: Final = "shared"
"""The request id of what is executed for many subscribers."""


class WebApp:
    """One web process's application. GraphQL is dispatched to directly: it is the hot path."""

    def __init__(self, service: Service) -> None:
        self.service = service
        settings = service.settings
        reporter = Reporter(service.metrics)
        watch(
            service.metrics,
            database=service.database,
            hub=service.hub,
            pruner=service.pruner,
            carrier=service.carrier,
            assessor=service.assessor,
            server=service.server,
        )
        # suggestions tell the names that introspection would
        schema.config.disable_field_suggestions = not settings.introspection
        bounds = Bounds(cost=settings.cost_limit)
        engine = Engine(schema, bounds=bounds, mask=mask, trusted=service.trusted)
        gate = Gate(
            engine,
            Pricing(schema._schema, _sizes()),
            bounds=bounds,
            rates=Rates(
                per_engineer=settings.rate_limit_per_engineer,
                per_account=settings.rate_limit_per_account,
            ),
        )
        options = SocketOptions(
            introspection=settings.introspection,
            timeout=settings.query_timeout,
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
        )
        self.live = Live(engine, self._context, self._audience, service.hearing.heard)
        watch_live(service.metrics, self.live)
        self.seats = Seats(
            in_all=settings.socket_limit,
            per_account=settings.socket_limit_per_account,
            per_engineer=settings.socket_limit_per_engineer,
        )
        self.streams = EventStreams(
            self.live,
            self.seats,
            keep=service.rights.keep,
            options=StreamOptions(heartbeat=min(HEARTBEAT, settings.ping_interval)),
            observe=reporter,
        )
        self.http = GraphQLHTTP(
            engine,
            self._sign_in,
            self._context,
            self.streams,
            timeout=settings.query_timeout,
            introspection=settings.introspection,
            gate=gate,
            observe=reporter,
        )
        self.asked: ASGIApp = self.http
        if settings.allowed_origins:
            self.asked = CrossOrigin(self.http, settings.allowed_origins)
        self.sockets = GraphQLSockets(
            engine,
            self._sign_in,
            self._context,
            self.live,
            keep=service.rights.keep,
            seats=self.seats,
            gate=gate,
            options=options,
            allowed_origins=settings.allowed_origins,
            observe=reporter,
        )
        explorer = self._explorer()
        self.browsed = bool(explorer)
        self.rest = Rest(
            [*_routes(service), self._slack(), *explorer],
            nothing_here=f"There is nothing here. {HELLO}",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked = scope["path"] == PATH and not (self.browsed and is_browsed(scope))
            answer = self.asked if asked else self.rest
            await answer(scope, receive, send)
        elif scope["path"] == PATH:
            await self.sockets(scope, receive, send)
        else:
            await self.rest(scope, receive, send)

    async def close_sockets(self) -> None:
        """With 1012, and streams in the middle: clients come back, to another replica or to the
        next process."""
        await asyncio.gather(
            self.sockets.close_all(SOCKETS_CLOSE_WITHIN),
            self.streams.close_all(SOCKETS_CLOSE_WITHIN),
        )

    async def finish(self) -> None:
        """Mutations that were begun are carried to their end."""
        await self.http.finish(self.service.settings.drain_timeout)

    async def _sign_in(self, token: str) -> Identity:
        try:
            return await self.service.sign_in(token)
        except KeysUnavailable as refusal:
            raise ClientError(str(refusal), ErrorCode.UNAVAILABLE) from refusal
        except SignInRefused as refusal:
            raise ClientError(str(refusal), ErrorCode.UNAUTHENTICATED) from refusal

    def _explorer(self) -> list[BaseRoute]:
        settings = self.service.settings
        return explorer_routes(PATH, demo=settings.demo) if settings.introspection else []

    def _slack(self) -> Route:
        service = self.service
        actions = SlackActions(
            service.database,
            service.desk,
            lambda actor: self._context_of(actor, "slack"),
            service.clock,
        )
        return Route(SLACK, actions.pressed, methods=["POST"])

    def _audience(self, identity: Identity) -> tuple[Hashable, Audience]:
        """Who sees the same as they do, nearly always: who has the same role in their account."""
        actor = identity.actor
        return (actor.account_id, actor.role), Audience(lambda: self._context(identity, SHARED))

    def _context(self, identity: Identity, request_id: str) -> Context:
        return self._context_of(identity.actor, request_id)

    def _context_of(self, actor: Actor, request_id: str) -> Context:
        service = self.service
        return Context(
            actor,
            service.database,
            service.hub,
            service.options,
            service.desk,
            service.clock,
            request_id,
        )


def _sizes() -> Sizes:
    return Sizes(lists=costs.LISTS, work=costs.WORK, mutation=costs.MUTATION)


def _routes(service: Service) -> list[Route]:
    health = Health(
        revision=lambda: schema_revision(service.database),
        expected=head(),
        draining=lambda: service.draining,
        doorbell=service.doorbell,
        parts=lambda: alive(service.carrier, service.assessor),
    )
    return [
        Route("/", _hello),
        Route("/livez", health.livez),
        Route("/readyz", health.readyz),
        Route("/metrics", MetricsEndpoint(service.metrics)),
    ]


async def _hello(_: Request) -> Response:
    return PlainTextResponse(HELLO)
