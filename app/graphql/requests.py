"""A GraphQL request out of an HTTP one, or the status that refuses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive

from app.graphql.answers import Headers
from app.graphql.callers import bearer
from app.graphql.negotiation import JSON, RESPONSE, STREAM, is_json
from app.graphql.parameters import Malformed, Parameters, parameters
from resolvers.errors import ErrorCode

MAX_PARAMETERS: Final = 20  # of a query string; more is no request of ours


class Refusal(Exception):
    """Answered with a status of its own, whatever media type the answer has."""

    def __init__(self, status: int, code: ErrorCode, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


class ClientLeft(Exception):
    """The client went away in the middle of its request: there is nobody to answer."""


class Head:
    """The headers that matter, found in one pass."""

    __slots__ = (
        "accept",
        "authorization",
        "content_encoding",
        "content_length",
        "content_type",
        "last_event_id",
        "request_id",
    )

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.accept = b""
        self.authorization: bytes | None = None
        self.content_encoding: bytes | None = None
        self.content_length: bytes | None = None
        self.content_type = b""
        self.last_event_id: bytes | None = None
        self.request_id: bytes | None = None
        for name, value in headers:
            match name:
                case b"accept":
                    self.accept = self.accept + b"," + value if self.accept else value
                case b"authorization":
                    self.authorization = value
                case b"content-type":
                    self.content_type = value
                case b"content-length":
                    self.content_length = value
                case b"content-encoding":
                    self.content_encoding = value
                case b"x-request-id":
                    self.request_id = value
                case b"last-event-id":
                    self.last_event_id = value

    def after(self) -> str | None:
        """Where an event source goes on. One that has had no event sends none, or an empty one."""
        if not self.last_event_id:
            return None
        return self.last_event_id.decode("utf-8", errors="replace")

    def token(self) -> str:
        """Raises Refusal (401)."""
        if self.authorization is None:
            raise unauthenticated("Send a token: `Authorization: Bearer …`.")
        token = bearer(self.authorization.decode("latin-1"))
        if token is None:
            raise unauthenticated("Authorization must be of the form `Bearer <token>`.")
        return token


def unauthenticated(message: str, *, challenge: bytes = b"Bearer") -> Refusal:
    headers = ((b"www-authenticate", challenge),)
    return Refusal(401, ErrorCode.UNAUTHENTICATED, message, headers)


def not_acceptable() -> Refusal:
    return Refusal(
        406,
        ErrorCode.NOT_ACCEPTABLE,
        f"Answers come as {RESPONSE}, {JSON} or {STREAM}; Accept allows none of them.",
    )


def bad(message: str) -> Refusal:
    return Refusal(400, ErrorCode.BAD_REQUEST, message)


def check_method(method: str) -> None:
    if method not in ("POST", "GET"):
        raise Refusal(
            405,
            ErrorCode.METHOD_NOT_ALLOWED,
            "GraphQL is asked with POST, or a query with GET.",
            ((b"allow", b"GET, POST"),),
        )


def check_body_type(head: Head) -> None:
    if not is_json(head.content_type):
        raise Refusal(
            415,
            ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            f"Send `Content-Type: {JSON}`, in UTF-8.",
            ((b"accept", JSON.encode()),),
        )
    if head.content_encoding is not None and head.content_encoding.lower() != b"identity":
        raise bad("Send the body as it is, without Content-Encoding.")


async def read_body(head: Head, receive: Receive, max_body: int) -> bytes:
    """Count what really comes, whatever Content-Length says. Raises Refusal (413), ClientLeft.

    The rest of a body that is too large is left unread: closing the connection on it would take the
    answer away from a client that is still sending.
    """
    announced = head.content_length
    if announced is not None and announced.isdigit() and int(announced[:20]) > max_body:
        raise too_large(max_body)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        part = message.get("body", b"")
        size += len(part)
        if size > max_body:
            raise too_large(max_body)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def too_large(max_body: int) -> Refusal:
    return Refusal(413, ErrorCode.TOO_LARGE, f"A request has at most {max_body} bytes.")


def from_body(body: bytes) -> Parameters:
    """Raises Refusal (400)."""
    try:
        return parameters(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise bad(f"The body is not JSON: {error}.") from None
    except Malformed as error:
        raise bad(str(error)) from None


def from_query_string(text: bytes, max_size: int) -> Parameters:
    """Raises Refusal (400, 414)."""
    if len(text) > max_size:
        raise Refusal(414, ErrorCode.TOO_LARGE, f"A query string has at most {max_size} bytes.")
    try:
        pairs = parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError:
        raise bad("The query string is not an encoding of UTF-8.") from None
    given: dict[str, Any] = dict(pairs)
    if len(given) < len(pairs):
        raise bad("A parameter is given more than once.")
    try:
        for name in ("variables", "extensions"):
            if name in given:
                given[name] = orjson.loads(given[name] or "null")
        return parameters(given)
    except orjson.JSONDecodeError as error:
        raise bad(f"`variables` and `extensions` must be JSON: {error}.") from None
    except Malformed as error:
        raise bad(str(error)) from None
