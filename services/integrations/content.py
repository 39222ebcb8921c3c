"""What is told: a letter, with the secrets taken out of every text of it."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from db.database import Row, Transaction
from db.models.vocabulary import EventType, HandoffStatus, StepOutcome
from services import notifications
from services.assessments.deriving import suggestions
from services.deliveries.taking import Taken
from services.documentation import DONE_SINCE, FIXED, OUTCOMES, section
from services.ids import Kind, public
from services.integrations import notices
from services.integrations.protocol import (
    Letter,
    Person,
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

# Repeated events of a kind are told apart by their time, which the promise to tell of one shares.
FACTS: Final = """
    SELECT h.id, h.session_id, h.status, h.priority, h.problem_summary, h.reason, h.notes,
        h.created_at, p.customer_name, p.timeline, p.step_count, p.hypotheses_open,
        p.hypotheses_ruled_out, s.ticket_system, s.ticket_number,
        raiser.name AS raiser, target.name AS target, claimer.name AS claimer,
        recipient.name AS recipient, recipient.email, d.created_at AS promised_at,
        told.occurred_at, told.data, actor.name AS actor,
        s.resolution, s.environment, s.customer_contact, s.problem_domain,
        (SELECT json_agg(json_build_array(t.title, t.detail, t.hypothesis)) FROM step t
         WHERE t.account_id = s.account_id AND t.session_id = s.id) AS steps,
        (SELECT w.markdown FROM documentation w
         WHERE w.account_id = h.account_id AND w.handoff_id = h.id
           AND (w.kind = 'RESOLVED') = ($3 = 'handoff.resolved')
         ORDER BY w.version DESC LIMIT 1) AS markdown
    FROM delivery d
    JOIN handoff h ON h.account_id = d.account_id AND h.id = d.handoff_id
    JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
    JOIN snapshot p ON p.account_id = h.account_id AND p.handoff_id = h.id
    JOIN engineer raiser ON raiser.account_id = h.account_id AND raiser.id = h.raised_by_id
    LEFT JOIN engineer target ON target.account_id = h.account_id AND target.id = h.target_id
    LEFT JOIN engineer claimer
        ON claimer.account_id = h.account_id AND claimer.id = h.claimed_by_id
    LEFT JOIN engineer recipient
        ON recipient.account_id = d.account_id AND recipient.id = d.engineer_id
    LEFT JOIN LATERAL (
        SELECT e.actor_id, e.occurred_at, e.data FROM event e
        WHERE e.account_id = h.account_id AND e.handoff_id = h.id AND e.type = $3
        ORDER BY e.occurred_at = d.created_at DESC, e.seq DESC LIMIT 1
    ) told ON true
    LEFT JOIN engineer actor ON actor.account_id = h.account_id AND actor.id = told.actor_id
    WHERE d.account_id = $1 AND d.id = $2
"""


NOTICE: Final = """
    SELECT n.*, recipient.name AS recipient, recipient.email FROM delivery d
    JOIN notice n ON n.account_id = d.account_id AND n.id = d.notice_id
    JOIN engineer recipient ON recipient.account_id = d.account_id AND recipient.id = d.engineer_id
    WHERE d.account_id = $1 AND d.id = $2
"""


async def letter(tx: Transaction, taken: Taken, options: Options) -> Letter:
    """What this delivery tells, as things are now. The time of what it tells of is the event's.

    A notice is told as things were then.
    """
    purpose = Purpose(taken.purpose)
    if taken.notice_id is not None:
        return _of_notice(taken, purpose, await tx.one(NOTICE, tx.account_id, taken.id), options)
    facts = await tx.one(FACTS, tx.account_id, taken.id, _event(purpose))
    return _Writer(options).write(taken, purpose, facts)


def _event(purpose: Purpose) -> EventType:
    about = "created" if purpose is Purpose.RAISED else purpose.value
    return EventType(f"handoff.{about}")


def _of_notice(taken: Taken, purpose: Purpose, notice: Row, options: Options) -> Letter:
    title, *said = (redact(each) for each in (notices.title(notice), *notices.paragraphs(notice)))
    letter = of_no_handoff(
        taken.id,
        key(taken),
        marker(taken, public(Kind.INTEGRATION, notice["integration_id"])),
        purpose,
        text=title.text,
        who=title.text,
        at=notice["created_at"],
        link=notifications.link(options, {"session_id": None}),
    )
    return replace(
        letter,
        notice=tuple(each.text for each in said),
        recipient=Person(notice["recipient"], notice["email"]),
        asked_again=taken.nonce,
    )


class _Writer:
    """Writes one letter and counts what it takes out of it. A secret that stands in two places is
    taken out twice, and counts so."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._redactions = 0
        self._secrets: set[str] = set()

    def write(self, taken: Taken, purpose: Purpose, facts: Row) -> Letter:
        raiser = self._clean(facts["raiser"])
        said = (facts["data"] or {}).get(WORDS.get(purpose, ""))
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
            "suspected": self._all(facts["hypotheses_open"]),
            "ruled_out": self._all(facts["hypotheses_ruled_out"]),
            "next_steps": self._next_steps(facts),
        }
        texts["markdown"] = self._documentation(facts, ended=purpose is Purpose.RESOLVED)
        happened_at: datetime = facts["occurred_at"] or facts["promised_at"]
        return Letter(
            delivery_id=taken.id,
            key=key(taken),
            marker=marker(taken, handoff_id),
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
            recipient=Person(facts["recipient"], facts["email"]) if facts["email"] else None,
            redactions=self._redactions,
            asked_again=taken.nonce,
            **texts,
        )

    def _tried(self, timeline: Iterable[Mapping[str, Any]]) -> tuple[Tried, ...]:
        return tuple(
            Tried(self._clean(step["title"]), OUTCOMES[StepOutcome(step["outcome"])])
            for step in timeline
        )

    def _next_steps(self, facts: Row) -> tuple[str, ...]:
        if facts["status"] not in UNDECIDED:
            return ()
        return self._all(each.title for each in suggestions(facts))

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
