"""GraphQL over HTTP: POST with JSON, GET for queries.

Request errors are answered with 400 under application/graphql-response+json and with 200 under
application/json, as the specification of GraphQL over HTTP asks; what HTTP itself refuses has its
own status under both.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from time import perf_counter
from typing import Final, Generic

from graphql import GraphQLError
from starlette.types import Receive, Scope, Send

from app.graphql.answers import RETRY_AFTER, Answer, fault, refused, request_error, success
from app.graphql.callers import IdentityT, MakeContext, SignIn, request_id
from app.graphql.deadline import Cut, CutShort, Deadline
from app.graphql.engine import Engine, Operation, RequestError, Result
from app.graphql.errors import AWAY, UNAVAILABLE, ClientError, ErrorCode, cancelled, explain
from app.graphql.mutations import Mutations
from app.graphql.negotiation import JSON
from app.graphql.observer import CANCELLED, Observer
from app.graphql.parameters import Parameters, operation_of
from app.graphql.requests import (
    ClientLeft,
    Head,
    Refusal,
    check_body_type,
    check_method,
    from_body,
    from_query_string,
    read_body,
    unauthenticated,
)

logger = logging.getLogger(__name__)

HTTP: Final = "http"
INVALID_TOKEN: Final = b'Bearer error="invalid_token"'
NO_SUBSCRIPTIONS: Final = (
    "A subscription is not answered over POST or GET. Open a WebSocket at this address with the"
    " subprotocol graphql-transport-ws."
)


class GraphQLHTTP(Generic[IdentityT]):
    """An ASGI application for one path. ``timeout`` bounds everything but a mutation: a query is
    cancelled by it, and when its client leaves; a mutation runs to its end in either case."""

    def __init__(
        self,
        engine: Engine,
        sign_in: SignIn[IdentityT],
        make_context: MakeContext[IdentityT],
        *,
        max_body: int = 256 * 1024,
        timeout: timedelta = timedelta(seconds=10),
        introspection: bool = False,
        observe: Observer | None = None,
    ) -> None:
        self.engine = engine
        self.sign_in = sign_in
        self.make_context = make_context
        self.max_body = max_body
        self.timeout = timeout.total_seconds()
        self.introspection = introspection
        self.observe = observe or Observer()
        self.mutations = Mutations()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(self, scope, receive)
        answer = await exchange.answer()
        if answer is not None:
            await answer.send(send, exchange.media_type, exchange.request_id)

    async def finish(self, within: timedelta) -> None:
        """Wait for the mutations that are running; for a shutdown."""
        await self.mutations.finish(within)


class Exchange(Generic[IdentityT]):
    """One request on its way to its answer."""

    __slots__ = (
        "head",
        "media_type",
        "operation",
        "receive",
        "request_id",
        "scope",
        "server",
        "signed_in",
    )

    def __init__(self, server: GraphQLHTTP[IdentityT], scope: Scope, receive: Receive) -> None:
        self.server = server
        self.scope = scope
        self.receive = receive
        self.head = Head(scope["headers"])
        self.request_id = request_id(self.head.request_id)
        self.media_type = JSON
        self.signed_in = False
        self.operation: Operation | None = None

    async def answer(self) -> Answer | None:
        """None when the client has left. Whatever happens is told to the observer once."""
        started = perf_counter()
        observe = self.server.observe
        observe.entered(HTTP, self.request_id)
        result = CANCELLED
        try:
            answer = await self.attempt()
            if answer is not None:
                result = answer.outcome
        finally:
            operation = self.operation
            if operation is None:
                observe.refused(HTTP, result)
            else:
                seconds = perf_counter() - started
                observe.operation_finished(HTTP, operation.kind, operation.name, result, seconds)
        return answer

    async def attempt(self) -> Answer | None:
        try:
            with Deadline(self.server.timeout) as deadline:
                return success(await self.result(deadline))
        except asyncio.CancelledError as error:
            return fault(cancelled(error))
        except Exception as error:
            return self.instead(error)

    def instead(self, error: Exception) -> Answer | None:
        match error:
            case RequestError():
                answer: Answer | None = request_error(error, self.media_type)
            case Refusal():
                answer = refused(error.status, error.message, error.code, error.headers)
            case CutShort(why=Cut.TIME):
                answer = self.timed_out()
            case CutShort() | ClientLeft():
                answer = None
            case _:
                answer = fault(error)
        return answer

    async def result(self, deadline: Deadline) -> Result:
        server, head, method = self.server, self.head, self.scope["method"]
        check_method(method)
        self.media_type = head.answer_type()
        if method == "POST":
            check_body_type(head)
        identity = await self.identity(head.token())
        self.signed_in = True
        server.observe.signed_in(identity)
        if method == "POST":
            asked = from_body(await read_body(head, self.receive, server.max_body))
        else:
            asked = from_query_string(self.scope["query_string"], server.max_body)
        operation = self.choose(asked)
        context = server.make_context(identity, self.request_id)
        execution = server.engine.execute(operation, asked.variables, context)
        self.operation = operation
        if operation.kind == "mutation":
            deadline.lift()
            return await asyncio.shield(server.mutations.start(execution))
        deadline.watch(self.receive)
        return await execution

    async def identity(self, token: str) -> IdentityT:
        """Raises Refusal, by the code of what ``sign_in`` says: 403, 503, else 401."""
        try:
            return await self.server.sign_in(token)
        except ClientError as error:
            if error.code is ErrorCode.FORBIDDEN:
                raise Refusal(403, error.code, error.message) from None
            if error.code is ErrorCode.UNAVAILABLE:
                raise Refusal(503, error.code, error.message, RETRY_AFTER) from None
            raise unauthenticated(error.message, challenge=INVALID_TOKEN) from None
        except AWAY as error:
            message, _ = explain(error, where="sign-in")
            raise Refusal(503, ErrorCode.UNAVAILABLE, message, RETRY_AFTER) from error

    def choose(self, asked: Parameters) -> Operation:
        """Raises RequestError, or Refusal for what this method does not do."""
        operation = operation_of(self.server.engine, asked, introspection=self.server.introspection)
        if operation.kind == "subscription":
            raise RequestError([GraphQLError(NO_SUBSCRIPTIONS)])
        if operation.kind == "mutation" and self.scope["method"] == "GET":
            raise Refusal(
                405,
                ErrorCode.METHOD_NOT_ALLOWED,
                "A mutation is sent with POST.",
                ((b"allow", b"POST"),),
            )
        return operation

    def timed_out(self) -> Answer:
        limit = f"{self.server.timeout:g} s"
        if not self.signed_in:
            logger.warning("Sign-in did not answer within %s", limit)
            return refused(503, UNAVAILABLE, ErrorCode.UNAVAILABLE, RETRY_AFTER)
        if self.operation is None:
            return refused(408, f"The request did not arrive within {limit}.", ErrorCode.TIMEOUT)
        return refused(504, f"The query took longer than {limit}.", ErrorCode.TIMEOUT)
