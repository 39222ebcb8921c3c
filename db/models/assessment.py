"""What a language model makes of a snapshot, and what engineers make of that."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from db.models.columns import document, instant, one_of, tenant, within_account, word, written_at
from db.models.vocabulary import AssessmentReason, AssessmentState, Confidence, Verdict


class Assessment(SQLModel, table=True):
    """The language model's reading of a snapshot: one row per handoff, from the raise on."""

    __table_args__ = (
        within_account("handoff", "handoff_id"),
        one_of("state", AssessmentState),
        one_of("reason", AssessmentReason),
        one_of("confidence", Confidence),
        Index(
            "assessment_due",
            "account_id",
            "due_at",
            postgresql_where=text("state = 'PENDING'"),
        ),
        Index(
            "assessment_asked",
            "account_id",
            "asked_at",
            postgresql_where=text("asked_at IS NOT NULL"),
        ),
    )

    account_id: UUID = tenant()
    handoff_id: UUID = Field(primary_key=True)
    state: AssessmentState = word(AssessmentState.PENDING)
    content: dict[str, Any] = document()
    confidence: Confidence | None = word()
    model: str | None = None
    latency_ms: int | None = None
    created_at: datetime = written_at()
    finished_at: datetime | None = instant()
    # when a worker may take it, which is when the lease of the one that has it ends
    due_at: datetime = written_at()
    lease_token: UUID | None = None
    # when it was first asked for; what an account may have asked for in a day is counted by it
    asked_at: datetime | None = instant()
    reason: AssessmentReason | None = word()
    prompt_version: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    # how often a worker has taken it
    tries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    # statements that did not stand, and secrets that were taken out of the question
    dropped: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    redactions: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class AssessmentRating(SQLModel, table=True):
    """What one engineer thinks of a READY assessment, as they said it last."""

    __tablename__ = "assessment_rating"
    __table_args__ = (
        within_account("assessment", "handoff_id", key="handoff_id"),
        within_account("engineer", "engineer_id"),
        one_of("verdict", Verdict),
    )

    account_id: UUID = tenant()
    handoff_id: UUID = Field(primary_key=True)
    engineer_id: UUID = Field(primary_key=True)
    verdict: Verdict = word()
    comment: str | None = None
    rated_at: datetime = written_at()
