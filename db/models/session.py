"""One piece of troubleshooting and the steps taken in it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.models.columns import instant, one_of, row_id, tenant, within_account, word, written_at
from db.models.vocabulary import Confidence, SessionStatus, StepKind, StepOutcome


class Session(SQLModel, table=True):
    """One piece of troubleshooting, owned by one engineer.

    ``escalated_to_id`` is who holds it instead of its owner, after a claim.
    """

    __table_args__ = (
        within_account("engineer", "owner_id"),
        within_account("engineer", "escalated_to_id"),
        one_of("status", SessionStatus),
        one_of("confidence_tier", Confidence),
        CheckConstraint(
            "escalated_to_id IS NULL OR status IN ('ACTIVE', 'RESOLVED')",
            name="held_only_when_taken",
        ),
        CheckConstraint("(status = 'RESOLVED') = (resolved_at IS NOT NULL)", name="resolved_when"),
        Index("session_by_owner", "account_id", "owner_id", text("id DESC")),
        Index(
            "session_by_holder",
            "account_id",
            "escalated_to_id",
            text("id DESC"),
            postgresql_where=text("escalated_to_id IS NOT NULL"),
        ),
    )

    account_id: UUID = tenant()
    id: UUID = row_id()
    owner_id: UUID
    status: SessionStatus = word(SessionStatus.ACTIVE)
    problem_summary: str
    problem_domain: str | None = None
    environment: str | None = None
    customer_name: str | None = None
    customer_contact: str | None = None
    customer_reachable_until: datetime | None = instant()
    confidence_tier: Confidence | None = word()
    ticket_system: str | None = None
    ticket_number: str | None = None
    escalated_to_id: UUID | None = None
    escalation_reason: str | None = None
    # how many steps there are: numbers the next one, and tells a frozen timeline it is complete
    step_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    resolution: str | None = None
    resolved_at: datetime | None = instant()
    created_at: datetime = written_at()
    updated_at: datetime = written_at()


class SessionView(SQLModel, table=True):
    """An engineer looked into a session that is not theirs, while it waited: once per handoff."""

    __tablename__ = "session_view"
    __table_args__ = (
        within_account("session", "session_id"),
        within_account("handoff", "handoff_id"),
        within_account("engineer", "engineer_id"),
    )

    account_id: UUID = tenant()
    session_id: UUID = Field(primary_key=True)
    handoff_id: UUID = Field(primary_key=True)
    engineer_id: UUID = Field(primary_key=True)
    viewed_at: datetime = written_at()


class Step(SQLModel, table=True):
    """One entry of a session's diagnostic timeline: what was tried, seen, ruled out."""

    __table_args__ = (
        within_account("session", "session_id"),
        within_account("engineer", "author_id"),
        within_account("engineer", "outcome_by_id"),
        CheckConstraint("(outcome_by_id IS NULL) = (outcome_at IS NULL)", name="outcome_by_when"),
        CheckConstraint("outcome_by_id IS NULL OR outcome <> 'PENDING'", name="outcome_by_known"),
        within_account("handoff", "suggested_in_id"),
        CheckConstraint(
            "(suggested_in_id IS NULL) = (suggestion IS NULL)", name="suggested_in_one"
        ),
        Index(
            "step_of_suggestion",
            "account_id",
            "suggested_in_id",
            "suggestion",
            unique=True,
            postgresql_where=text("suggested_in_id IS NOT NULL"),
        ),
        UniqueConstraint("account_id", "session_id", "position", name="step_position"),
        one_of("kind", StepKind),
        one_of("outcome", StepOutcome),
    )

    account_id: UUID = tenant()
    id: UUID = row_id()
    session_id: UUID
    position: int
    kind: StepKind = word()
    title: str
    detail: str | None = None
    hypothesis: str | None = None
    outcome: StepOutcome = word(StepOutcome.PENDING)
    author_id: UUID
    recorded_at: datetime = written_at()
    # by whom and when its outcome was recorded, where that was not done with the step itself
    outcome_by_id: UUID | None = None
    outcome_at: datetime | None = instant()
    # the handoff whose assessment suggested it, and as what
    suggested_in_id: UUID | None = None
    suggestion: str | None = None
