"""Raising a handoff: the one path, whatever the entry point."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import (
    AssessmentState,
    EventType,
    HandoffIntent,
    Priority,
    Role,
    SessionStatus,
)
from services import deliveries, documentation, events, idempotency, notifications, text, views
from services.access import door, seen_through, works_on
from services.actor import Actor
from services.assessments.deriving import suggestions
from services.handoffs.additions import NOTHING, Additions
from services.handoffs.problems import NotReady, SessionNotEscalatable
from services.handoffs.readiness import Case, measure
from services.handoffs.snapshot import Frozen, freeze
from services.handoffs.targets import refuse_ineligible
from services.notifications import RECIPIENTS, Bell
from services.options import Options
from services.problems import NotAllowed
from services.sessions.problems import SessionNotFound


@dataclass(frozen=True, slots=True)
class Escalation:
    """What is asked for. ``additions`` are written into the session, and so into the snapshot."""

    session_id: UUID
    reason: str
    notes: str | None = None
    intent: HandoffIntent = HandoffIntent.ESCALATE
    priority: Priority = Priority.NORMAL
    target_id: UUID | None = None
    additions: Additions = NOTHING

    def checked(self) -> "Escalation":
        """Trimmed and within bounds. Raises InvalidInput."""
        return replace(
            self,
            reason=text.required("reason", self.reason, text.REASON),
            notes=text.optional("notes", self.notes, text.LONG),
            additions=self.additions.checked(),
        )


@dataclass(frozen=True, slots=True)
class Escalated:
    """``seq`` is the event's number, None for a repeat that did nothing."""

    handoff: Row
    session: Columns
    documentation: Columns
    deliveries: Sequence[Columns]
    seq: int | None


async def escalate(
    tx: Transaction,
    actor: Actor,
    wanted: Escalation,
    *,
    now: datetime,
    options: Options,
    idempotency_key: str | None = None,
) -> Escalated:
    """Ask for somebody to take a session over, with everything that goes with it or nothing.

    Writes snapshot, documentation, handoff, the session's move, one notification per recipient,
    one delivery per promised effect, the assessment's row and, last, the event. By the session's
    owner or holder, or by an ADMIN on their behalf. When who holds it escalates further, their
    own handoff is SUPERSEDED. The same key gives the same handoff back.

    Raises NotAllowed, SessionNotFound, SessionNotEscalatable, TargetNotEligible, NotReady,
    InvalidInput or IdempotencyConflict. Source: docs/handoffs.md, "Escalating".
    """
    refuse_viewers(actor)
    wanted = wanted.checked()
    handoff_id = uuid7()
    if idempotency_key is not None:
        earlier = await idempotency.remember(
            tx, actor, "escalate", idempotency_key, asdict(wanted), result_id=handoff_id
        )
        if earlier is not None:
            return await _raised_before(tx, actor, earlier)
    facts = await escalatable(tx, actor, wanted, now=now)
    raised = compose(handoff_id, facts, wanted, options, now=now)
    row = await write(tx, actor, wanted, raised, options, now=now)
    return await announced(tx, actor, raised, row, now=now)


def refuse_viewers(actor: Actor) -> None:
    if actor.role == Role.VIEWER:
        raise NotAllowed("Viewers can't escalate sessions.")


# ------------------------------------------------------------------ what is the case

FACTS: Final = f"""
    SELECT s.*, raiser.id AS raiser_id, raiser.name AS raiser_name,
           (SELECT minimum_readiness FROM account WHERE id = s.account_id) AS minimum_readiness,
           (SELECT coalesce(json_agg(json_build_object(
                'id', t.id, 'position', t.position, 'kind', t.kind, 'title', t.title,
                'detail', t.detail, 'hypothesis', t.hypothesis, 'outcome', t.outcome,
                'author_id', t.author_id, 'author', a.name, 'recorded_at', t.recorded_at
            ) ORDER BY t.position), '[]')
            FROM step t JOIN engineer a ON a.account_id = t.account_id AND a.id = t.author_id
            WHERE t.account_id = s.account_id AND t.session_id = s.id) AS steps,
           (SELECT coalesce(json_agg(r), '[]') FROM ({RECIPIENTS}) r) AS recipients,
           (SELECT coalesce(json_agg(json_build_object(
                'id', i.id, 'kind', i.kind, 'name', i.name) ORDER BY i.kind, i.id), '[]')
            FROM integration i WHERE i.account_id = s.account_id AND i.enabled) AS integrations,
           (SELECT row_to_json(t) FROM (
                SELECT e.id, e.name, e.role, e.active FROM engineer e
                WHERE e.account_id = s.account_id AND e.id = $target) t) AS target
    FROM session s
    -- an ADMIN who asks on behalf of whoever has the session is not who is stuck
    JOIN engineer raiser ON raiser.account_id = s.account_id AND raiser.id = CASE
        WHEN $me IN (s.owner_id, s.escalated_to_id) THEN $me
        ELSE coalesce(s.escalated_to_id, s.owner_id) END
    WHERE s.account_id = $1 AND s.id = $2 AND $door
    FOR NO KEY UPDATE OF s
""".replace("$me", "$3::uuid").replace("$target", "$4::uuid")


async def escalatable(tx: Transaction, actor: Actor, wanted: Escalation, *, now: datetime) -> Row:
    """Session, timeline and people, with the session locked, when it can be escalated like this.

    What changed while the lock was waited for is not in what the statement saw: a step is missing
    though the session counts it, or the holder it looked for is another by now. Then it is asked
    again. Raises SessionNotFound, NotAllowed, SessionNotEscalatable, TargetNotEligible,
    InvalidInput or NotReady.
    """
    statement = FACTS.replace("$door", door(actor, "$3"))
    for attempt in range(10):  # each repeat means that somebody else was faster once more
        facts = await tx.fetchrow(
            statement, actor.account_id, wanted.session_id, actor.id, wanted.target_id
        )
        if facts is None:
            if attempt:
                raise SessionNotFound
        elif len(facts["steps"]) == facts["step_count"]:
            _refuse(actor, wanted, facts, now)
            return facts
    raise RuntimeError(f"session {wanted.session_id} counts steps it does not have")


def _refuse(actor: Actor, wanted: Escalation, facts: Row, now: datetime) -> None:
    if not works_on(actor, facts) and actor.role != Role.ADMIN:
        raise NotAllowed("Only who works on this session can escalate it.")
    if facts["status"] != SessionStatus.ACTIVE:
        raise SessionNotEscalatable(SessionStatus(facts["status"]))
    if wanted.target_id is not None:
        refuse_ineligible(wanted.target_id, facts["target"], actor.id, facts["raiser_id"])
    wanted.additions.refuse_past(now)
    minimum = facts["minimum_readiness"]
    if minimum is not None:
        session = wanted.additions.applied(facts)
        case = Case(session, facts["steps"], wanted.reason, wanted.notes, now)
        readiness = measure(case, minimum)
        if not readiness.ready:
            raise NotReady(readiness)


# ------------------------------------------------------------------ what is written


@dataclass(frozen=True, slots=True)
class Raised:
    """Everything that goes with a handoff, ready to be written."""

    handoff_id: UUID
    raiser_id: UUID
    frozen: Frozen
    markdown: str
    bell: Bell
    title: str
    promises: list[deliveries.Promise]
    assessment: AssessmentState


def compose(
    handoff_id: UUID, facts: Row, wanted: Escalation, options: Options, *, now: datetime
) -> Raised:
    frozen = freeze(facts["steps"])
    account = documentation.Account(
        session=wanted.additions.applied(facts),
        steps=facts["steps"],
        raiser=facts["raiser_name"],
        target=facts["target"]["name"] if facts["target"] else None,
        reason=wanted.reason,
        notes=wanted.notes,
        priority=wanted.priority,
        hypotheses_open=frozen.hypotheses_open,
        hypotheses_ruled_out=frozen.hypotheses_ruled_out,
        raised_at=now,
        open_left_out=frozen.left_out.get("hypotheses_open", 0),
        ruled_out_left_out=frozen.left_out.get("hypotheses_ruled_out", 0),
        next_steps=[
            each.title
            for each in suggestions(
                {"timeline": frozen.timeline, "hypotheses_open": frozen.hypotheses_open}
            )
        ],
    )
    recipients = [recipient | {"id": UUID(recipient["id"])} for recipient in facts["recipients"]]
    return Raised(
        handoff_id=handoff_id,
        raiser_id=facts["raiser_id"],
        frozen=frozen,
        markdown=documentation.write(account),
        bell=Bell.of([recipient["id"] for recipient in recipients]),
        title=notifications.raised_title(facts["raiser_name"]),
        promises=deliveries.promises(handoff_id, facts, recipients, options),
        assessment=AssessmentState.PENDING if options.assessment else AssessmentState.DISABLED,
    )


# One statement, so one round trip: a statement sees nothing of its own writes, so what one part
# needs of another is handed on by RETURNING.
WRITE: Final = """
    WITH superseded AS (
        UPDATE handoff SET status = 'SUPERSEDED', closed_at = $21, version = version + 1
        WHERE account_id = $1 AND session_id = $3 AND status = 'CLAIMED' RETURNING id
    ), raised AS (
        INSERT INTO handoff (account_id, id, session_id, intent, status, priority,
            problem_summary, reason, notes, raised_by_id, target_id, batch_id, supersedes_id,
            created_at, reach_due_at)
        SELECT s.account_id, $2, s.id, $4, 'OPEN', $5, s.problem_summary, $6, $7, $8, $9, $22,
               -- read here, so that the old one is closed before the new one is there
               (SELECT id FROM superseded), $21, now() + $23::interval
        FROM session s WHERE s.account_id = $1 AND s.id = $3 RETURNING *
    ), moved AS (
        UPDATE session SET status = 'ESCALATED', escalated_to_id = NULL, escalation_reason = $6,
            updated_at = $21, problem_domain = coalesce($26, problem_domain),
            environment = coalesce($27, environment),
            customer_name = coalesce($28, customer_name),
            customer_contact = coalesce($29, customer_contact),
            customer_reachable_until = coalesce($30, customer_reachable_until),
            confidence_tier = coalesce($31, confidence_tier)
        WHERE account_id = $1 AND id = $3 RETURNING *
    ), frozen AS (
        INSERT INTO snapshot (account_id, handoff_id, captured_at, problem_summary,
            problem_domain, environment, customer_name, customer_contact,
            customer_reachable_until, confidence_tier, ticket_system, ticket_number, step_count,
            timeline, hypotheses_open, hypotheses_ruled_out, branch_count, left_out)
        SELECT account_id, $2, $21, problem_summary, problem_domain, environment, customer_name,
            customer_contact, customer_reachable_until, confidence_tier, ticket_system,
            ticket_number, $10, $11, $12, $13, $24, $25
        FROM moved
    ), documented AS (
        INSERT INTO documentation (account_id, id, session_id, handoff_id, version, kind,
            markdown, written_at)
        SELECT $1, $14, $3, $2, 1 + coalesce(max(version), 0), 'RAISED', $15, $21
        FROM documentation WHERE account_id = $1 AND session_id = $3 RETURNING *
    ), assessed AS (
        INSERT INTO assessment (account_id, handoff_id, state, created_at) VALUES ($1, $2, $16, $21)
    ), told AS (
        INSERT INTO notification (account_id, id, engineer_id, handoff_id, about, title,
            created_at)
        SELECT $1, item, engineer, $2, 'handoff.created', $19, $21
        FROM unnest($17::uuid[], $18::uuid[]) AS bell (item, engineer)
    ), promised AS (
        INSERT INTO delivery (account_id, id, handoff_id, engineer_id, integration_id, channel,
            purpose, target, state, skip_reason, attempts, next_attempt_at, idempotency_key,
            created_at)
        SELECT $1, (p->>'id')::uuid, $2, (p->>'engineer_id')::uuid,
            (p->>'integration_id')::uuid, p->>'channel', 'raised', p->>'target', p->>'state',
            p->>'skip', 0,
            CASE WHEN p->>'state' = 'PENDING' THEN now() END, p->>'key', $21
        FROM json_array_elements($20::json) p RETURNING *
    )
    SELECT raised.*, true AS door, ROW(moved.*)::session AS session,
           ROW(documented.*)::documentation AS documentation,
           ARRAY(SELECT ROW(promised.*)::delivery FROM promised) AS deliveries
    FROM raised, moved, documented
"""


async def write(
    tx: Transaction,
    actor: Actor,
    wanted: Escalation,
    raised: Raised,
    options: Options,
    *,
    now: datetime,
    batch_id: UUID | None = None,
) -> Row:
    """Everything but the event. ``batch_id`` is shared by handoffs that are raised together."""
    additions = wanted.additions
    return await tx.one(
        WRITE,
        actor.account_id,
        raised.handoff_id,
        wanted.session_id,
        wanted.intent,
        wanted.priority,
        wanted.reason,
        wanted.notes,
        raised.raiser_id,
        wanted.target_id,
        raised.frozen.step_count,
        raised.frozen.timeline,
        raised.frozen.hypotheses_open,
        raised.frozen.hypotheses_ruled_out,
        uuid7(),
        raised.markdown,
        raised.assessment,
        raised.bell.items,
        raised.bell.engineers,
        raised.title,
        [
            {
                "id": promise.id,
                "engineer_id": promise.engineer_id,
                "integration_id": promise.integration_id,
                "channel": promise.channel,
                "target": promise.target,
                "state": promise.state,
                "skip": promise.skip,
                "key": promise.key,
            }
            for promise in raised.promises
        ],
        now,
        batch_id,
        options.reach_after,
        raised.frozen.branch_count,
        raised.frozen.left_out,
        additions.problem_domain,
        additions.environment,
        additions.customer_name,
        additions.customer_contact,
        additions.customer_reachable_until,
        additions.confidence_tier,
    )


async def announced(
    tx: Transaction, actor: Actor, raised: Raised, row: Row, *, now: datetime
) -> Escalated:
    """Record the event, with which the transaction must end."""
    seq = await events.record(
        tx,
        EventType.HANDOFF_CREATED,
        raised.handoff_id,
        actor,
        now=now,
        notified=raised.bell.engineers,
        notifications=raised.bell.items,
        assess=raised.assessment is AssessmentState.PENDING,
    )
    return Escalated(row, row["session"], row["documentation"], row["deliveries"], seq)


async def _raised_before(tx: Transaction, actor: Actor, handoff_id: UUID) -> Escalated:
    """The answer a repeated request gets: the same handoff, as it is now.

    Raises NotAllowed when somebody else has taken the session over from the actor since.
    """
    row = await tx.one(
        f"""
        SELECT h.*, {door(actor, "$3")} AS door, {seen_through(actor, "$3", handoff="h")},
               ROW(s.*)::session AS session, ROW(d.*)::documentation AS documentation,
               ARRAY(SELECT ROW(p.*)::delivery FROM delivery p
                     WHERE p.account_id = h.account_id AND p.handoff_id = h.id ORDER BY p.id
               ) AS deliveries
        FROM handoff h
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        JOIN documentation d ON d.account_id = h.account_id AND d.handoff_id = h.id
        WHERE h.account_id = $1 AND h.id = $2 ORDER BY d.version DESC LIMIT 1
        """,
        tx.account_id,
        handoff_id,
        actor.id,
    )
    if not row["door"]:
        raise NotAllowed("This was done before. Others work on the session now; you can't see it.")
    await views.record_row(tx, actor, row)
    return Escalated(row, row["session"], row["documentation"], row["deliveries"], None)
