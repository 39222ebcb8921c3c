"""Assessments by real worker processes, heard live: late, and after a worker was killed."""

from collections.abc import Callable
from typing import Any

from cryptography.fernet import Fernet

from app.demo.vendors.slack import ORIGINS, TOKEN, FakeSlack
from tests.app.worker.assessing import KEY
from tests.app.worker.carrying import eventually
from tests.harness.messages import Reply, answer, said, speaking
from tests.harness.people import Account
from tests.harness.web import Client, running
from tests.journeys.test_reaching import ESCALATE, START

SignIn = Callable[..., Client]

EVENTS = """subscription { handoffEvents { __typename
  ... on HandoffEvent { actor { name } handoff {
    assessment { state summary } documentation { kind version } } }
  ... on AssessmentFinished { state }
  ... on AssessmentRated { verdict handoff {
    id assessment { ratedWrong viewerRating { verdict } } } } } }"""
RATE = """mutation ($id: ID!) { rateAssessment(input: { handoffId: $id, verdict: WRONG }) {
  __typename } }"""
CONNECT = """mutation ($token: String!) { saveIntegration(input: {
  slack: { channel: "#escalations", botToken: $token } }) {
  __typename ... on SaveIntegrationSuccess { integration { id } } } }"""
STEP = """mutation ($id: ID!, $title: String!) { recordStep(input: {
  sessionId: $id, kind: CHECK, title: $title, outcome: INCONCLUSIVE }) { __typename } }"""
WAITING = "{ handoffs { nodes { id } } }"
READY = {"state": "READY", "summary": "Outlook can't connect."}


async def raise_one(client: Client, live: Any) -> None:
    session = (await client.ask(START))["session"]["id"]
    for title in ("Check 1", "Check 2"):
        await client.ask(STEP, id=session, title=title)
    await client.ask(ESCALATE, id=session)
    assert (await live.next())["__typename"] == "HandoffCreated"


async def finished(live: Any) -> dict[str, Any]:
    told: dict[str, Any] = await live.next()
    assert (told["__typename"], told["actor"]) == ("AssessmentFinished", None)
    assert told["state"] == told["handoff"]["assessment"]["state"]
    found: dict[str, Any] = told["handoff"]["assessment"]
    written = told["handoff"]["documentation"]
    ready = found["state"] == "READY"
    assert (written["kind"], written["version"]) == (("ASSESSED", 2) if ready else ("RAISED", 1))
    return found


async def test_it_is_heard_live_also_when_it_is_late_and_when_its_worker_was_killed(
    settings: dict[str, str], account: Account, sign_in: SignIn
) -> None:
    async with speaking(said(answer(), delay=1.5)) as server:
        facts = settings | {
            "anthropic_api_key": KEY,
            "anthropic_base_url": server.url,
            "assessment_budget": "0.8",
        }
        with running(**facts) as web:
            client: Client = sign_in(web, account.tier1)
            async with client.stream(EVENTS) as live:
                assert (await live.next())["__typename"] == "StreamReady"
                with running("worker", **facts) as worker:
                    await raise_one(client, live)
                    assert await finished(live) == {"state": "TIMED_OUT", "summary": None}
                    assert await finished(live) == READY

                    server.replies = [Reply(hang=True)]
                    await raise_one(client, live)
                    await eventually(lambda: len(server.asked) == 2)
                    worker.kill()
                server.replies = [said(answer())]
                with running("worker", **facts) as successor:
                    assert await finished(live) == READY
                    assert successor.stop() == 0
    said_by = [str(entry) for process in (web, worker, successor) for entry in process.said]
    assert not [line for line in said_by if KEY in line]


async def test_a_single_process_that_does_everything_assesses_too_and_changes_the_card(
    settings: dict[str, str], account: Account, sign_in: SignIn
) -> None:
    slack = FakeSlack()
    async with speaking(said(answer(), delay=0.7)) as server:
        with slack.serving() as served:
            facts = {
                "anthropic_api_key": KEY,
                "anthropic_base_url": server.url,
                "outgoing_routes": ",".join(f"{origin}={served.origin}" for origin in ORIGINS),
                "secret_keys": Fernet.generate_key().decode(),
            }
            with running("serve", **settings, **facts) as web:
                await sign_in(web, account.admin).ask(CONNECT, token=TOKEN)
                client: Client = sign_in(web, account.tier1)
                async with client.stream(EVENTS) as live:
                    assert (await live.next())["__typename"] == "StreamReady"
                    await raise_one(client, live)
                    await eventually(lambda: len(slack.messages) == 2)
                    card, thread = slack.messages
                    assert "by rule from the steps*" in str(card.blocks)
                    assert await finished(live) == READY
                    await eventually(lambda: card.edits == 1)
                    colleague: Client = sign_in(web, account.tier2)
                    handoff = (await client.ask(WAITING))["nodes"][0]["id"]
                    await colleague.ask(RATE, id=handoff)
                    rated = await live.next()
                    assert (rated["actor"], rated["verdict"]) == ({"name": "Tier2"}, "WRONG")
                    # not the listener's own
                    counted = {"ratedWrong": 1, "viewerRating": None}
                    assert rated["handoff"]["assessment"] == READY | counted
                checks = (await client.http.get("/readyz")).json()["checks"]
                assert {"carrier", "lookout", "assessor"} <= checks.keys()
                told = (await client.http.get("/metrics")).text
                assert 'baton_assessments_ended_total{reason="NONE",state="READY"} 1.0' in told
    assert "*Suggested next, by a language model from the steps*\n• Look again" in (
        "\n".join(block["text"]["text"] for block in card.blocks if "text" in block)
    )
    assert slack.messages == [card, thread]  # nobody is called a second time
