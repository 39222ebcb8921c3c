"""The account, as it is at the raise and as it ends. Bounded, and it says what was left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from db.database import Columns
from db.models.vocabulary import TRIED, StepKind, StepOutcome
from services.documentation.assessed import LONGEST_LINE, Assessed, reading, suggested
from services.documentation.layout import block, inline, minute, moment

WHOLE: Final = 50_000  # characters, as many as a webhook takes; the oldest steps make way
LONGEST_DETAIL: Final = 2_000  # characters of a step's
LONGEST_TEXT: Final = 5_000  # characters of notes, and of a resolution
MOST_HYPOTHESES: Final = 20  # of each list, the latest
FIXED: Final = "What fixed it"
DONE_SINCE: Final = "Done since the handoff"

OUTCOMES: Final = {
    StepOutcome.PENDING: "not finished",
    StepOutcome.WORKED: "worked",
    StepOutcome.FAILED: "did not work",
    StepOutcome.INCONCLUSIVE: "inconclusive",
}
_SUSPICION: Final = {
    StepOutcome.PENDING: "not decided yet",
    StepOutcome.WORKED: "confirmed",
    StepOutcome.FAILED: "ruled out",
    StepOutcome.INCONCLUSIVE: "inconclusive",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session was resolved. ``known`` steps had been recorded when it was handed over."""

    resolution: str
    by: str
    at: datetime
    taken_by: str | None = None
    taken_at: datetime | None = None
    known: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What is written about. ``session`` has the columns of table session; each of ``steps`` those
    of table step, with ``author`` (a name) and ``recorded_at`` in RFC 3339; ``steps_left_out`` came
    before them. Without ``raised_at`` it was never handed over."""

    session: Columns
    steps: Sequence[Mapping[str, Any]]
    raiser: str | None
    target: str | None
    reason: str | None
    notes: str | None
    priority: str | None
    hypotheses_open: Sequence[str]
    hypotheses_ruled_out: Sequence[str]
    raised_at: datetime | None
    # how many came up before those of the lists
    steps_left_out: int = 0
    open_left_out: int = 0
    ruled_out_left_out: int = 0
    next_steps: Sequence[str] = ()  # derived by rule
    assessed: Assessed | None = None
    ending: Ending | None = None


def write(account: Account) -> str:
    """In the order of who reads it: what and who, what fixed it and how, what came before.

    Who takes it over reads where it stands before all that led there."""
    text = _written(account)
    if len(text) > WHOLE and account.assessed:
        text = _written(replace(account, assessed=replace(account.assessed, brief=True)))
    return text


def _written(account: Account) -> str:
    head, tail = list(_head(account)), list(_tail(account))
    room = WHOLE - _size(head) - _size(tail)
    first, last = ([], tail) if account.ending else (tail, [])
    return "\n".join([*head, *_timeline(account, room, first), *last]) + "\n"


def _size(lines: Sequence[str]) -> int:
    return sum(map(len, lines)) + len(lines)


def _head(account: Account) -> Iterator[str]:
    yield f"# {inline(account.session['problem_summary'])}"
    yield ""
    for name, fact in _facts(account).items():
        if fact:
            yield f"- **{name}:** {inline(fact)}"
    if account.ending:
        yield from _heading(FIXED)
        yield from block(account.ending.resolution, LONGEST_TEXT, "with the session")


def _facts(account: Account) -> Mapping[str, str | None]:
    session, ending = account.session, account.ending
    facts: dict[str, str | None] = {}
    if ending:
        facts["Resolved by"] = f"{ending.by}, {moment(ending.at)}"
        if ending.taken_by and ending.taken_at:
            facts["Taken over by"] = f"{ending.taken_by}, {moment(ending.taken_at)}"
    if account.raised_at:
        facts["Raised by"] = f"{account.raiser}, {moment(account.raised_at)}"
        if account.target or not ending:
            facts["For"] = account.target or "whoever is free first"
        facts["Priority"] = account.priority and account.priority.capitalize()
    sure = None if ending else session["confidence_tier"]
    return facts | {
        "Area": session["problem_domain"],
        "Environment": session["environment"],
        "Customer": _customer(session, ended=ending is not None),
        "Ticket": session["ticket_number"]
        and f"{session['ticket_system']} {session['ticket_number']}",
        "Sure of where it lies": sure and sure.capitalize(),
    }


def _customer(session: Columns, *, ended: bool) -> str | None:
    until = session["customer_reachable_until"]
    parts = [
        session["customer_name"],
        session["customer_contact"],
        until and not ended and f"can be reached until {moment(until)}",
    ]
    return ", ".join(part for part in parts if part) or None


def _tail(account: Account) -> Iterator[str]:
    confirmed, suspected = parted(account.hypotheses_open, account.steps)
    yield from _hypotheses("Confirmed", confirmed, 0 if suspected else account.open_left_out)
    if not account.ending:
        yield from _hypotheses("Still suspected", suspected, account.open_left_out)
    yield from _hypotheses("Ruled out", account.hypotheses_ruled_out, account.ruled_out_left_out)
    by, steps = _suggested(account)
    if steps:
        yield from _heading("Suggested next")
        yield f"{by} from the recorded steps:"
        yield ""
        yield from steps


def _suggested(account: Account) -> tuple[str, Sequence[str]]:
    """By whom, and lines of a list."""
    if account.assessed and (steps := suggested(account.assessed, account.steps)):
        return "By a language model,", steps
    derived = [f"- {inline(step, LONGEST_LINE)}" for step in account.next_steps]
    return "Derived by rule", derived


def _why(account: Account) -> Iterator[str]:
    if account.reason is None:
        return
    yield from _heading("Why it was handed over" if account.ending else "Why it is handed over")
    yield inline(account.reason)
    if account.notes:
        yield ""
        yield from block(account.notes, LONGEST_TEXT, "with the handoff")


def _assessment(account: Account) -> Iterator[str]:
    if account.assessed:
        yield from _heading("Assessment")
        yield from reading(account.assessed, account.steps)


def _timeline(account: Account, room: int, standing: Sequence[str]) -> Iterator[str]:
    """What was done since the handoff first, where there is any; the newest steps are kept.
    ``standing`` comes before what was tried."""
    why = [*_why(account), *_assessment(account)]
    ending = account.ending
    known = len(account.steps) if ending is None or ending.known is None else ending.known
    room -= _size(why) + 400  # headings, and what says that something was left out
    since, room = _kept(account.steps[known:], room)
    before, room = _kept(account.steps[:known], room, account.steps_left_out)
    if account.steps[known:]:
        yield from _heading(f"{DONE_SINCE} ({len(account.steps) - known})")
        yield from since
    yield from why
    yield from standing
    title = "What was tried before" if account.reason and ending else "What was tried"
    yield from _heading(f"{title} ({account.steps_left_out + known})")
    yield from before or ["Nothing was recorded."]


def _kept(
    steps: Sequence[Mapping[str, Any]], room: int, left_out: int = 0
) -> tuple[list[str], int]:
    """The newest of them that there is room for, oldest first, and the room that is left.
    ``left_out`` came before."""
    written: list[list[str]] = []
    for step in reversed(steps):
        lines = list(_step(step))
        if _size(lines) > room:
            room = 0
            break
        room -= _size(lines)
        written.insert(0, lines)
    lines = [line for each in written for line in each]
    if lines and not lines[-1]:
        lines.pop()
    if missing := left_out + len(steps) - len(written):
        some = "The earliest step is" if missing == 1 else f"The earliest {missing} steps are"
        lines = [f"{some} left out here; the session has the whole timeline.", "", *lines]
    return lines, room


def _step(step: Mapping[str, Any]) -> Iterator[str]:
    number = f"{step['position']}. "
    outcome = _outcome(step)
    kind = step["kind"].capitalize()
    yield (
        f"{number}**{inline(step['title'])}**{outcome and ': '}{outcome} "
        f"({kind}, {inline(step['author'])}, {minute(step['recorded_at'])})"
    )
    indent = " " * len(number)
    if step["hypothesis"]:
        yield f"{indent}- Suspected: {inline(step['hypothesis'])}{_of_suspicion(step)}"
    if step["detail"]:
        yield ""
        for line in block(step["detail"], LONGEST_DETAIL, "with the session"):
            yield f"{indent}{line}" if line else ""
        yield ""


def _outcome(step: Mapping[str, Any]) -> str:
    """Of a check, its suspicion says it; of what is only told or asked, there is hardly one."""
    outcome = step["outcome"]
    if step["kind"] == StepKind.CHECK and step["hypothesis"]:
        return ""
    if step["kind"] not in TRIED and outcome in (StepOutcome.PENDING, StepOutcome.WORKED):
        return ""
    return OUTCOMES[outcome]


def _of_suspicion(step: Mapping[str, Any]) -> str:
    """An action that has decided nothing has said so before."""
    outcome = step["outcome"]
    if _outcome(step) and outcome in (StepOutcome.PENDING, StepOutcome.INCONCLUSIVE):
        return ""
    return f" ({_SUSPICION[outcome]})"


def parted(
    hypotheses: Sequence[str], steps: Sequence[Mapping[str, Any]]
) -> tuple[list[str], list[str]]:
    """Of what was not ruled out, what the last decisive step bears out, and what is still open."""
    decided = {
        step["hypothesis"].casefold(): step["outcome"]
        for step in steps
        if step["hypothesis"] and step["outcome"] in (StepOutcome.WORKED, StepOutcome.FAILED)
    }
    parts: tuple[list[str], list[str]] = ([], [])
    for each in hypotheses:
        parts[decided.get(each.casefold()) != StepOutcome.WORKED].append(each)
    return parts


def _hypotheses(heading: str, hypotheses: Sequence[str], left_out: int) -> Iterator[str]:
    if hypotheses:
        shown = hypotheses[-MOST_HYPOTHESES:]
        left_out += len(hypotheses) - len(shown)
        yield from _heading(heading)
        if left_out:
            yield f"- {left_out} earlier ones, which are with the steps that test them"
        yield from (f"- {inline(each, LONGEST_LINE)}" for each in shown)


def _heading(text: str) -> Iterator[str]:
    yield from ("", f"## {text}", "")
