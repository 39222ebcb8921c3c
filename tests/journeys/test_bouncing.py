"""A call for help that bounces between people and processes, and can be explained afterwards."""

from collections.abc import Callable
from typing import Any

from services.ids import Kind, public
from tests.harness.people import Account
from tests.harness.web import Client, Web
from tests.journeys import documents as ask

SignIn = Callable[..., Client]


async def done(client: Client, document: str, **input: Any) -> dict[str, Any]:
    outcome: dict[str, Any] = await client.ask(document, input=input)
    assert outcome["__typename"].endswith("Success"), outcome
    return outcome


async def test_what_bounces_comes_back_with_guidance_and_its_whole_history(
    two_webs: tuple[Web, Web], account: Account, sign_in: SignIn
) -> None:
    here, there = two_webs
    raiser, tier2 = sign_in(here, account.tier1), sign_in(there, account.tier2)
    tier3, viewer = sign_in(there, account.tier3), sign_in(here, account.viewer)
    session = await done(raiser, ask.START, problemSummary="Outlook keeps asking for a password")
    session_id = session["session"]["id"]

    async with viewer.stream(ask.EVENTS) as events, raiser.stream(ask.RUNG) as bell:
        await events.next()
        wanted = {"sessionId": session_id, "reason": "Out of ideas"}
        raised = await done(
            raiser,
            ask.ESCALATE,
            **wanted,
            targetEngineerId=public(Kind.ENGINEER, account.tier2.id),
        )
        handoff = raised["handoff"]["id"]
        this = {"handoffId": handoff}

        # --- nobody who is asked can do it
        await done(tier2, ask.DECLINE, **this, reason="On leave", idempotencyKey="d")
        asked = public(Kind.ENGINEER, account.tier3.id)
        await done(raiser, ask.REASSIGN, **this, targetEngineerId=asked)
        taken = await raiser.ask(ask.CLAIM, id=handoff)
        assert taken["__typename"] == "OwnHandoff"
        assert (await tier3.ask(ask.CLAIM, id=handoff))["__typename"] == "ClaimHandoffSuccess"
        seen = await tier3.ask(ask.HISTORY, id=handoff)
        assert seen["viewerCan"] == ["RELEASE", "RETURN", "RESOLVE"]
        await done(tier3, ask.RELEASE, **this, reason="Called away")

        # --- a repeat from long ago undoes nothing, and a stale page is told what it did not see
        again = await done(tier2, ask.DECLINE, **this, reason="On leave", idempotencyKey="d")
        assert again["handoff"]["version"] == 5
        stale = {"guidance": "x", "expectedVersion": seen["version"]}
        changed = await tier3.ask(ask.RETURN, input=this | stale)
        assert changed["__typename"] == "HandoffChanged"
        assert changed["handoff"]["viewerCan"] == ["CLAIM"]  # asked no more: tier 3 gave it back

        # --- who takes it in the end knows what to do
        assert (await tier2.ask(ask.CLAIM, id=handoff))["__typename"] == "ClaimHandoffSuccess"
        returned = await done(tier2, ask.RETURN, **this, guidance="Renew the certificate")
        assert returned["session"] is None
        told = [(await events.next())["__typename"] for _ in range(7)]
        rung = [(await bell.next())["notification"]["title"] for _ in range(5)]

    life = [
        "HandoffCreated",
        "HandoffDeclined",
        "HandoffReassigned",
        "HandoffClaimed",
        "HandoffReleased",
        "HandoffClaimed",
        "HandoffReturned",
    ]
    assert told == life
    assert [title.partition(":")[0] for title in rung] == [
        "Tier2 declined",
        "Tier3 took over",
        "Tier3 gave back",
        "Tier2 took over",
        "Tier2 returned with guidance",
    ]
    timeline = await raiser.ask(ask.SESSION, id=session_id)
    assert timeline["status"] == "ACTIVE"
    assert [step["title"] for step in timeline["steps"]["nodes"]] == ["What to do next"]

    whole = (await raiser.ask(ask.HISTORY, id=handoff))["history"]["nodes"]
    bare = (await viewer.ask(ask.HISTORY, id=handoff))["history"]["nodes"]
    assert [node["__typename"] for node in whole] == life
    texts = ("reason", "guidance")
    assert [node[key] for node in whole for key in texts if key in node] == [
        "On leave", "Called away", "Renew the certificate",
    ]  # fmt: skip
    assert bare == [node | {key: None for key in texts if key in node} for node in whole]


async def test_a_shift_is_handed_over_and_taken(
    two_webs: tuple[Web, Web], account: Account, sign_in: SignIn
) -> None:
    here, there = two_webs
    going, coming, late = (
        sign_in(here, account.tier1), sign_in(there, account.tier2), sign_in(there, account.tier3),
    )  # fmt: skip
    sessions = [
        (await done(going, ask.START, problemSummary=f"Problem {number}"))["session"]["id"]
        for number in range(3)
    ]
    refused = await going.ask(
        ask.ESCALATE_MANY, input={"sessionIds": [*sessions, "nonsense"], "reason": "Shift ends"}
    )
    assert [each["sessionId"] for each in refused["refusals"]] == ["nonsense"]
    assert (await coming.ask(ask.QUEUE))["count"] == 0

    raised = await done(going, ask.ESCALATE_MANY, sessionIds=sessions, reason="Shift ends")
    waiting = [each["id"] for each in (await coming.ask(ask.QUEUE))["handoffs"]]
    assert waiting == [each["id"] for each in raised["handoffs"]]
    await late.ask(ask.CLAIM, id=waiting[1])
    taken = await done(coming, ask.CLAIM_MANY, handoffIds=waiting)

    results = [each["result"] for each in taken["results"]]
    assert [each["__typename"] for each in results] == [
        "ClaimHandoffSuccess", "HandoffAlreadyClaimed", "ClaimHandoffSuccess",
    ]  # fmt: skip
    assert results[1]["claimedBy"]["email"] == account.tier3.email
