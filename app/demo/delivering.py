"""``baton demo --vendors``: what a call for help promises outside arrives at fake vendors."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import httpx2
from rich.console import Console

from app.demo import documents, outside, own_service
from app.demo.cast import Engineer, enter
from app.demo.client import PATIENCE, StoryStopped, endpoint_of, no_answer
from app.demo.content.live import AUTOPILOT_TIMES_OUT, ESCALATION, RESOLUTION
from app.demo.outside import CHANNELS, PRESSER, SIGNING, Outside
from app.demo.report import Outcome, Report
from app.demo.story import troubleshoot
from app.demo.tracing import POLL, Trace
from app.demo.vendors.faults import Fault
from app.demo.vendors.slack_button import pressed

CAST: Final = ("admin@acme.test", "tier1@acme.test", "tier2@acme.test", "tier3@acme.test")
CHAPTERS: Final = 8


async def tell(faults: Mapping[str, Fault], console: Console) -> Outcome:
    """Play the story on a service and with vendors of its own, and say whether all has arrived.

    Each vendor of ``faults`` (named as in outside.CHANNELS) fails once first. Call it in the main
    thread.
    """
    report = Report(console, CHAPTERS)
    with report:
        try:
            async with AsyncExitStack() as stack:
                await _tell(stack, faults, report)
        except StoryStopped as stopped:
            report.stop(str(stopped))
    return report.close()


async def _tell(stack: AsyncExitStack, faults: Mapping[str, Fault], report: Report) -> None:
    with report.chapter("A service of its own, and vendors that are none"):
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="baton-demo-")))
        there = stack.enter_context(outside.serving(faults, place))
        service = await stack.enter_async_context(own_service.running(there.settings))
        endpoint = endpoint_of(service.url)
        admin, raiser, second, third = [
            await enter(stack, endpoint, service.token(email)) for email in CAST
        ]
        report.say(f"Baton serves at {service.url} until the story ends")
    with report.chapter(f"{admin.name} connects the account's tools"):
        button = await _connect(admin, there, report)
        there.slack.join(PRESSER, CAST[2])
        there.fail(faults)
    with report.chapter(f"{raiser.name} works on a session and gets stuck"):
        session = await troubleshoot(raiser, AUTOPILOT_TIMES_OUT, report)
    with report.chapter(f"{raiser.name} escalates"):
        handoff = await _escalate(raiser, session)
        trace = Trace(there, raiser, admin, handoff, report)
        await trace.settled()
    with report.chapter(f"{second.name} presses Slack's button"):
        await _press(f"{service.url}/integrations/slack/acme/{button}/actions", second, trace)
        await trace.settled()
    with report.chapter(f"{second.name} gives it back"):
        reason = "Called to a ransomware case; somebody else has to go on."
        await second.do(
            documents.RELEASE, "releaseHandoff", {"handoffId": handoff, "reason": reason}
        )
        await trace.settled()
    with report.chapter(f"{third.name} takes it over and solves it"):
        await third.do(documents.CLAIM, "claimHandoff", {"handoffId": handoff})
        await trace.settled()
        wanted = {"sessionId": session, "resolution": RESOLUTION.text}
        await third.do(documents.RESOLVE, "resolveSession", wanted)
        await trace.settled()
    with report.chapter("What the API says of it: Handoff.deliveries"):
        _judge(trace, faults, report)


async def _connect(admin: Engineer, there: Outside, report: Report) -> str:
    """Returns the id of what connects Slack."""
    ids = {}
    for wanted in there.integrations():
        answer = await admin.do(documents.SAVE, "saveIntegration", wanted)
        saved = answer["integration"]
        ids[saved["kind"]] = saved["id"]
        report.say(f"{saved['name']} ({saved['kind']})")
    return str(ids["SLACK"])


async def _escalate(raiser: Engineer, session: str) -> str:
    wanted = {
        "sessionId": session,
        "reason": ESCALATION.reason,
        "notes": ESCALATION.notes,
        "priority": ESCALATION.priority,
    }
    answer = await raiser.do(documents.ESCALATE, "escalate", wanted)
    return str(answer["handoff"]["id"])


async def _press(url: str, engineer: Engineer, trace: Trace) -> None:
    body, headers = pressed(PRESSER, trace.handoff_id, SIGNING)
    try:
        async with httpx2.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
            answer = await http.post(url, content=body, headers=headers)
    except httpx2.TransportError as error:
        raise StoryStopped(no_answer(url, error)) from error
    try:
        async with asyncio.timeout(PATIENCE):
            while (handoff := await trace.look())["status"] == "OPEN":  # noqa: ASYNC110
                await asyncio.sleep(POLL)
    except TimeoutError:
        raise StoryStopped(f"Slack's button claimed nothing (HTTP {answer.status_code}).") from None
    holder = (handoff["claimedBy"] or {}).get("name")
    trace.report.promise(
        f"The button on the card claims for {engineer.name}",
        holder == engineer.name,
        f"{handoff['status']} by {holder}",
    )


def _judge(trace: Trace, faults: Mapping[str, Fault], report: Report) -> None:
    report.show(trace.table())
    sent = [each for each in trace.deliveries if each["state"] == "SENT"]
    repeated = sum(len(each["attemptHistory"]) > 1 for each in trace.deliveries)
    missing = [
        f"{each['channel']} {each['purpose']} is {each['state']}"
        for each in trace.deliveries
        if each not in sent
    ]
    report.promise(
        "Everything that was promised has arrived",
        bool(sent) and not missing,
        "; ".join(missing)
        or f"{len(sent)} of {len(sent)} deliveries are SENT, {repeated} after another attempt",
    )
    for name in faults:
        own = [each for each in trace.deliveries if each["channel"] == CHANNELS[name]]
        report.promise(
            f"Nothing that {name} was to be told is lost",
            trace.outside.has_failed(name) and all(each["state"] == "SENT" for each in own),
            f"{len(own)} deliveries, {sum(len(x['attemptHistory']) for x in own)} attempts",
        )
