"""What is beside GraphQL: probes, metrics, buttons. What goes wrong there is told in the same way,
as JSON with a code, and under the request's id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from app.graphql.callers import request_id
from app.graphql.errors import AWAY, ErrorCode, explain

CODES = {404: ErrorCode.NOT_FOUND, 405: ErrorCode.METHOD_NOT_ALLOWED}


class Rest:
    """An ASGI application. ``nothing_here`` is what somebody is told at any other path."""

    def __init__(self, routes: Sequence[BaseRoute], *, nothing_here: str) -> None:
        self.nothing_here = nothing_here
        self.app = Starlette(
            routes=routes,
            exception_handlers={HTTPException: self.refused, Exception: failed},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        id_ = request_id(dict(scope["headers"]).get(b"x-request-id"))
        bind_contextvars(request_id=id_)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", id_.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as error:  # Starlette raises again what ``failed`` has answered
            explain(error, where=scope["path"])

    async def refused(self, _: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for these
        message = self.nothing_here if error.status_code == 404 else error.detail
        code = CODES.get(error.status_code, ErrorCode.BAD_REQUEST)
        return errors(error.status_code, message, {"code": code.value}, error.headers)


async def failed(request: Request, error: Exception) -> Response:
    message, extensions = explain(error, where=request.url.path)
    if isinstance(error, AWAY):
        return errors(503, message, extensions, {"retry-after": "1"})
    return errors(500, message, extensions)


def errors(
    status: int,
    message: str,
    extensions: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    body = {"errors": [{"message": message, "extensions": extensions}]}
    return JSONResponse(body, status, {"cache-control": "no-store", **(headers or {})})
