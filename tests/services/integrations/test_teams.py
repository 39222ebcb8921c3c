"""Teams: a card of each piece of news, never too large, to addresses of flows only."""

import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from app.demo.vendors.base import Fault, Served
from app.demo.vendors.teams import ORIGIN, PATH, QUERY, SIG, URL, FakeTeams, elements
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import Letter, Purpose, Refused, Tried, TryAgain
from services.integrations.teams import (
    MOST,
    TeamsChannel,
    TeamsSecrets,
    TeamsSettings,
    message,
)
from tests.services.integrations import golden
from tests.services.integrations.letters import OF_HANDOFFS, letter

BRIEF = timedelta(milliseconds=400)
BELIEVING_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # everything here is routed to a fake
HOSTILE = "[Baton](https://evil.example) **bold** <at>Everyone</at> {{DATE(2026-11-24T10:00:00Z)}}"
NEWS = {
    Purpose.RAISED: ("OPEN", None),
    Purpose.CLAIMED: ("CLAIMED", None),
    Purpose.RELEASED: ("OPEN", "I am called away"),
    Purpose.RETURNED: ("RETURNED", "Look at the sign-in log first"),
    Purpose.RESOLVED: ("RESOLVED", "A policy was in the way"),
    Purpose.CANCELLED: ("CANCELLED", None),
    Purpose.UNREACHED: ("OPEN", None),
    Purpose.TEST: ("OPEN", None),
}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FakeTeams, Served]]:
    fake = FakeTeams()
    with fake.serving() as served:
        yield fake, served


@pytest.fixture
def flow(served: tuple[FakeTeams, Served]) -> FakeTeams:
    fake, _ = served
    fake.__init__()  # as new
    return fake


@pytest.fixture
async def outgoing(served: tuple[FakeTeams, Served]) -> AsyncIterator[Outgoing]:
    outgoing = Outgoing(routes={ORIGIN: served[1].origin}, timeout=BRIEF, tls=BELIEVING_NOBODY)
    yield outgoing
    await outgoing.aclose()


@pytest.fixture
def teams(flow: FakeTeams, outgoing: Outgoing) -> TeamsChannel:
    return channel(outgoing)


def channel(outgoing: Outgoing, url: str = URL) -> TeamsChannel:
    return TeamsChannel(TeamsSettings(), TeamsSecrets(url=url), outgoing)


def about(purpose: Purpose) -> Letter:
    status, words = NEWS[purpose]
    facts = {"status": status, "words": words, "key": f"handoff:{purpose}:TEAMS"}
    if purpose is not Purpose.RAISED:
        facts |= {"who": "Sam Ortiz", "happened_at": datetime(2026, 11, 24, 14, 2, tzinfo=UTC)}
    return letter(purpose=purpose, **facts)


def words(card: Any) -> list[str]:
    return [each["text"] for each in elements(card["body"]) if "text" in each]


@pytest.mark.parametrize("purpose", OF_HANDOFFS)
async def test_each_piece_of_news_is_a_card_of_its_own(
    flow: FakeTeams, teams: TeamsChannel, purpose: Purpose
):
    sent = await teams.send(about(purpose), None)

    assert sent.reference is None
    assert "accepted" in sent.said
    [card] = flow.cards
    golden.expect(f"teams-{purpose}", flow.asked[0].json())
    assert ("What was tried" in words(card)) is (purpose is Purpose.RAISED)


async def test_nothing_in_a_session_is_markup(flow: FakeTeams, teams: TeamsChannel):
    hostile = letter(
        problem=HOSTILE,
        reason=HOSTILE,
        notes=HOSTILE,
        raised_by=HOSTILE,
        who=HOSTILE,
        target=HOSTILE,
        customer=HOSTILE,
        tried=[Tried(HOSTILE, "worked")],
        suspected=[HOSTILE],
        ruled_out=[HOSTILE],
        next_steps=[HOSTILE],
    )
    await teams.send(hostile, None)

    [card] = flow.cards
    kinds = {each["type"] for each in elements(card["body"]) if "evil" in each.get("text", "")}
    assert kinds == {"TextRun"}
    assert "entities" not in card.get("msteams", {})  # without them nobody is mentioned


# -- limits


@pytest.mark.parametrize("filling", ["x", "\N{FIRE}", '"', "\n", "字"])
async def test_however_much_there_is_to_tell_teams_takes_it(
    flow: FakeTeams, teams: TeamsChannel, filling: str
):
    much = f"a{filling * 20_000}z"
    full = {
        "problem": much,
        "reason": much,
        "notes": much,
        "words": much,
        "who": much,
        "raised_by": much,
        "target": much,
        "customer": much,
        "tried": [Tried(much, "did not work")] * 100,
        "step_count": 400,
        "suspected": [much] * 40,
        "ruled_out": [much] * 40,
        "next_steps": [much] * 40,
        "key": "k" * 400,
    }
    for purpose in OF_HANDOFFS:
        await teams.send(letter(purpose=purpose, **full), None)

    assert max(len(asked.body) for asked in flow.asked) <= MOST
    assert len(flow.cards) == len(OF_HANDOFFS)


def test_a_card_that_is_too_large_loses_its_timeline_first_and_says_so():
    """Each of these letters takes four bytes, so that what is normally said is too much."""
    fire = "\N{FIRE}"
    lines = [fire * 200] * 5
    crowded = letter(
        tried=[Tried(fire * 200, "worked")] * 100,
        step_count=240,
        reason=fire * 1400,
        notes=fire * 900,
        suspected=lines,
        ruled_out=lines,
        next_steps=lines,
    )
    said = words(orjson.loads(message(crowded))["attachments"][0]["content"])

    assert "and 237 more before" in said  # of the 10 that are shown normally, 3 are left
    assert {fire * 1400, fire * 900} <= set(said)
    assert said.count(f"• {fire * 200}") == 15


async def test_a_repeat_can_be_recognised_by_its_key(flow: FakeTeams, teams: TeamsChannel):
    await teams.send(letter(), None)
    await teams.send(letter(), None)

    assert flow.keys == [letter().key] * 2


# -- what goes wrong


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.BUSY, Fault.HANG, Fault.LOSE_ANSWER])
async def test_trouble_that_passes_is_tried_again(
    flow: FakeTeams, teams: TeamsChannel, fault: Fault
):
    flow.retry_after = 30
    flow.faults.append(fault)

    with pytest.raises(TryAgain) as failed:
        await teams.send(letter(), None)

    assert SIG not in repr(failed.value)
    if fault is Fault.BUSY:
        assert failed.value.after == timedelta(seconds=30)


async def test_a_redirect_is_not_followed(flow: FakeTeams, teams: TeamsChannel):
    flow.faults.append(Fault.REDIRECT)

    with pytest.raises(Refused):
        await teams.send(letter(), None)

    assert len(flow.asked) == 1


async def test_any_success_is_accepted_whatever_the_flow_says(flow: FakeTeams, teams: TeamsChannel):
    flow.faults.append(Fault.GARBAGE)

    assert "accepted" in (await teams.send(letter(), None)).said


async def test_a_flow_that_is_off_is_refused_with_what_to_do(flow: FakeTeams, teams: TeamsChannel):
    flow.off = True

    with pytest.raises(Refused, match="turn it on"):
        await teams.send(letter(), None)


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        (URL.replace(SIG, "canary-of-another-flow"), "copy it from the flow again"),
        (URL.replace("0demo", "gone"), "create one"),
    ],
)
async def test_an_address_that_is_not_right_any_more_is_refused_without_repeating_it(
    flow: FakeTeams, outgoing: Outgoing, url: str, advice: str
):
    with pytest.raises(Refused, match=advice) as refused:
        await channel(outgoing, url).send(letter(), None)

    assert "canary" not in repr(refused.value)
    assert SIG not in repr(refused.value)


# -- addresses


@pytest.mark.parametrize(
    "url",
    [
        URL,
        f"https://logic.azure.com{PATH}?sig=x",
        "https://default0a.5c.environment.api.powerplatform.com/powerautomate/x?api-version=1&sig=x",
        "https://PROD-1.WESTUS.LOGIC.AZURE.COM/x?sig=x",
    ],
)
def test_addresses_of_flows_are_taken(url: str):
    assert TeamsSecrets(url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://prod-12.westeurope.logic.azure.com/x?sig=canary",
        "https://evil.example/x?sig=canary",
        "https://evillogic.azure.com/x?sig=canary",
        "https://logic.azure.com.evil.example/x?sig=canary",
        "https://evil.example/logic.azure.com?sig=canary",
        "https://evil.example#.logic.azure.com?sig=canary",
        "https://evil.example\\.logic.azure.com/x?sig=canary",
        "https://prod.logic.azure.com@evil.example/x?sig=canary",
        "https://user:canary@prod.logic.azure.com/x?sig=canary",
        "https://prod.logic.azure.com:8443/x?sig=canary",
        "https://prod.logic.azure.com:port/x?sig=canary",
        "https://environment.api.powerplatform.com/x?sig=canary",
        "https://contoso.webhook.office.com/webhookb2/canary",
        "https://prod.logic.azure.com/x?canary",
        "https://prod.logic.azure.com/x?sig=",
        "https://prod.logic.azure.com/x?sig=canary\r\nx",
        "https://prod.logic.azure.com/x?sig=canary ",
        "https://[::1/x?sig=canary",
        "https://prod.logic.azure.com/" + "x" * 1000 + "?sig=canary",
    ],
)
def test_other_addresses_are_not_taken_and_not_repeated(url: str):
    with pytest.raises(ValidationError) as refused:
        TeamsSecrets(url=url)

    assert "canary" not in str(refused.value)


async def test_an_address_that_came_in_another_way_is_not_sent_to(
    flow: FakeTeams, served: tuple[FakeTeams, Served]
):
    smuggled = TeamsSecrets.model_construct(url=f"{served[1].origin}{PATH}?{QUERY}")
    teams = TeamsChannel(
        TeamsSettings(), smuggled, Outgoing(allowed=["127.0.0.1"], tls=BELIEVING_NOBODY)
    )

    with pytest.raises(Refused, match="not the address of a Teams workflow"):
        await teams.send(letter(), None)

    assert flow.asked == []


def test_the_address_is_not_shown():
    assert SIG not in repr(TeamsSecrets(url=URL))
