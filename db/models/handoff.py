"""The request that somebody else takes a session over, and what travels with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.models.columns import (
    document,
    instant,
    one_of,
    ranked,
    row_id,
    tenant,
    within_account,
    word,
    written_at,
)
from db.models.vocabulary import (
    Approach,
    Confidence,
    DocumentationKind,
    HandoffIntent,
    HandoffStatus,
    Priority,
)


class Handoff(SQLModel, table=True):
    """A request for help on a session: raised by one engineer, claimed by at most one other."""

    __table_args__ = (
        within_account("session", "session_id"),
        within_account("engineer", "raised_by_id"),
        within_account("engineer", "target_id"),
        within_account("engineer", "claimed_by_id"),
        within_account("handoff", "supersedes_id"),
        one_of("intent", HandoffIntent),
        one_of("status", HandoffStatus),
        one_of("priority", Priority),
        one_of("approach", Approach),
        CheckConstraint("claimed_by_id <> raised_by_id", name="not_own"),
        CheckConstraint("target_id <> raised_by_id", name="not_to_self"),
        CheckConstraint(
            "(claimed_by_id IS NULL) = (claimed_at IS NULL)", name="claimed_by_and_when"
        ),
        CheckConstraint("status <> 'CLAIMED' OR claimed_by_id IS NOT NULL", name="claimed_by_one"),
        CheckConstraint("status <> 'OPEN' OR claimed_by_id IS NULL", name="open_is_unclaimed"),
        Index(
            "handoff_one_live_per_session",
            "account_id",
            "session_id",
            unique=True,
            postgresql_where=text("status IN ('OPEN', 'CLAIMED')"),
        ),
        Index(
            "handoff_by_batch",
            "account_id",
            "batch_id",
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        Index(
            "handoff_reach_due",
            "account_id",
            "reach_due_at",
            postgresql_where=text("reach_due_at IS NOT NULL"),
        ),
        Index("handoff_by_session", "account_id", "session_id", text("id DESC")),
        Index(
            "handoff_waiting",
            "account_id",
            text("priority_rank DESC"),
            "id",
            postgresql_where=text("status = 'OPEN'"),
        ),
    )

    account_id: UUID = tenant()
    id: UUID = row_id()
    session_id: UUID
    intent: HandoffIntent = word(HandoffIntent.ESCALATE)
    status: HandoffStatus = word(HandoffStatus.OPEN)
    priority: Priority = word(Priority.NORMAL)
    # LOW 0 … URGENT 3, so that the queue's order is an index's order
    priority_rank: int = ranked("priority", Priority)
    problem_summary: str
    reason: str
    notes: str | None = None
    raised_by_id: UUID
    target_id: UUID | None = None
    claimed_by_id: UUID | None = None
    claimed_at: datetime | None = instant()
    # how its claimer means to go about it, where they said so
    approach: Approach | None = word()
    supersedes_id: UUID | None = None
    # why the last claimer gave it back; gone when somebody claims it again
    release_reason: str | None = None
    batch_id: UUID | None = Field(default=None, description="Shared by handoffs raised together")
    # counts its changes: a client that saw another one acts on what it did not see
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    created_at: datetime = written_at()
    closed_at: datetime | None = instant()
    # when it is to be looked whether anybody was told of it; gone once that was done
    reach_due_at: datetime | None = instant()
    # when its raiser was told that nobody might have heard of it
    unreached_at: datetime | None = instant()


class HandoffHeard(SQLModel, table=True):
    """Somebody who was asked had it on a live screen: it was written to their connection."""

    __tablename__ = "handoff_heard"
    __table_args__ = (
        within_account("handoff", "handoff_id"),
        within_account("engineer", "engineer_id"),
    )

    account_id: UUID = tenant()
    handoff_id: UUID = Field(primary_key=True)
    engineer_id: UUID = Field(primary_key=True)
    heard_at: datetime = written_at()


class Snapshot(SQLModel, table=True):
    """The frozen context of a handoff. The service may insert and read it, never change it."""

    __table_args__ = (within_account("handoff", "handoff_id"),)

    account_id: UUID = tenant()
    handoff_id: UUID = Field(primary_key=True)
    captured_at: datetime = written_at()
    problem_summary: str
    problem_domain: str | None = None
    environment: str | None = None
    customer_name: str | None = None
    customer_contact: str | None = None
    customer_reachable_until: datetime | None = instant()
    confidence_tier: Confidence | None = word()
    ticket_system: str | None = None
    ticket_number: str | None = None
    step_count: int
    branch_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    timeline: list[dict[str, Any]] = document("[]")
    hypotheses_open: list[str] = document("[]")
    hypotheses_ruled_out: list[str] = document("[]")
    left_out: dict[str, int] = document()


class Documentation(SQLModel, table=True):
    """The written account of a session, one row per version."""

    __table_args__ = (
        within_account("session", "session_id"),
        within_account("handoff", "handoff_id"),
        UniqueConstraint("account_id", "session_id", "version", name="documentation_version"),
        one_of("kind", DocumentationKind),
        Index("documentation_by_handoff", "account_id", "handoff_id"),
    )

    account_id: UUID = tenant()
    id: UUID = row_id()
    session_id: UUID
    handoff_id: UUID | None = None
    version: int = 1
    markdown: str
    written_at: datetime = written_at()
    kind: DocumentationKind = word(DocumentationKind.RAISED)
