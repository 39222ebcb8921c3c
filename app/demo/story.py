"""The main job told live against a running server: a call for help, its arrival, one taker."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final

from rich.console import Console

from app.demo import documents, race, suggesting
from app.demo.cast import Engineer, Watcher, enter, watch
from app.demo.client import StoryStopped, endpoint_of
from app.demo.content.live import AUTOPILOT_TIMES_OUT, ESCALATION, RESOLUTION
from app.demo.report import Outcome, Report, milliseconds
from app.demo.shapes import Case, Step

CAST: Final = ("tier1@acme.test", "tier2@acme.test", "tier3@acme.test", "tier1@globex.test")
"""Whose tokens the story needs: who asks for help, two who can give it, and a stranger."""

CHAPTERS: Final = 6
SOON: Final = 1.0  # seconds until the right people have heard of it. Source: README.md


async def tell(url: str, tokens: Mapping[str, str], console: Console) -> Outcome:
    """Play the story against the server at ``url`` and say which of its promises held.

    ``tokens`` has a bearer token for each of CAST. It works in the demo account, on a session that
    it starts and resolves itself.
    """
    report = Report(console, CHAPTERS)
    with report:
        try:
            async with AsyncExitStack() as stack:
                await _tell(stack, endpoint_of(url), tokens, report)
        except StoryStopped as stopped:
            report.stop(str(stopped))
    return report.close()


async def _tell(
    stack: AsyncExitStack, endpoint: str, tokens: Mapping[str, str], report: Report
) -> None:
    with report.chapter("Who is here"):
        raiser, second, third, stranger = [
            await enter(stack, endpoint, tokens[email]) for email in CAST
        ]
        for one in (raiser, second, third, stranger):
            report.say(f"{one.name}, tier {one.tier}, {one.account}")
    with report.chapter(f"{raiser.name} works on a session and gets stuck"):
        session_id = await troubleshoot(raiser, AUTOPILOT_TIMES_OUT, report)
    with report.chapter(f"{raiser.name} escalates; {second.name} and {third.name} are watching"):
        watchers = [await watch(stack, engineer) for engineer in (second, third)]
        raised = await _escalate(raiser, session_id, report)
        for watcher in watchers:
            await _arrival(watcher, raised, report)
            await _bell(watcher.engineer, raiser, raised, report)
    with report.chapter(f"{2 * race.EACH} claims at the same moment"):
        winner = await _race((second, third), raised, report)
        await _live(
            watchers, "HandoffClaimed", "who took it", actor=winner, raised=raised, report=report
        )
    with report.chapter("The door opens for one"):
        loser = third if winner is second else second
        await _open(winner, raised, report)
        await _closed(loser, winner, raised, report)
        await _nothing(stranger, raised, report)
    with report.chapter(f"{winner.name} solves it"):
        await suggesting.take_up(winner, raised.handoff_id, report)
        await _resolve(winner, session_id, report)
        await _live(
            watchers,
            "HandoffResolved",
            "that it is solved",
            actor=winner,
            raised=raised,
            report=report,
        )


@dataclass(frozen=True, slots=True)
class Raised:
    """The handoff of the story, and when it was asked for and answered (``perf_counter``)."""

    session_id: str
    handoff_id: str
    asked: float
    answered: float

    @property
    def ids(self) -> dict[str, str]:
        return {"session": self.session_id, "handoff": self.handoff_id}


# ------------------------------------------------------------------ asking for help


async def troubleshoot(raiser: Engineer, case: Case, report: Report) -> str:
    """Returns the id of the session."""
    started = await raiser.do(documents.START, "startSession", _draft(case))
    session_id: str = started["session"]["id"]
    report.say(case.summary)
    for number, step in enumerate(case.steps, 1):
        await raiser.do(documents.RECORD, "recordStep", _entry(session_id, step))
        report.say(f"{number}. {step.title} ({step.outcome.lower()})")
    return session_id


def _draft(case: Case) -> dict[str, Any]:
    customer, ticket = case.customer, case.ticket
    until = datetime.now(UTC) + customer.reachable_for if customer.reachable_for else None
    return {
        "problemSummary": case.summary,
        "problemDomain": case.domain,
        "environment": case.environment,
        "customer": {
            "name": customer.name,
            "contact": customer.contact,
            "reachableUntil": until.isoformat() if until else None,
        },
        "confidenceTier": case.confidence,
        "ticket": {"system": ticket.system, "number": ticket.number} if ticket else None,
    }


def _entry(session_id: str, step: Step) -> dict[str, Any]:
    return {
        "sessionId": session_id,
        "kind": step.kind,
        "title": step.title,
        "detail": step.detail,
        "hypothesis": step.hypothesis,
        "outcome": step.outcome,
    }


async def _escalate(raiser: Engineer, session_id: str, report: Report) -> Raised:
    wanted = {
        "sessionId": session_id,
        "reason": ESCALATION.reason,
        "notes": ESCALATION.notes,
        "priority": ESCALATION.priority,
    }
    asked = perf_counter()
    answer = await raiser.do(documents.ESCALATE, "escalate", wanted)
    answered = perf_counter()
    handoff, documentation = answer["handoff"], answer["documentation"]["markdown"]
    snapshot = handoff["snapshot"] or {
        "stepCount": 0,
        "hypothesesOpen": [],
        "hypothesesRuledOut": [],
    }
    report.promise(
        "Everything the next engineer needs travels with the handoff",
        snapshot["stepCount"] == len(AUTOPILOT_TIMES_OUT.steps)
        and bool(snapshot["hypothesesOpen"])
        and AUTOPILOT_TIMES_OUT.steps[-1].title in documentation
        and answer["session"]["status"] == "ESCALATED",
        f"{snapshot['stepCount']} steps, {len(snapshot['hypothesesOpen'])} suspicions open and "
        f"{len(snapshot['hypothesesRuledOut'])} ruled out, {len(documentation):,} characters of "
        f"documentation, {len(answer['deliveries'])} deliveries accounted for",
    )
    report.time("Escalated", f"{milliseconds(answered - asked)} from request to answer")
    return Raised(session_id, handoff["id"], asked, answered)


# ------------------------------------------------------------------ hearing of it


async def _arrival(watcher: Watcher, raised: Raised, report: Report) -> None:
    arrival = await watcher.arrival(raised.handoff_id)
    promised = f"{watcher.engineer.name} sees it arrive live within a second"
    if arrival is None:
        report.promise(promised, False, "nothing arrived")
        return
    after_request, after_answer = arrival.at - raised.asked, arrival.at - raised.answered
    seen = (
        f"{milliseconds(after_request)} after the request was sent, "
        f"{milliseconds(abs(after_answer))} {'after' if after_answer >= 0 else 'before'} "
        "its answer was back"
    )
    report.promise(promised, after_request < SOON, seen)
    report.time(f"Seen by {watcher.engineer.name}", seen)
    event = await watcher.next_about(raised.handoff_id)
    if event is None or event["__typename"] != "HandoffCreated":
        told = event["__typename"] if event else "nothing"
        raise StoryStopped(f"handoffEvents told {told} where HandoffCreated comes first.")


async def _bell(engineer: Engineer, raiser: Engineer, raised: Raised, report: Report) -> None:
    items = (await engineer.client.ask(documents.BELL))["notifications"]["edges"]
    told = [
        (item["node"]["title"], item["node"]["link"])
        for item in items
        if (item["node"]["handoff"] or {}).get("id") == raised.handoff_id
    ]
    report.promise(
        f"{engineer.name}'s bell rings once and leads to the session",
        [title for title, _ in told] == [f"Session escalated by {raiser.name}"]
        and told[0][1].endswith(f"/pilot/{raised.session_id}?pickup=true"),
        " and ".join(f"{title}: {link}" for title, link in told) or "no notification",
    )


async def _live(
    watchers: Sequence[Watcher],
    what: str,
    meaning: str,
    *,
    actor: Engineer,
    raised: Raised,
    report: Report,
) -> None:
    """What the streams tell next of this handoff is exactly this."""
    for watcher in watchers:
        event = await watcher.next_about(raised.handoff_id)
        report.promise(
            f"{watcher.engineer.name}'s stream says live {meaning}",
            event is not None
            and event["__typename"] == what
            and event["actor"]["name"] == actor.name,
            f"{event['__typename']} by {event['actor']['name']}" if event else "nothing came",
        )


# ------------------------------------------------------------------ taking it over


async def _race(engineers: Sequence[Engineer], raised: Raised, report: Report) -> Engineer:
    attempts = await race.run(engineers, raised.handoff_id)
    report.show(race.table(attempts))
    return race.judge(attempts, report)


async def _open(winner: Engineer, raised: Raised, report: Report) -> None:
    session = (await winner.client.ask(documents.LOOK, **raised.ids))["session"]
    report.promise(
        f"The session is open for {winner.name}",
        session is not None
        and session["status"] == "ACTIVE"
        and (session["escalatedTo"] or {}).get("id") == winner.id
        and len(session["steps"]["edges"]) == len(AUTOPILOT_TIMES_OUT.steps),
        f"{session['status']}, {len(session['steps']['edges'])} steps" if session else "closed",
    )


async def _closed(loser: Engineer, winner: Engineer, raised: Raised, report: Report) -> None:
    seen = await loser.client.ask(documents.LOOK, **raised.ids)
    record = seen["handoff"] or {}
    holder = (record.get("claimedBy") or {}).get("name")
    report.promise(
        f"It is closed for {loser.name}, who still sees who has it",
        seen["session"] is None
        and seen["node"] is None
        and record.get("session") is None
        and record.get("snapshot") is None
        and holder == winner.name,
        f"{_told('session', seen['session'])}; handoff {record.get('status')} by {holder}",
    )


async def _nothing(stranger: Engineer, raised: Raised, report: Report) -> None:
    seen = await stranger.client.ask(documents.LOOK, **raised.ids)
    report.promise(
        f"For {stranger.name} of {stranger.account} none of it exists",
        not any(seen.values()),
        "; ".join(_told(name, value) for name, value in seen.items()),
    )


def _told(name: str, value: Any) -> str:
    return f"{name} {'null' if value is None else value}"


async def _resolve(winner: Engineer, session_id: str, report: Report) -> None:
    wanted = {"sessionId": session_id, "resolution": RESOLUTION.text}
    resolved = await winner.do(documents.RESOLVE, "resolveSession", wanted)
    report.say(f"{RESOLUTION.text} ({resolved['session']['status'].lower()})")
