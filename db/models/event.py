"""The account's ordered log, the counter that numbers it, and remembered requests."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from db.models.columns import document, ids, one_of, tenant, within_account, word, written_at
from db.models.vocabulary import EventType


class EventCounter(SQLModel, table=True):
    """The last number given out in an account's log, and how far back the log is kept.

    A row that is updated, not a sequence: a rolled-back number comes back, and the row's lock
    makes commit order the order of the numbers. Source: docs/decisions/0003-event-log.md.
    """

    __tablename__ = "event_counter"
    __table_args__ = (Index("event_counter_by_age", "kept_since"),)

    account_id: UUID = tenant(root=True)
    seq: int = Field(default=0, sa_type=BigInteger)
    # how often somebody's role, tier or access changed; counted by a trigger
    people: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    # events up to this one are promised to no stream any more, though rows of some may be there
    horizon: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    # when pruning last looked, no event after the horizon was older: it need not look sooner
    kept_since: datetime = written_at()
    # when the account has work for a worker next, or earlier, never later
    due_at: datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("'infinity'")},
    )
    # when an assessment of the account is to be taken next, or earlier, never later
    assess_at: datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("'infinity'")},
    )
    # deliveries that were given up
    dead: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


class Event(SQLModel, table=True):
    """One fact in an account's log. The service's role may insert and read, never change.

    What is old goes through a door: see prune_events in migration 0003.
    """

    __table_args__ = (
        within_account("handoff", "handoff_id"),
        within_account("engineer", "actor_id"),
        one_of("type", EventType),
        CheckConstraint(
            "cardinality(notified) = cardinality(notifications)", name="notified_by_notifications"
        ),
        CheckConstraint(
            "(handoff_id IS NULL) = (type = 'integration.disabled')", name="about_its_type"
        ),
        Index("event_by_handoff", "account_id", "handoff_id", "seq"),
    )

    account_id: UUID = tenant()
    seq: int = Field(sa_type=BigInteger, primary_key=True)
    type: EventType = word()
    handoff_id: UUID | None = None
    # nobody's, when the service noticed it by itself
    actor_id: UUID | None = None
    occurred_at: datetime = written_at()
    # engineers told in the application, and beside each the row of the bell that tells it
    notified: list[UUID] = ids()
    notifications: list[UUID] = ids()
    data: dict[str, Any] = document()


class IdempotencyKey(SQLModel, table=True):
    """A request that was carried out, so that its repetition gives the same answer."""

    __tablename__ = "idempotency_key"
    __table_args__ = (within_account("engineer", "engineer_id"),)

    account_id: UUID = tenant()
    engineer_id: UUID = Field(primary_key=True)
    operation: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: bytes = Field(sa_type=LargeBinary)
    result_id: UUID
    created_at: datetime = written_at()
