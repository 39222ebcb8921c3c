"""What is told: a letter, with the secrets taken out of every text of it."""

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import Approach, EventType, HandoffStatus, StepOutcome
from services import notifications
from services.assessments.suggesting import NextSteps, next_steps
from services.deliveries import FOLLOWED
from services.deliveries.taking import Taken
from services.documentation import DONE_SINCE, FIXED, OUTCOMES, parted, section
from services.ids import Kind, public
from services.integrations import notices
from services.integrations.protocol import (
    Letter,
    Purpose,
    Ticket,
    Tried,
    of_no_handoff,
)
from services.options import Options
from services.redaction import redact, redact_markdown

WORDS: Final = {
    Purpose.RELEASED: "reason",
    Purpose.RETURNED: "guidance",
    Purpose.RESOLVED: "resolution",
}
"""Where an event keeps what its actor said."""

UNDECIDED: Final = (HandoffStatus.OPEN, HandoffStatus.CLAIMED)
"""Whoever has it is to find out what comes next."""

SHOWN: Final = (EventType.HANDOFF_CREATED, *FOLLOWED)
"""What a card shows, the last of them."""

# Which types tell of it is a text with blanks: of an array of arrays no row is an array. Repeated
# events of a kind are told apart by their time, which the promise to tell of one shares.
FACTS: Final = """
    SELECT h.id, h.session_id, h.status, h.priority, h.problem_summary, h.reason,
        h.notes, h.created_at, p.customer_name, p.timeline, p.step_count, p.hypotheses_open,
        p.hypotheses_ruled_out, s.ticket_system, s.ticket_number,
        raiser.name AS raiser, target.name AS target, claimer.name AS claimer,
        told.type AS told, told.occurred_at, told.data, actor.name AS actor,
        s.resolution, s.environment, s.customer_contact, s.problem_domain,
        a.state AS assessed, a.content AS assessment,
        (SELECT json_agg(json_build_array(t.title, t.detail, t.hypothesis)) FROM step t
         WHERE t.account_id = s.account_id AND t.session_id = s.id) AS steps,
        (SELECT w.markdown FROM documentation w
         WHERE w.account_id = h.account_id AND w.handoff_id = h.id
           AND (w.kind = 'RESOLVED')
               = (coalesce(told.type, split_part(about.types, ' ', 1)) = 'handoff.resolved')
           AND (w.kind <> 'ASSESSED' OR w.written_at < about.told_at)
         ORDER BY w.version DESC LIMIT 1) AS markdown
    FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[]) WITH ORDINALITY
        AS about (handoff_id, types, promised_at, told_at, number)
    JOIN handoff h ON h.account_id = $1 AND h.id = about.handoff_id
    JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
    JOIN snapshot p ON p.account_id = h.account_id AND p.handoff_id = h.id
    JOIN assessment a ON a.account_id = h.account_id AND a.handoff_id = h.id
    JOIN engineer raiser ON raiser.account_id = h.account_id AND raiser.id = h.raised_by_id
    LEFT JOIN engineer target ON target.account_id = h.account_id AND target.id = h.target_id
    LEFT JOIN engineer claimer
        ON claimer.account_id = h.account_id AND claimer.id = h.claimed_by_id
    LEFT JOIN LATERAL (
        SELECT e.type, e.actor_id, e.occurred_at, e.data FROM event e
        WHERE e.account_id = h.account_id AND e.handoff_id = h.id
          AND e.type = ANY (string_to_array(about.types, ' '))
        ORDER BY e.occurred_at = about.promised_at DESC, e.seq DESC LIMIT 1
    ) told ON true
    LEFT JOIN engineer actor ON actor.account_id = h.account_id AND actor.id = told.actor_id
    ORDER BY about.number
"""

NOTICE: Final = "SELECT * FROM notice WHERE account_id = $1 AND id = $2"


class _About(NamedTuple):
    """What is told of. All who are told of it read the same."""

    handoff_id: UUID
    purpose: Purpose
    promised_at: datetime
    told_at: datetime


async def letters(
    tx: Transaction, taken: Sequence[Taken], options: Options
) -> Mapping[UUID, Letter]:
    """What each of these deliveries tells, by its id: as things are now, with the event's time.

    A notice is told as things were then.
    """
    found: dict[UUID, Letter] = {}
    alike: defaultdict[_About, list[Taken]] = defaultdict(list)
    for each in taken:
        if each.notice_id is not None:
            notice = await tx.one(NOTICE, tx.account_id, each.notice_id)
            found[each.id] = _of_notice(each, notice, options)
        else:
            alike[_about(each)].append(each)
    for facts, (about, those) in zip(await _facts(tx, alike), alike.items(), strict=True):
        quiet = about.purpose is Purpose.ASSESSED
        purpose = _shown(facts) if quiet else about.purpose
        letter = replace(_Writer(options).write(those[0], purpose, facts), quiet=quiet)
        found |= {each.id: replace(letter, **_own(each, letter.handoff_id)) for each in those}
    return found


async def _facts(tx: Transaction, wanted: Collection[_About]) -> Sequence[Row]:
    if not wanted:
        return ()
    handoffs, purposes, promised, told = zip(*wanted, strict=True)
    types = [" ".join(_events(each)) for each in purposes]
    return await tx.fetch(FACTS, tx.account_id, handoffs, types, promised, told)


def _about(taken: Taken) -> _About:
    assert taken.handoff_id is not None  # noqa: S101  # the table says so of what has no notice
    return _About(taken.handoff_id, Purpose(taken.purpose), taken.promised_at, taken.told_at)


def _own(taken: Taken, subject: str) -> dict[str, Any]:
    """What a letter has of its delivery; ``subject`` is the public id of what it is about."""
    return {
        "delivery_id": taken.id,
        "key": key(taken),
        "marker": marker(taken, subject),
        "recipient": taken.recipient,
        "asked_again": taken.nonce,
    }


def _events(purpose: Purpose) -> Sequence[EventType]:
    return SHOWN if purpose is Purpose.ASSESSED else [_event(purpose)]


def _event(purpose: Purpose) -> EventType:
    about = "created" if purpose is Purpose.RAISED else purpose.value
    return EventType(f"handoff.{about}")


def _shown(facts: Row) -> Purpose:
    """What a card shows; as it was raised where no event is kept any more."""
    if facts["told"] in (None, EventType.HANDOFF_CREATED):
        return Purpose.RAISED
    return Purpose(facts["told"].rpartition(".")[2])


def _of_notice(taken: Taken, notice: Row, options: Options) -> Letter:
    title, *said = (redact(each) for each in (notices.title(notice), *notices.paragraphs(notice)))
    own = _own(taken, public(Kind.INTEGRATION, notice["integration_id"]))
    letter = of_no_handoff(
        taken.id,
        own["key"],
        own["marker"],
        Purpose(taken.purpose),
        text=title.text,
        who=title.text,
        at=notice["created_at"],
        link=notifications.link(options, {"session_id": None}),
    )
    return replace(letter, notice=tuple(each.text for each in said), **own)


class _Writer:
    """Writes one letter and counts what it takes out of it. A secret that stands in two places is
    taken out twice, and counts so."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._redactions = 0
        self._secrets: set[str] = set()

    def write(self, taken: Taken, purpose: Purpose, facts: Row) -> Letter:
        raiser = self._clean(facts["raiser"])
        data = facts["data"] or {}
        said = data.get(WORDS.get(purpose, ""))
        approach = data.get("approach")
        suggested = _suggested(facts)
        confirmed, suspected = parted(facts["hypotheses_open"], facts["timeline"])
        handoff_id = public(Kind.HANDOFF, facts["id"])
        texts: dict[str, Any] = {
            "problem": self._clean(facts["problem_summary"]),
            "reason": self._clean(facts["reason"]),
            "notes": self._maybe(facts["notes"]),
            "raised_by": raiser,
            "target": self._maybe(facts["target"]),
            "claimed_by": self._maybe(facts["claimer"]),
            "who": self._clean(facts["actor"]) if facts["actor"] else raiser,
            "words": self._maybe(said),
            "customer": self._maybe(facts["customer_name"]),
            "tried": self._tried(facts["timeline"]),
            "confirmed": self._all(confirmed),
            "suspected": self._all(suspected),
            "ruled_out": self._all(facts["hypotheses_ruled_out"]),
            "next_steps": self._all(suggested.titles),
        }
        texts["markdown"] = self._documentation(facts, ended=purpose is Purpose.RESOLVED)
        happened_at: datetime = facts["occurred_at"] or taken.promised_at
        return Letter(
            purpose=purpose,
            handoff_id=handoff_id,
            status=facts["status"],
            priority=facts["priority"],
            raised_at=facts["created_at"],
            happened_at=happened_at,
            step_count=facts["step_count"],
            link=notifications.link(
                self._options, {"session_id": facts["session_id"], "about": _event(purpose)}
            ),
            ticket=_ticket(facts),
            redactions=self._redactions,
            next_steps_derived=suggested.derived,
            approach=approach and Approach(approach),
            **_own(taken, handoff_id),
            **texts,
        )

    def _tried(self, timeline: Iterable[Mapping[str, Any]]) -> tuple[Tried, ...]:
        return tuple(
            Tried(self._clean(step["title"]), OUTCOMES[StepOutcome(step["outcome"])])
            for step in timeline
        )

    def _all(self, texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._clean(text) for text in texts)

    def _maybe(self, text: str | None) -> str | None:
        return None if text is None else self._clean(text)

    def _documentation(self, facts: Row, *, ended: bool) -> str:
        """At the end, what fixed it and what was done since the raise: the rest was told then.

        It is made of all that was written, so what is secret there is told by its sources."""
        columns = ("resolution", "environment", "customer_contact", "problem_domain")
        sources = [facts[each] for each in columns]
        sources += itertools.chain.from_iterable(facts["steps"] or ())
        sources += _texts(facts["assessment"])
        for text in _together([text for text in sources if text]):
            self._secrets.update(redact(text).secrets)
        markdown = facts["markdown"] or ""
        if ended:
            parts = (section(markdown, heading) for heading in (FIXED, DONE_SINCE))
            markdown = "\n\n".join(part for part in parts if part)
        cleaned = redact_markdown(markdown, self._secrets)
        self._redactions += cleaned.count
        return cleaned.text

    def _clean(self, text: str) -> str:
        cleaned = redact(text)
        self._redactions += cleaned.count
        self._secrets.update(cleaned.secrets)
        return cleaned.text


def _texts(content: Any) -> Iterator[str]:
    """All that is said in a document."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        yield from _texts(list(content.values()))
    elif isinstance(content, list):
        for each in content:
            yield from _texts(each)


def _suggested(facts: Row) -> NextSteps:
    """Nothing where nobody is to take it any more."""
    if facts["status"] not in UNDECIDED:
        return NextSteps((), derived=True)
    return next_steps(facts, {"state": facts["assessed"], "content": facts["assessment"]})


def _together(texts: list[str]) -> list[str]:
    """One text in place of many, which is looked through in a fraction of the time; of private keys
    alone, which have many lines, the end would be looked for in the next."""
    whole = "\n\n".join(texts)
    return texts if "private" in whole.lower() else [whole]


def key(taken: Taken) -> str:
    """The same for every attempt; another one when somebody has it delivered again."""
    return f"{taken.idempotency_key}:{taken.nonce}" if taken.nonce else taken.idempotency_key


def marker(taken: Taken, handoff_id: str) -> str:
    """Names the effect, whoever asks for it again: `handoff_01…/claimed2`."""
    _, effect, *_ = taken.idempotency_key.split(":")
    return f"{handoff_id}/{effect}"


def _ticket(facts: Row) -> Ticket | None:
    system, number = facts["ticket_system"], facts["ticket_number"]
    return Ticket(system, number) if system and number else None
