"""One HTTP request on its way to its answer."""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter
from typing import TYPE_CHECKING, Final, Generic

from graphql import GraphQLError
from starlette.types import Receive, Scope

from app.graphql.answers import (
    RETRY_AFTER,
    Answer,
    fault,
    refused,
    request_error,
    streamed,
    success,
)
from app.graphql.callers import IdentityT, request_id
from app.graphql.deadline import Cut, CutShort, Deadline
from app.graphql.engine import Operation, RequestError, Result
from app.graphql.errors import AWAY, UNAVAILABLE, ClientError, ErrorCode, cancelled, explain, told
from app.graphql.limits.gate import Charge
from app.graphql.negotiation import JSON, STREAM, accepted
from app.graphql.observer import CANCELLED, Transport
from app.graphql.parameters import Parameters, operation_of
from app.graphql.requests import (
    ClientLeft,
    Head,
    Refusal,
    check_body_type,
    check_method,
    from_body,
    from_query_string,
    not_acceptable,
    read_body,
    unauthenticated,
)
from app.graphql.sse import EventStream

if TYPE_CHECKING:
    from app.graphql.http import GraphQLHTTP

logger = logging.getLogger(__name__)

INVALID_TOKEN: Final = b'Bearer error="invalid_token"'
NO_SUBSCRIPTIONS: Final = (
    "A subscription is answered as a stream: send `Accept: text/event-stream`, or open a WebSocket"
    " at this address with the subprotocol graphql-transport-ws."
)


class Exchange(Generic[IdentityT]):
    __slots__ = (
        "accepted",
        "charge",
        "head",
        "identity",
        "media_type",
        "operation",
        "receive",
        "request_id",
        "scope",
        "server",
        "streams",
    )

    def __init__(self, server: GraphQLHTTP[IdentityT], scope: Scope, receive: Receive) -> None:
        self.server = server
        self.scope = scope
        self.receive = receive
        self.head = Head(scope["headers"])
        self.request_id = request_id(self.head.request_id)
        self.accepted = accepted(self.head.accept)
        self.media_type = JSON if self.accepted is None else self.accepted.media_type
        self.streams = self.accepted is not None and self.accepted.streams
        self.identity: IdentityT | None = None
        self.operation: Operation | None = None
        self.charge: Charge | None = None

    @property
    def transport(self) -> Transport:
        return "sse" if self.streams else "http"

    async def answer(self) -> Answer | EventStream | None:
        """None when the client has left. Whatever happens is told to the observer once; a stream
        tells of itself."""
        started = perf_counter()
        observe = self.server.observe
        observe.entered(self.transport, self.request_id)
        result = CANCELLED
        answer: Answer | EventStream | None = None
        try:
            answer = await self.attempt()
            if isinstance(answer, Answer):
                result = answer.outcome
                if self.identity is not None:
                    answer.headers += self.server.gate.headers(self.identity)
        finally:
            operation = self.operation
            if operation is None or operation.kind == "subscription":
                if not isinstance(answer, EventStream):
                    observe.refused(self.transport, result)
            else:
                seconds = perf_counter() - started
                observe.operation_finished(
                    self.transport, operation.kind, operation.name, result, seconds
                )
        return answer

    async def attempt(self) -> Answer | EventStream | None:
        try:
            with Deadline(self.server.timeout) as deadline:
                result = await self.result(deadline)
        except asyncio.CancelledError as error:
            return fault(cancelled(error))
        except Exception as error:
            return self.instead(error)
        if isinstance(result, EventStream):
            return result
        answer = success(result)
        if self.charge is not None:
            answer.body = self.charge.told_in(answer.body)
        return streamed(answer) if self.streams else answer

    def instead(self, error: Exception) -> Answer | None:
        match error:
            case RequestError() | ClientError():
                errors, _ = told(error)
                answer: Answer | None = request_error(
                    errors, STREAM if self.streams else self.media_type
                )
            case Refusal():
                answer = refused(error.status, error.message, error.code, error.headers)
            case CutShort(why=Cut.TIME):
                answer = self.timed_out()
            case CutShort() | ClientLeft():
                answer = None
            case _:
                answer = fault(error)
        return answer

    async def result(self, deadline: Deadline) -> Result | EventStream:
        server, head, method = self.server, self.head, self.scope["method"]
        check_method(method)
        if self.accepted is None:
            raise not_acceptable()
        if method == "POST":
            check_body_type(head)
        identity = self.identity = await self.sign_in(head.token())
        server.observe.signed_in(identity)
        if method == "POST":
            asked = from_body(await read_body(head, self.receive, server.max_body))
        else:
            asked = from_query_string(self.scope["query_string"], server.max_body)
        operation = self.operation = server.gate.read(identity, lambda: self.choose(asked))
        self.charge = server.gate.admit(identity, operation, asked.variables)
        if operation.kind == "subscription":
            deadline.watch(self.receive)
            return await self.subscribe(identity, operation, asked)
        context = server.make_context(identity, self.request_id)
        execution = server.engine.execute(operation, asked.variables, context)
        if operation.kind == "mutation":
            deadline.lift()
            return await asyncio.shield(server.mutations.start(execution))
        deadline.watch(self.receive)
        return await execution

    async def subscribe(
        self, identity: IdentityT, operation: Operation, asked: Parameters
    ) -> EventStream:
        if self.accepted is None or not self.accepted.streams_live:
            raise RequestError([GraphQLError(NO_SUBSCRIPTIONS)])
        self.streams = True
        return await self.server.streams.open(
            identity, operation, asked.variables, self.request_id, self.head.after()
        )

    async def sign_in(self, token: str) -> IdentityT:
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
        if self.identity is None:
            logger.warning("Sign-in did not answer within %s", limit)
            return refused(503, UNAVAILABLE, ErrorCode.UNAVAILABLE, RETRY_AFTER)
        if self.operation is None:
            return refused(408, f"The request did not arrive within {limit}.", ErrorCode.TIMEOUT)
        return refused(
            504, f"The {self.operation.kind} took longer than {limit}.", ErrorCode.TIMEOUT
        )
