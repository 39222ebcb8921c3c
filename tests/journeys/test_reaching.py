"""Nobody could be told: who called for help hears that, and so do the ADMINs."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from cryptography.fernet import Fernet

from app.demo.vendors.smtp import FakeMail
from tests.app.worker.carrying import eventually
from tests.harness.people import Account
from tests.harness.web import Client, Web, running

SignIn = Callable[..., Client]

EVENTS = """subscription { handoffEvents { __typename
  ... on HandoffEvent { actor { name } handoff { id reach { told unreachedAt } } } } }"""
BELL = "subscription { notificationReceived { notification { title handoff { id } } } }"
CREATED = "subscription { handoffCreated { cursor } }"
START = """mutation { startSession(input: { problemSummary: "Outlook can't connect" }) {
  ... on StartSessionSuccess { session { id } } } }"""
ESCALATE = """mutation ($id: ID!) { escalate(input: { sessionId: $id, reason: "Out of ideas" }) {
  ... on EscalateSuccess { handoff { id } } } }"""
REACH = """query ($id: ID!) { handoff(id: $id) { reach {
  told watchingLive confirmed unreachedAt } } }"""


@pytest.fixture(scope="module")
def mail() -> FakeMail:
    return FakeMail()


@pytest.fixture(scope="module")
def service(settings: dict[str, str], mail: FakeMail) -> Iterator[Web]:
    """A web process, and a worker beside it. Mail to engineers is refused, for a time."""
    with ExitStack() as stack:
        more = {
            "smtp_url": stack.enter_context(mail.serving()).url,
            "mail_from": "baton@desk.example",
            "secret_keys": Fernet.generate_key().decode(),
            "reach_after": "1",
        }
        web = stack.enter_context(running(**settings, **more))
        stack.enter_context(running("worker", **settings, **more))
        yield web


async def raise_one(client: Client) -> str:
    session = (await client.ask(START))["session"]["id"]
    return str((await client.ask(ESCALATE, id=session))["handoff"]["id"])


async def test_nobody_is_there_and_the_raiser_and_the_admins_are_told(
    service: Web, mail: FakeMail, account: Account, sign_in: SignIn
) -> None:
    raiser: Client = sign_in(service, account.tier1)
    asked = [account.tier2, account.tier3, account.admin]
    mail.refusing = {each.email: "450 4.2.0 try again later" for each in asked}
    async with raiser.stream(EVENTS) as live, raiser.stream(BELL) as bell:
        assert (await live.next())["__typename"] == "StreamReady"
        handoff = await raise_one(raiser)
        assert (await live.next())["__typename"] == "HandoffCreated"
        told: dict[str, Any] = await live.next()
        assert (told["__typename"], told["actor"]) == ("HandoffUnreached", None)
        assert told["handoff"]["id"] == handoff
        assert told["handoff"]["reach"]["told"] is False
        assert told["handoff"]["reach"]["unreachedAt"] is not None
        item = (await bell.next())["notification"]
        assert item == {
            "title": "Nobody could be told of your escalation yet",
            "handoff": {"id": handoff},
        }
    mail.refusing = {}

    def notices() -> set[str]:
        return {each.recipient for each in mail.mails if "nobody could" in str(each.raw)}

    await eventually(notices, within=40)
    assert notices() == {account.admin.email}


async def test_somebody_who_is_asked_listens_and_nothing_is_said(
    service: Web, other_account: Account, mail: FakeMail, sign_in: SignIn
) -> None:
    people = (other_account.tier2, other_account.tier3, other_account.admin)
    mail.refusing = {each.email: "450 4.2.0 try again later" for each in people}
    raiser: Client = sign_in(service, other_account.tier1, other_account)
    listener: Client = sign_in(service, other_account.tier2, other_account)
    async with raiser.stream(EVENTS) as live, listener.stream(CREATED) as listening:
        await live.next()
        await asyncio.sleep(0.2)
        handoff = await raise_one(raiser)
        await listening.next()
        await live.next()
        assert await live.is_silent(for_=2.5)
    reach = (await raiser.ask(REACH, id=handoff))["reach"]
    assert reach == {"told": True, "watchingLive": 1, "confirmed": 0, "unreachedAt": None}
    mail.refusing = {}
