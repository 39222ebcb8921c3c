"""Messages of graphql-transport-ws in and out, and the codes a socket is closed with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, TypeAlias

import orjson

from app.graphql.callers import bearer
from app.graphql.parameters import Malformed, Parameters, parameters
from app.wire import frame

SUBPROTOCOL: Final = "graphql-transport-ws"
MAX_REASON: Final = 123  # bytes; a close frame has no room for more


class CloseCode(IntEnum):
    """The reference client gives up for good at 4400, 4401, 4406, 4409, 4429 and most of 1xxx, and
    comes back after the others; so what passes must not be closed with one of those.
    """

    RESTARTING = 1012
    TOO_LARGE = 1009  # the server itself
    TRY_AGAIN = 1013
    MALFORMED = 4400
    NOT_INITIALISED = 4401
    FORBIDDEN = 4403
    WRONG_SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE_ID = 4409
    SECOND_INIT = 4429
    SILENT = 4499
    TOO_SLOW = 4499
    SIGN_IN_TIMEOUT = 4504


@dataclass(frozen=True, slots=True)
class Init:
    payload: dict[str, Any]

    def token(self) -> str | None:
        """From ``{"authorization": "Bearer …"}``, with a capital too, or ``{"token": "…"}``."""
        for name in ("authorization", "Authorization"):
            value = self.payload.get(name)
            if isinstance(value, str):
                return bearer(value)
        token = self.payload.get("token")
        return token if isinstance(token, str) and token else None


@dataclass(frozen=True, slots=True)
class Ping:
    payload: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    pass


@dataclass(frozen=True, slots=True)
class Subscribe:
    id: str
    asked: Parameters


@dataclass(frozen=True, slots=True)
class Complete:
    id: str


Message: TypeAlias = Init | Ping | Pong | Subscribe | Complete

PONG: Final = Pong()


def read(text: str) -> Message:
    """Raises Malformed with a reason short enough for a close frame."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Malformed("A message must be JSON") from None
    if type(message) is not dict:
        raise Malformed("A message must be an object")
    match message.get("type"):
        case "subscribe":
            return Subscribe(id_of(message), subscribe_payload(message.get("payload")))
        case "complete":
            return Complete(id_of(message))
        case "ping":
            return Ping(payload_of(message))
        case "pong":
            payload_of(message)
            return PONG
        case "connection_init":
            return Init(payload_of(message) or {})
        case str():
            raise Malformed("Unknown message type")
        case _:
            raise Malformed("A message must have a `type`")


def id_of(message: dict[str, Any]) -> str:
    id_ = message.get("id")
    if type(id_) is not str or not id_:
        raise Malformed("`id` must be a string that is not empty")
    return id_


def payload_of(message: dict[str, Any]) -> dict[str, Any] | None:
    payload = message.get("payload")
    if payload is not None and type(payload) is not dict:
        raise Malformed("`payload` must be an object")
    return payload


def subscribe_payload(payload: Any) -> Parameters:
    if type(payload) is not dict:
        raise Malformed("`payload` must be an object")
    return parameters(payload)


ACK: Final = frame(b'{"type":"connection_ack"}')
PING: Final = frame(b'{"type":"ping"}')
PONG_FRAME: Final = frame(b'{"type":"pong"}')


def pong(payload: dict[str, Any] | None) -> bytes:
    """With the payload of the ping it answers; one that is nested too deeply to be written again
    is left out."""
    if payload is not None:
        try:
            return frame(orjson.dumps({"type": "pong", "payload": payload}))
        except TypeError:
            pass
    return PONG_FRAME


class Frames:
    """What is sent about one operation, as frames: text, or browsers are handed blobs."""

    __slots__ = ("start",)

    def __init__(self, id_: str) -> None:
        self.start = b'{"type":"next","id":%b,"payload":' % orjson.dumps(id_)

    def next(self, payload: bytes) -> bytes:
        """``payload`` is a result as JSON. Once for each subscriber and event."""
        return frame(self.start, payload, b"}")

    def error(self, errors: list[dict[str, Any]]) -> bytes:
        start = self.start.replace(b"next", b"error", 1)
        return frame(start, orjson.dumps(errors), b"}")

    @property
    def complete(self) -> bytes:
        start = self.start.replace(b"next", b"complete", 1)
        return frame(start.removesuffix(b',"payload":'), b"}")


def reason(text: str) -> str:
    """As much of it as a close frame takes."""
    return text.encode()[:MAX_REASON].decode(errors="ignore")
