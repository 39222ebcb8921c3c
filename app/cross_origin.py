"""Which web pages may ask over HTTP: those of the origins that may open sockets.

Browsers keep other pages' answers from them, and ask before they send what a form could not. There
is nothing here that a browser would send by itself: no cookie is set or read, and every request
needs a token in a header. So any header may come from an origin that is allowed, and any of ours is
shown to it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from resolvers.errors import ErrorCode

METHODS: Final = ("GET", "POST")
REMEMBERED: Final = 7200
"""Seconds that a browser need not ask again; some take no more."""


class CrossOrigin(CORSMiddleware):
    """Before an application that answers GET and POST."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=("*",),
            expose_headers=("*",),
            max_age=REMEMBERED,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        message = bytes(response.body).decode() + ": see BATON_ALLOWED_ORIGINS."
        error = {"message": message, "extensions": {"code": ErrorCode.FORBIDDEN.value}}
        response.headers["content-type"] = "application/json"
        del response.headers["content-length"]
        return JSONResponse({"errors": [error]}, 403, dict(response.headers))
