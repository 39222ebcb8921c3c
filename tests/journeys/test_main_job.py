"""The whole main job, end to end: escalate, live arrival, claim race, claim."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from tests.harness.people import Account
from tests.harness.valkey import Valkey
from tests.harness.web import Client, Web, running
from tests.journeys import documents as ask

SignIn = Callable[..., Client]


@pytest.fixture(params=["one process", "two by PostgreSQL", "two by Redis"])
async def webs(
    request: pytest.FixtureRequest, settings: dict[str, str]
) -> AsyncIterator[tuple[Web, Web]]:
    """Where the raiser works, and where everybody else does."""
    async with AsyncExitStack() as stack:
        if request.param == "one process":
            only = stack.enter_context(running(**settings, broadcast_url="memory://"))
            yield only, only
            return
        doorbell = {}
        if request.param == "two by Redis":
            valkey = Valkey()
            await valkey.start()
            stack.push_async_callback(valkey.kill)
            doorbell["broadcast_url"] = valkey.url
        yield (
            stack.enter_context(running(**settings, **doorbell)),
            stack.enter_context(running(**settings, **doorbell)),
        )


async def test_a_stuck_engineer_gets_help(
    webs: tuple[Web, Web], account: Account, sign_in: SignIn
) -> None:
    here, there = webs
    raiser = sign_in(here, account.tier1)
    tier2, tier3 = sign_in(there, account.tier2), sign_in(there, account.tier3)
    viewer = sign_in(there, account.viewer)

    # --- a session with what was tried
    started = await raiser.ask(
        ask.START,
        input={
            "problemSummary": "Outlook keeps asking for a password",
            "environment": "Windows 11 24H2, M365 Apps 2410",
            "customer": {"name": "Dana", "contact": "+49 30 1234"},
        },
    )
    session_id = started["session"]["id"]
    for title, outcome in (("Cleared cached credentials", "FAILED"), ("Safe mode", "INCONCLUSIVE")):
        recorded = await raiser.ask(
            ask.RECORD,
            input={
                "sessionId": session_id,
                "kind": "ACTION",
                "title": title,
                "hypothesis": f"Cause of {title}",
                "outcome": outcome,
            },
        )
        assert recorded["__typename"] == "RecordStepSuccess"

    # --- everybody's list and stream, with no seam between them
    assert (await tier2.ask(ask.SESSION, id=session_id)) is None
    queue = await tier2.ask(ask.QUEUE)
    assert queue["count"] == 0
    async with (
        tier2.stream(ask.CREATED, after=queue["cursor"]) as arrivals2,
        tier3.stream(ask.CREATED, after=queue["cursor"]) as arrivals3,
        tier3.stream(ask.EVENTS) as events,
        tier2.stream(ask.RUNG, after=queue["cursor"]) as bell,
        viewer.stream(ask.EVENTS) as seen_by_viewer,
    ):
        ready = await events.next()
        assert (ready["__typename"], ready["openHandoffs"]) == ("StreamReady", 0)
        await seen_by_viewer.next()

        # --- escalate, and live arrival within a second
        began = time.monotonic()
        raised = await raiser.ask(
            ask.ESCALATE,
            input={"sessionId": session_id, "reason": "I am out of ideas", "priority": "URGENT"},
        )
        assert raised["__typename"] == "EscalateSuccess", raised
        handoff_id = raised["handoff"]["id"]
        assert raised["session"]["status"] == "ESCALATED"
        assert "Cleared cached credentials" in raised["documentation"]["markdown"]
        assert {one["state"] for one in raised["deliveries"]} == {"SKIPPED"}
        arrived = await asyncio.gather(arrivals2.next(), arrivals3.next())
        took = time.monotonic() - began
        assert took < 1, took
        for arrival in arrived:
            assert arrival["handoff"]["id"] == handoff_id
            assert arrival["handoff"]["session"]["id"] == session_id
            assert arrival["handoff"]["snapshot"]["stepCount"] == 2
        created = await events.next()
        assert (created["__typename"], created["handoff"]["id"]) == ("HandoffCreated", handoff_id)
        rung = await bell.next()
        name = account.tier1.name
        assert rung["notification"]["title"] == f"Session escalated by {name}"
        assert rung["notification"]["link"] == (
            f"https://desk.example/pilot/{session_id}?pickup=true"
        )
        watched = await seen_by_viewer.next()
        assert (watched["handoff"]["id"], watched["handoff"]["reason"]) == (handoff_id, None)

        # --- twenty claims race; one wins, the others are told by whom
        claims = await asyncio.gather(
            *(client.ask(ask.CLAIM, id=handoff_id) for client in (tier2, tier3) * 10)
        )
        won = [claim for claim in claims if claim["__typename"] == "ClaimHandoffSuccess"]
        lost = [claim for claim in claims if claim["__typename"] == "HandoffAlreadyClaimed"]
        assert (len(won), len(lost)) == (10, 10)  # the winner asking again is told the same
        [winner] = {claim["handoff"]["claimedBy"]["email"] for claim in won}
        assert {claim["claimedBy"]["email"] for claim in lost} == {winner}
        assert len({claim["handoff"]["claimedAt"] for claim in won}) == 1
        assert won[0]["session"] == {
            "id": session_id, "status": "ACTIVE", "escalatedTo": {"email": winner},
        }  # fmt: skip
        taken = await events.next()
        assert taken["__typename"] == "HandoffClaimed"
        assert taken["actor"]["email"] == winner
        assert await events.is_silent(), "one claim, one event"

    # --- the session opens for the winner and closes for the rest
    clients = {account.tier2.email: tier2, account.tier3.email: tier3}
    loser = clients[next(email for email in clients if email != winner)]
    opened = await clients[winner].ask(ask.SESSION, id=session_id)
    assert [step["outcome"] for step in opened["steps"]["nodes"]] == ["FAILED", "INCONCLUSIVE"]
    assert await loser.ask(ask.SESSION, id=session_id) is None
    record = await loser.ask(ask.HANDOFF, id=handoff_id)
    assert (record["status"], record["claimedBy"]["email"]) == ("CLAIMED", winner)
    for content in ("reason", "session", "snapshot", "assessment", "documentation", "deliveries"):
        assert record[content] is None, content

    # --- and it ends well
    resolved = await clients[winner].ask(
        ask.RESOLVE, input={"sessionId": session_id, "resolution": "Re-registered the device"}
    )
    assert (resolved["session"]["status"], resolved["handoff"]["status"]) == ("RESOLVED",) * 2
    titles = [item["title"] for item in (await raiser.ask(ask.BELL))["nodes"]]
    assert [title.split(" ", 1)[1].split(":")[0] for title in titles] == ["resolved", "took over"]


async def test_a_client_that_was_away_catches_up_in_order_without_gap_or_repeat(
    web: Web, account: Account, sign_in: SignIn
) -> None:
    raiser, reader = sign_in(web, account.tier1), sign_in(web, account.tier2)

    async def raise_one(number: int) -> str:
        started = await raiser.ask(ask.START, input={"problemSummary": f"Case {number}"})
        raised = await raiser.ask(
            ask.ESCALATE, input={"sessionId": started["session"]["id"], "reason": "Stuck"}
        )
        handoff_id: str = raised["handoff"]["id"]
        return handoff_id

    queue = await reader.ask(ask.QUEUE)
    missed = [await raise_one(number) for number in range(5)]
    async with reader.stream(ask.CREATED, after=queue["cursor"]) as stream:
        seen = [(await stream.next()) for _ in range(3)]
    async with reader.stream(ask.CREATED, after=seen[-1]["cursor"]) as stream:
        raising = asyncio.create_task(raise_one(5))
        seen += [(await stream.next()) for _ in range(3)]
        missed.append(await raising)
        assert await stream.is_silent()
    assert [event["handoff"]["id"] for event in seen] == missed
