"""A receiver of webhooks that believes only what is signed, and keeps each message once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.demo.vendors.base import Asked, FakeVendor, Reply

TOLERANCE: Final = 300  # seconds
LARGEST: Final = 256 * 1024  # bytes
NEEDED: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message whose signature was right."""

    message_id: str
    message: Any
    repeated: bool


class FakeReceiver(FakeVendor):
    """``secret`` is the one it knows, ``received`` the messages by their id, ``repeats`` how often
    each came after that. With ``gone`` it answers that it wants no more."""

    name = "webhook"

    def __init__(self, secret: str) -> None:
        super().__init__()
        self.secret = secret
        self.gone = False
        self.received: dict[str, Any] = {}
        self.repeats: Counter[str] = Counter()

    def reply(self, asked: Asked) -> Reply:
        if self.gone:
            return Reply(410)
        if (refusal := self._refusal(asked)) is not None:
            return refusal
        message_id = asked.headers["webhook-id"]
        repeated = message_id in self.received
        if repeated:
            self.repeats[message_id] += 1
        else:
            self.received[message_id] = asked.json()
        self.accepted(Delivered(message_id, asked.json(), repeated))
        return Reply(204)

    def _refusal(self, asked: Asked) -> Reply | None:
        if asked.method != "POST" or asked.headers.get("content-type") != "application/json":
            return Reply(400, {"error": "JSON is to be posted"})
        if len(asked.body) > LARGEST:
            return Reply(413)
        if not all(asked.headers.get(name) for name in NEEDED) or not self._believes(asked):
            return Reply(401, {"error": "the signature is missing, wrong or old"})
        try:
            asked.json()
        except orjson.JSONDecodeError:
            return Reply(400, {"error": "not JSON"})
        return None

    def _believes(self, asked: Asked) -> bool:
        message_id, at, signatures = (asked.headers[name] for name in NEEDED)
        if not at.isdecimal() or abs(time.time() - int(at)) > TOLERANCE:
            return False
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = f"{message_id}.{at}.".encode() + asked.body
        right = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return any(hmac.compare_digest(right, each) for each in signatures.split(" "))
