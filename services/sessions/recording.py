"""Entries of the diagnostic timeline."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from db.database import Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import Role, SessionStatus, StepKind, StepOutcome
from services import idempotency, text, views
from services.access import door, seen_through, works_on
from services.actor import Actor
from services.problems import NotAllowed
from services.sessions.problems import SessionClosed, SessionNotFound


@dataclass(frozen=True, slots=True)
class StepDraft:
    """What was tried, seen or ruled out. ``hypothesis`` is the suspicion it tests."""

    kind: StepKind
    title: str
    detail: str | None = None
    hypothesis: str | None = None
    outcome: StepOutcome = StepOutcome.PENDING

    def checked(self) -> "StepDraft":
        """Trimmed and within bounds. Raises InvalidInput."""
        return StepDraft(
            kind=self.kind,
            title=text.required("title", self.title, text.TITLE),
            detail=text.optional("detail", self.detail, text.LONG),
            hypothesis=text.optional("hypothesis", self.hypothesis, text.SUMMARY),
            outcome=self.outcome,
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """What a step was before it was one: a suggestion of a handoff's assessment."""

    handoff_id: UUID
    suggestion: str


@dataclass(frozen=True, slots=True)
class Recorded:
    step: Row
    session: Row


async def record_step(
    tx: Transaction,
    actor: Actor,
    session_id: UUID,
    draft: StepDraft,
    *,
    now: datetime,
    idempotency_key: str | None = None,
) -> Recorded:
    """Add a step at the end of the timeline. The same key gives the same step back.

    For the session's owner and its holder, also while it waits for somebody: who is stuck may
    still find something. The session's row is locked first, so positions have no holes and no
    step slips in behind a snapshot that is being taken.
    Raises SessionNotFound, NotAllowed, SessionClosed, InvalidInput or IdempotencyConflict.
    """
    draft = draft.checked()
    step_id = uuid7()
    if idempotency_key is not None:
        request = {"sessionId": session_id} | asdict(draft)
        earlier = await idempotency.remember(
            tx, actor, "recordStep", idempotency_key, request, result_id=step_id
        )
        if earlier is not None:
            return await recorded(tx, actor, earlier)
    await may_record(tx, actor, session_id)
    return await add_step(tx, actor, session_id, step_id, draft, now=now)


async def add_step(
    tx: Transaction,
    actor: Actor,
    session_id: UUID,
    step_id: UUID,
    draft: StepDraft,
    *,
    now: datetime,
    origin: Origin | None = None,
) -> Recorded:
    """At the end of the timeline of a session that is locked."""
    session = await tx.one(
        "UPDATE session SET step_count = step_count + 1, updated_at = $2 WHERE id = $1 RETURNING *",
        session_id,
        now,
    )
    step = await tx.one(
        """
        INSERT INTO step (account_id, id, session_id, position, kind, title, detail, hypothesis,
                          outcome, author_id, recorded_at, suggested_in_id, suggestion)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING *
        """,
        actor.account_id,
        step_id,
        session_id,
        session["step_count"],
        draft.kind,
        draft.title,
        draft.detail,
        draft.hypothesis,
        draft.outcome,
        actor.id,
        now,
        origin and origin.handoff_id,
        origin and origin.suggestion,
    )
    return Recorded(step, session)


async def may_record(tx: Transaction, actor: Actor, session_id: UUID) -> None:
    """Locks the session. Raises SessionNotFound, NotAllowed or SessionClosed."""
    session = await tx.fetchrow(
        f"SELECT * FROM session s WHERE id = $1 AND {door(actor, '$2')} FOR NO KEY UPDATE",
        session_id,
        actor.id,
    )
    if session is None:
        raise SessionNotFound
    if not works_on(actor, session) and actor.role != Role.ADMIN:
        raise NotAllowed("Only who works on this session can record steps in it. Claim it first.")
    if session["status"] == SessionStatus.RESOLVED:
        raise SessionClosed


async def recorded(tx: Transaction, actor: Actor, step_id: UUID) -> Recorded:
    """A step as it is now. Raises NotAllowed when the actor may not see its session any more."""
    step = await tx.one("SELECT * FROM step WHERE id = $1", step_id)
    session = await tx.fetchrow(
        f"""
        SELECT s.*, {seen_through(actor, "$2")} FROM session s
        WHERE id = $1 AND {door(actor, "$2")}
        """,
        step["session_id"],
        actor.id,
    )
    if session is None:
        raise NotAllowed("This was done before. Others work on the session now; you can't see it.")
    await views.record_row(tx, actor, session)  # it may have been handed over since, and wait
    return Recorded(step, session)
