"""The written account of a session, in Markdown, for the ticket and the archive."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from db.database import Columns, Row
from db.models.vocabulary import StepOutcome
from services.access import door, seen_through
from services.actor import Actor
from services.views import Viewing

OUTCOMES: Final = {
    StepOutcome.PENDING: "not finished",
    StepOutcome.WORKED: "worked",
    StepOutcome.FAILED: "did not work",
    StepOutcome.INCONCLUSIVE: "inconclusive",
}
# What would be read as Markdown or HTML inside a line
_ESCAPES: Final = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>#|~"})


@dataclass(frozen=True, slots=True)
class Account:
    """What is written about. ``session`` has the columns of table session; each of ``steps`` those
    of table step, with ``author`` (a name) and ``recorded_at`` in RFC 3339."""

    session: Columns
    steps: Sequence[Mapping[str, Any]]
    raiser: str
    target: str | None
    reason: str
    notes: str | None
    priority: str
    hypotheses_open: Sequence[str]
    hypotheses_ruled_out: Sequence[str]
    raised_at: datetime
    # how many came up before those of the lists
    open_left_out: int = 0
    ruled_out_left_out: int = 0
    next_steps: Sequence[str] = ()  # derived by rule


def write(account: Account) -> str:
    """The account as it is when the handoff is raised."""
    return "\n".join(_lines(account)) + "\n"


def _lines(account: Account) -> Iterator[str]:
    yield f"# {_inline(account.session['problem_summary'])}"
    yield ""
    yield from _facts(account)
    yield ""
    yield "## Why it is handed over"
    yield ""
    yield _inline(account.reason)
    if account.notes:
        yield ""
        yield from _block(account.notes)
    yield ""
    yield f"## What was tried ({len(account.steps)})"
    yield ""
    if not account.steps:
        yield "Nothing was recorded."
    for step in account.steps:
        yield from _step(step)
    yield from _hypotheses("Still suspected", account.hypotheses_open, account.open_left_out)
    yield from _hypotheses("Ruled out", account.hypotheses_ruled_out, account.ruled_out_left_out)
    if account.next_steps:
        yield ""
        yield "## Suggested next"
        yield ""
        yield "Derived by rule from the recorded steps:"
        yield ""
        yield from (f"- {_inline(step)}" for step in account.next_steps)


def _facts(account: Account) -> Iterator[str]:
    session = account.session
    facts = {
        "Raised by": f"{account.raiser}, {_time(account.raised_at)}",
        "For": account.target or "whoever is free first",
        "Priority": account.priority.capitalize(),
        "Area": session["problem_domain"],
        "Environment": session["environment"],
        "Customer": _customer(session),
        "Ticket": session["ticket_number"]
        and f"{session['ticket_system']} {session['ticket_number']}",
    }
    for name, fact in facts.items():
        if fact:
            yield f"- **{name}:** {_inline(fact)}"


def _customer(session: Columns) -> str | None:
    until = session["customer_reachable_until"]
    parts = [
        session["customer_name"],
        session["customer_contact"],
        until and f"can be reached until {_time(until)}",
    ]
    return ", ".join(part for part in parts if part) or None


def _step(step: Mapping[str, Any]) -> Iterator[str]:
    outcome = OUTCOMES[step["outcome"]]
    kind = step["kind"].capitalize()
    yield (
        f"{step['position']}. **{_inline(step['title'])}**: {outcome} "
        f"({kind}, {_inline(step['author'])}, {_minute(step['recorded_at'])})"
    )
    if step["hypothesis"]:
        yield f"   Suspected: {_inline(step['hypothesis'])}"
    if step["detail"]:
        yield ""
        yield from (f"   {line}" for line in _block(step["detail"]))
        yield ""


def _hypotheses(heading: str, hypotheses: Sequence[str], left_out: int) -> Iterator[str]:
    if hypotheses:
        yield ""
        yield f"## {heading}"
        yield ""
        if left_out:
            yield f"- {left_out} earlier ones, which are with the steps that test them"
        yield from (f"- {_inline(hypothesis)}" for hypothesis in hypotheses)


def _inline(text: str) -> str:
    return " ".join(text.translate(_ESCAPES).split())


def _block(text: str) -> Iterator[str]:
    """As it was typed: logs and commands keep their lines, and nothing in it is markup."""
    fence = "```"
    while fence in text:
        fence += "`"
    yield fence
    yield from text.splitlines()
    yield fence


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _minute(rfc3339: str) -> str:
    """PostgreSQL's JSON gives ``2026-11-24T10:02:11.5+00:00``; the service's zone is UTC."""
    return f"{rfc3339[:10]} {rfc3339[11:16]} UTC"


async def by_handoffs(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """The newest version written for each handoff whose session the actor may see."""
    return await view.fetch(
        f"""
        SELECT DISTINCT ON (d.handoff_id) d.*, {seen_through(actor, "$2")} FROM documentation d
        JOIN session s ON s.account_id = d.account_id AND s.id = d.session_id
        WHERE d.handoff_id = ANY ($1) AND {door(actor, "$2")}
        ORDER BY d.handoff_id, d.version DESC
        """,
        ids,
        actor.id,
    )


async def by_sessions(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """The newest version of each session that the actor may see."""
    return await view.fetch(
        f"""
        SELECT DISTINCT ON (d.session_id) d.*, {seen_through(actor, "$2")} FROM documentation d
        JOIN session s ON s.account_id = d.account_id AND s.id = d.session_id
        WHERE d.session_id = ANY ($1) AND {door(actor, "$2")}
        ORDER BY d.session_id, d.version DESC
        """,
        ids,
        actor.id,
    )


async def by_ids(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """Of sessions the actor may see; any version."""
    return await view.fetch(
        f"""
        SELECT d.*, {seen_through(actor, "$2")} FROM documentation d
        JOIN session s ON s.account_id = d.account_id AND s.id = d.session_id
        WHERE d.id = ANY ($1) AND {door(actor, "$2")}
        """,
        ids,
        actor.id,
    )
