"""What was promised outside arrives outside: a card, a mail, a note, and how it went on."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from cryptography.fernet import Fernet

from app.demo.vendors.base import Fault
from app.demo.vendors.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, FakeHalo
from app.demo.vendors.slack import ORIGINS, TOKEN, FakeSlack
from app.demo.vendors.slack_button import pressed
from app.demo.vendors.smtp import FakeMail
from services.actor import Actor
from tests.harness.people import Account
from tests.harness.web import Client, Web, running

SignIn = Callable[..., Client]

SAVE = """mutation ($input: SaveIntegrationInput!) { saveIntegration(input: $input) { __typename
  ... on SaveIntegrationSuccess { integration { id kind } } ... on Problem { message } } }"""
START = """mutation { startSession(input: { problemSummary: "Outlook can't connect",
  ticket: { system: "HaloPSA", number: "2818" } }) {
  ... on StartSessionSuccess { session { id } } } }"""
STEP = """mutation ($id: ID!) { recordStep(input: { sessionId: $id, kind: CHECK,
  title: "Signed in with password: hunter2secret", outcome: FAILED }) { __typename } }"""
ESCALATE = """mutation ($id: ID!) { escalate(input: { sessionId: $id, reason: "Out of ideas" }) {
  ... on EscalateSuccess { handoff { id } } } }"""
CLAIM = "mutation ($id: ID!) { claimHandoff(input: { handoffId: $id }) { __typename } }"
STATES = """query ($id: ID!) { handoff(id: $id) { deliveries { channel purpose state attempts
  lastError externalRef attemptHistory { outcome status } } } }"""


SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
WHO = "query ($id: ID!) { handoff(id: $id) { status claimedBy { name } } }"


@dataclass
class Outside:
    slack: FakeSlack
    halo: FakeHalo
    mail: FakeMail


@pytest.fixture(scope="module")
def outside() -> Iterator[tuple[Outside, dict[str, str]]]:
    """Vendors, and the settings with which a service reaches them instead of the real ones."""
    there = Outside(FakeSlack(), FakeHalo(), FakeMail())
    with ExitStack() as stack:
        slack = stack.enter_context(there.slack.serving())
        halo = stack.enter_context(there.halo.serving())
        mail = stack.enter_context(there.mail.serving())
        routes = [f"{origin}={slack.origin}" for origin in ORIGINS]
        routes.append(f"https://acme.halopsa.com={halo.origin}")
        yield (
            there,
            {
                "outgoing_routes": ",".join(routes),
                "smtp_url": mail.url,
                "mail_from": "baton@desk.example",
                "secret_keys": Fernet.generate_key().decode(),
            },
        )


@pytest.fixture(scope="module")
def service(settings: dict[str, str], outside: tuple[Outside, dict[str, str]]) -> Iterator[Web]:
    """A web process, and a worker beside it."""
    with running(**settings, **outside[1]) as web, running("worker", **settings, **outside[1]):
        yield web


async def connect(admin: Client) -> str:
    """Returns the id of what connects Slack."""
    connected: list[str] = []
    for vendor in (
        {"slack": {"channel": "#escalations", "botToken": TOKEN, "signingSecret": SIGNING}},
        {
            "halopsa": {
                "url": "https://acme.halopsa.com",
                "tenant": TENANT,
                "clientId": CLIENT_ID,
                "clientSecret": CLIENT_SECRET,
            }
        },
    ):
        outcome = await admin.ask(SAVE, input=vendor)
        assert outcome["__typename"] == "SaveIntegrationSuccess", outcome
        connected.append(outcome["integration"]["id"])
    return connected[0]


async def delivered(client: Client, handoff: str, count: int) -> list[dict[str, Any]]:
    """Its deliveries, once so many of them are sent and none is on its way."""
    deliveries: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while True:
            deliveries = (await client.ask(STATES, id=handoff))["deliveries"]
            states = [each["state"] for each in deliveries]
            if states.count("SENT") >= count and not {"PENDING", "SENDING"} & set(states):
                return deliveries
            await asyncio.sleep(0.1)


async def raise_one(client: Client) -> str:
    session = (await client.ask(START))["session"]["id"]
    await client.ask(STEP, id=session)
    return str((await client.ask(ESCALATE, id=session))["handoff"]["id"])


async def test_a_card_a_mail_and_a_note_arrive_and_follow_and_hold_no_secret(
    service: Web, outside: tuple[Outside, dict[str, str]], account: Account, sign_in: SignIn
) -> None:
    there, _ = outside
    await connect(sign_in(service, account.admin))
    raiser: Client = sign_in(service, account.tier1)
    claimer: Client = sign_in(service, account.tier2)

    handoff = await raise_one(raiser)
    # Slack, the ticket, and mail to two higher tiers and the ADMIN
    deliveries = await delivered(raiser, handoff, 5)
    assert {each["channel"] for each in deliveries if each["state"] == "SENT"} == {
        "SLACK",
        "PSA_NOTE",
        "EMAIL",
    }
    assert all(
        each["attemptHistory"] == [{"outcome": "SENT", "status": None}]
        for each in deliveries
        if each["state"] == "SENT"
    )
    [card, thread] = there.slack.messages
    assert thread.thread == card.ts
    asked: set[str] = {mail.recipient for mail in there.mail.mails}
    people: tuple[Actor, ...] = (account.tier2, account.tier3, account.admin)
    assert asked == {each.email for each in people}
    [note] = there.halo.actions[2818]
    assert note["hiddenfromuser"] is True
    everything = repr((card, thread, note, [mail.message.as_string() for mail in there.mail.mails]))
    assert "hunter2secret" not in everything

    await claimer.ask(CLAIM, id=handoff)
    await delivered(raiser, handoff, 10)
    assert len(there.slack.messages) == 2
    assert "Tier2" in repr(card)
    assert len(there.halo.actions[2818]) == 2
    assert len(there.mail.mails) == 6


async def test_a_vendor_that_fails_or_loses_its_answer_is_told_again_and_has_it_once(
    service: Web, outside: tuple[Outside, dict[str, str]], other_account: Account, sign_in: SignIn
) -> None:
    there, _ = outside
    await connect(sign_in(service, other_account.admin, other_account))
    raiser: Client = sign_in(service, other_account.tier1, other_account)
    notes = len(there.halo.actions[2818])
    there.slack.faults.append(Fault.SERVER_ERROR)
    # the token, the look, and the note itself, whose answer is lost
    there.halo.faults.extend([None, None, None, Fault.LOSE_ANSWER])

    handoff = await raise_one(raiser)
    deliveries = await delivered(raiser, handoff, 5)

    told = {each["channel"]: each for each in deliveries if each["state"] == "SENT"}
    assert told["SLACK"]["attempts"] == 2
    assert told["SLACK"]["attemptHistory"][0] == {"outcome": "FAILED", "status": 500}
    assert len(there.halo.actions[2818]) == notes + 1


class Button:
    """On a card in Slack, pressed by whoever."""

    def __init__(self, web: Web, account: Account, integration: str, handoff: str) -> None:
        self.url = f"{web.url}/integrations/slack/{account.slug}/{integration}/actions"
        self.handoff = handoff

    async def press(self, user: str, *, secret: str = SIGNING, age: float = 0) -> int:
        """Returns the status of the answer."""
        body, headers = pressed(user, self.handoff, secret, age=age)
        async with httpx2.AsyncClient() as http:
            answer = await http.post(self.url, content=body, headers=headers)
        return answer.status_code


async def test_who_presses_the_button_claims_and_the_next_is_told_who_has_it(
    service: Web, outside: tuple[Outside, dict[str, str]], account: Account, sign_in: SignIn
) -> None:
    slack = outside[0].slack
    slack.answers.clear()
    slack.join("U2", account.tier2.email)
    slack.join("U3", account.tier3.email)
    slack.join("U9", "stranger@elsewhere.test")
    integration = await connect(sign_in(service, account.admin))
    raiser: Client = sign_in(service, account.tier1)
    button = Button(service, account, integration, await raise_one(raiser))

    async def says(user: str) -> str:
        count = len(slack.answers)
        assert await button.press(user) == 200
        async with asyncio.timeout(5):
            while len(slack.answers) == count:  # noqa: ASYNC110 - another process says it
                await asyncio.sleep(0.02)
        return slack.answers[-1]

    assert "does not know you" in await says("U9")
    assert (await raiser.ask(WHO, id=button.handoff))["status"] == "OPEN"
    assert (await says("U2")).startswith("It is yours")
    assert (await raiser.ask(WHO, id=button.handoff))["claimedBy"] == {"name": "Tier2"}
    assert re.fullmatch(r"Tier2 has it since \d\d:\d\d UTC\.", await says("U3"))


async def test_what_slack_did_not_sign_just_now_does_nothing(
    service: Web,
    outside: tuple[Outside, dict[str, str]],
    account: Account,
    other_account: Account,
    sign_in: SignIn,
) -> None:
    outside[0].slack.join("U2", account.tier2.email)
    integration = await connect(sign_in(service, account.admin))
    raiser: Client = sign_in(service, account.tier1)
    handoff = await raise_one(raiser)
    button = Button(service, account, integration, handoff)

    assert await button.press("U2", secret="0" * 32) == 401
    assert await button.press("U2", age=600) == 401
    assert await Button(service, other_account, integration, handoff).press("U2") == 401
    assert (await raiser.ask(WHO, id=handoff))["status"] == "OPEN"
