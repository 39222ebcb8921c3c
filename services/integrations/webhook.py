"""A webhook of the account's own: JSON to an address of theirs, signed.

Source: the Standard Webhooks specification, 1.0.0; docs/integrations/webhook.md says what is sent,
and docs/integrations/webhook.schema.json the same for programs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as randomness
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.integrations.outgoing import Answer, Outgoing, judge
from services.integrations.protocol import Letter, Purpose, Refused, Sent

PREFIX: Final = "whsec_"
LEAST, MOST = 24, 64  # bytes of a secret
DOCUMENTATION: Final = 50_000  # characters
STEPS: Final = 200  # the last ones
_UTC_IN_SHORT: Final = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


def generate_secret() -> str:
    return PREFIX + base64.b64encode(randomness.token_bytes(32)).decode()


class WebhookSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(
        description="Where messages are posted to: https, without a user name or password",
        pattern=r"^https://[A-Za-z0-9.:\[\]-]+([/?][^\s#\\]*)?$",
        max_length=2_000,
    )


class WebhookSecrets(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    secret: str = Field(
        description="What messages are signed with: whsec_ and 24 to 64 bytes in base64",
        max_length=100,
        repr=False,
    )
    previous_secret: str | None = Field(
        default=None,
        description="The secret before that, signed with as well while receivers change over",
        max_length=100,
        repr=False,
    )

    @field_validator("secret", "previous_secret")
    @classmethod
    def _strong(cls, secret: str | None) -> str | None:
        if secret is not None and not LEAST <= len(_key(secret)) <= MOST:
            raise ValueError(f"must be {PREFIX} and {LEAST} to {MOST} bytes in base64")
        return secret


class WebhookChannel:
    def __init__(
        self, settings: WebhookSettings, secrets: WebhookSecrets, outgoing: Outgoing
    ) -> None:
        self._url = settings.url
        self._keys = [_key(each) for each in (secrets.secret, secrets.previous_secret) if each]
        self._outgoing = outgoing

    async def send(self, letter: Letter, earlier: str | None) -> Sent:
        """A receiver tells a repeat by its ``webhook-id``, and a replay by its age: the id stays
        over all attempts, the time and with it the signature are those of this one."""
        body = orjson.dumps(message(letter), option=_UTC_IN_SHORT)
        at = f"{datetime.now(UTC).timestamp():.0f}"
        headers = {
            "content-type": "application/json",
            "webhook-id": letter.key,
            "webhook-timestamp": at,
            "webhook-signature": " ".join(
                sign(key, f"{letter.key}.{at}.".encode() + body) for key in self._keys
            ),
        }
        answer = await self._outgoing.request("POST", self._url, headers=headers, content=body)
        _check(answer)
        return Sent(letter.key, f"The receiver has taken it (HTTP {answer.status}).")


def sign(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    """Nothing, for what is no secret."""
    try:
        encoded = secret.removeprefix(PREFIX) if secret.startswith(PREFIX) else ""
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _check(answer: Answer) -> None:
    status = answer.status
    if status in {401, 403}:
        raise Refused(
            f"The receiver doesn't accept the signature (HTTP {status}): give both sides the same "
            "secret, and see that their clock is right.",
            status=status,
        )
    if status == 410:
        raise Refused(
            "The receiver wants no more messages (HTTP 410): disable this webhook, or correct its "
            "address.",
            status=status,
        )
    judge(answer, "The receiver")


def message(letter: Letter) -> dict[str, Any]:
    """The body, before it is JSON. Members are added to it, and none is renamed or removed."""
    test = letter.purpose is Purpose.TEST
    return {
        "type": "test" if test else f"handoff.{letter.purpose}",
        "timestamp": letter.happened_at,
        "data": {
            "handoff": dict(_handoff(letter)),
            "who": letter.who,
            "words": letter.words,
            "approach": letter.approach,
            "redactions": letter.redactions,
            "documentation": _documentation(letter),
        },
    }


def _handoff(letter: Letter) -> Iterator[tuple[str, Any]]:
    """As the GraphQL schema calls it, where it has it; of people, the name."""
    ticket = letter.ticket
    yield "id", letter.handoff_id
    yield "status", letter.status
    yield "priority", letter.priority
    yield "problemSummary", letter.problem
    yield "reason", letter.reason
    yield "notes", letter.notes
    yield "raisedBy", letter.raised_by
    yield "createdAt", letter.raised_at
    yield "target", letter.target
    yield "claimedBy", letter.claimed_by
    yield "customerName", letter.customer
    yield "ticket", ticket and {"system": ticket.system, "number": ticket.number}
    yield "stepCount", letter.step_count
    yield "tried", [{"title": it.title, "outcome": it.outcome} for it in letter.tried[-STEPS:]]
    yield "hypothesesOpen", [*letter.confirmed, *letter.suspected]
    yield "hypothesesRuledOut", list(letter.ruled_out)
    yield "nextSteps", list(letter.next_steps)
    yield "nextStepsDerived", letter.next_steps_derived
    yield "link", letter.link


def _documentation(letter: Letter) -> str | None:
    """With the raise only: what follows changes nothing in it."""
    if letter.purpose is not Purpose.RAISED:
        return None
    text = letter.markdown
    return text if len(text) <= DOCUMENTATION else f"{text[: DOCUMENTATION - 1]}…"
