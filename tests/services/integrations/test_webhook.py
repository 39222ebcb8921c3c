"""What a webhook receives can be believed, is told apart from its repeats, and is as described."""

import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import time_machine
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.demo.vendors.base import Asked, Fault, Reply
from app.demo.vendors.webhook import LARGEST, FakeReceiver
from db.models.vocabulary import Approach
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import NotSent, Purpose, Refused, Tried, TryAgain
from services.integrations.webhook import (
    WebhookChannel,
    WebhookSecrets,
    WebhookSettings,
    generate_secret,
    message,
    sign,
)
from tests.services.integrations.json_schema import mistakes
from tests.services.integrations.letters import OF_HANDOFFS, letter

DOCS = Path(__file__).parents[3] / "docs" / "integrations"
SCHEMA = json.loads((DOCS / "webhook.schema.json").read_text())
ORIGIN = "https://hooks.customer.example"
URL = f"{ORIGIN}/baton?room=1"
SECRET, OLD = generate_secret(), generate_secret()


@asynccontextmanager
async def posting(
    receiver: FakeReceiver, *, secret: str = SECRET, previous: str | None = None
) -> AsyncIterator[WebhookChannel]:
    with receiver.serving() as served:
        outgoing = Outgoing(routes={ORIGIN: served.origin}, timeout=timedelta(seconds=1))
        secrets = WebhookSecrets(secret=secret, previous_secret=previous)
        yield WebhookChannel(WebhookSettings(url=URL), secrets, outgoing)
        await outgoing.aclose()


def verified(asked: Asked, secret: str) -> Any:
    """The body, if the public library believes it."""
    return Webhook(secret).verify(asked.body, dict(asked.headers))


async def test_the_public_library_believes_what_is_sent() -> None:
    receiver = FakeReceiver(SECRET)
    async with posting(receiver) as channel:
        sent = await channel.send(letter(), None)
    [asked] = receiver.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/baton", "room=1")
    assert asked.headers["webhook-id"] == sent.reference == letter().key
    body = verified(asked, SECRET)
    assert body["type"] == "handoff.raised"
    assert body["data"]["handoff"]["id"] == letter().handoff_id
    assert receiver.received == {letter().key: body}
    with pytest.raises(WebhookVerificationError):
        verified(asked, OLD)
    tampered = Asked(
        asked.method, asked.path, asked.query, asked.headers, asked.body.replace(b"HIGH", b"LOW")
    )
    with pytest.raises(WebhookVerificationError):
        verified(tampered, SECRET)


def test_a_signature_is_that_of_the_specification() -> None:
    # The specification's example, "Signature scheme"
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    assert sign(key, signed) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_receivers_change_to_a_new_secret_when_they_like() -> None:
    receiver = FakeReceiver(OLD)
    async with posting(receiver, previous=OLD) as channel:
        await channel.send(letter(key="one"), None)
        receiver.secret = SECRET
        await channel.send(letter(key="two"), None)
    assert list(receiver.received) == ["one", "two"]
    for asked in receiver.asked:
        assert verified(asked, SECRET) == verified(asked, OLD)


async def test_an_attempt_hours_later_has_the_same_id_and_is_signed_afresh() -> None:
    receiver = FakeReceiver(SECRET)
    receiver.faults.append(Fault.SERVER_ERROR)
    async with posting(receiver) as channel:
        earlier = time_machine.travel(datetime.now(UTC) - timedelta(hours=3), tick=True)
        with earlier, pytest.raises(TryAgain):
            await channel.send(letter(), None)
        await channel.send(letter(), None)
    first, second = receiver.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(
        first.headers["webhook-timestamp"]
    ) == pytest.approx(3 * 3600, abs=5)
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert verified(second, SECRET)


@pytest.mark.parametrize(
    ("fault", "kind", "status", "kept"),
    [
        (Fault.SERVER_ERROR, TryAgain, 500, 0),
        (Fault.BUSY, TryAgain, 429, 0),
        (Fault.HANG, TryAgain, None, 0),
        (Fault.LOSE_ANSWER, TryAgain, None, 1),
        (Fault.REDIRECT, Refused, 307, 0),
    ],
)
async def test_every_fault_is_told_apart_and_the_next_attempt_arrives_once(
    fault: Fault, kind: type[NotSent], status: int | None, kept: int
) -> None:
    receiver = FakeReceiver(SECRET)
    receiver.faults.append(fault)
    receiver.retry_after = 7
    async with posting(receiver) as channel:
        with pytest.raises(kind) as told:
            await channel.send(letter(), None)
        assert len(receiver.received) == kept
        await channel.send(letter(), None)
    assert told.value.status == status
    if fault is Fault.BUSY:
        assert told.value.after == timedelta(seconds=7)
    assert len(receiver.asked) == 2  # a redirect is not followed
    assert list(receiver.received) == [letter().key]
    assert receiver.repeats.total() == kept  # a repeat can be told


async def test_what_a_receiver_says_beside_2xx_is_not_read() -> None:
    receiver = FakeReceiver(SECRET)
    receiver.faults.append(Fault.GARBAGE)
    async with posting(receiver) as channel:
        sent = await channel.send(letter(), None)
    assert sent.said == "The receiver has taken it (HTTP 200)."


@pytest.mark.parametrize("status", [300, 304, 400, 404, 413, 422])
async def test_only_2xx_is_success(status: int) -> None:
    class Picky(FakeReceiver):
        def reply(self, asked: Asked) -> Reply:
            return Reply(status, b"zebra")

    async with posting(Picky(SECRET)) as channel:
        with pytest.raises(Refused) as told:
            await channel.send(letter(), None)
    assert told.value.status == status
    assert "zebra" not in told.value.why


async def test_who_wants_no_more_is_left_alone() -> None:
    receiver = FakeReceiver(SECRET)
    receiver.gone = True
    async with posting(receiver) as channel:
        with pytest.raises(Refused, match="wants no more messages") as told:
            await channel.send(letter(), None)
    assert told.value.status == 410


async def test_a_secret_that_differs_is_named_as_the_reason_and_not_shown() -> None:
    receiver = FakeReceiver(OLD)
    async with posting(receiver) as channel:
        with pytest.raises(Refused, match="the same secret") as told:
            await channel.send(letter(), None)
    assert told.value.status == 401
    assert receiver.received == {}
    assert SECRET not in told.value.why


@pytest.mark.parametrize("purpose", OF_HANDOFFS)
def test_every_message_is_as_described(purpose: Purpose) -> None:
    full = letter(
        purpose=purpose, target="Sam", claimed_by="Sam", redactions=2, approach=Approach.CONTINUE
    )
    bare = letter(
        purpose=purpose, notes=None, words=None, customer=None, ticket=None, tried=(),
        step_count=0, suspected=(), ruled_out=(), next_steps=(), markdown="",
    )  # fmt: skip
    long = letter(purpose=purpose, tried=[Tried("t", "worked")] * 999, markdown="m" * 999_999)
    for told in (full, bare, long):
        body = orjson.dumps(message(told), option=orjson.OPT_UTC_Z)
        assert list(mistakes(SCHEMA, orjson.loads(body))) == []
        assert len(body) < LARGEST
    documented = message(full)["data"]["documentation"] is not None
    assert documented is (purpose is Purpose.RAISED)


def test_the_description_holds_every_message_to_something() -> None:
    body = orjson.loads(orjson.dumps(message(letter())))
    for spoiled in (
        body | {"type": "handoff.exploded"},
        body | {"timestamp": 1},
        body | {"more": 1},
        {"type": "test"},
    ):
        with pytest.raises((AssertionError, TypeError)):
            assert list(mistakes(SCHEMA, spoiled)) == []


def test_the_page_shows_a_message_as_it_is() -> None:
    page = (DOCS / "webhook.md").read_text()
    [example] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert list(mistakes(SCHEMA, json.loads(example))) == []


def test_a_generated_secret_is_a_good_one_and_never_the_same() -> None:
    secrets = {generate_secret() for _ in range(100)}
    assert len(secrets) == 100
    for secret in secrets:
        WebhookSecrets(secret=secret)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_" + base64.b64encode(b"x" * 23).decode(),
        "whsec_" + base64.b64encode(b"x" * 65).decode(),
        base64.b64encode(b"x" * 32).decode(),
        "whsec_!" + base64.b64encode(b"x" * 32).decode(),
        "whsec_" + "é" * 44,
    ],
)
def test_a_weak_secret_is_refused_and_not_repeated(secret: str) -> None:
    for secrets in ({"secret": secret}, {"secret": SECRET, "previous_secret": secret}):
        with pytest.raises(ValidationError) as told:
            WebhookSecrets(**secrets)
        assert len(secret) < 10 or secret not in str(told.value)
    assert SECRET not in repr(WebhookSecrets(secret=SECRET, previous_secret=SECRET))


@pytest.mark.parametrize("size", [24, 64])
def test_a_secret_of_allowed_size_is_taken(size: int) -> None:
    WebhookSecrets(secret="whsec_" + base64.b64encode(b"x" * size).decode())


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "https://",
        "https://user:word@a.example/",
        "https://a.example/#part",
        "https://a.example/a b",
        "https://a.example\\@b.example/",
        "ftp://a.example",
        "https://a.example/" + "x" * 2_000,
    ],
)
def test_an_address_nothing_should_be_sent_to_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings(url=url)


@pytest.mark.parametrize(
    "url", ["https://a.example", "https://a.example:8443/x?y=1&z=%20", "https://a.example?y"]
)
def test_an_address_on_the_internet_is_taken(url: str) -> None:
    assert WebhookSettings(url=url).url == url
