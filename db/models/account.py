"""The tenant and the people in it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.ids import uuid7
from db.models.columns import instant, one_of, row_id, tenant, texts, word, written_at
from db.models.vocabulary import Role


class Account(SQLModel, table=True):
    """The tenant. Every other table carries its id as ``account_id``."""

    __table_args__ = (
        CheckConstraint("minimum_readiness BETWEEN 0 AND 100", name="minimum_readiness_known"),
    )

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    slug: str = Field(unique=True, description="How tokens name the account")
    name: str
    minimum_readiness: int | None = Field(
        default=None, description="What a session must score before it can be escalated"
    )
    created_at: datetime = written_at()


class Engineer(SQLModel, table=True):
    """A person of an account, made and kept current from the claims of their tokens."""

    __table_args__ = (
        UniqueConstraint("account_id", "subject", name="engineer_subject"),
        one_of("role", Role),
        CheckConstraint("tier BETWEEN 1 AND 3", name="tier_known"),
    )

    account_id: UUID = tenant(root=True)
    id: UUID = row_id()
    subject: str = Field(description="`sub` at the identity provider")
    email: str
    name: str
    role: Role = word(Role.ENGINEER)
    tier: int = 1
    skills: list[str] = texts()
    mail: bool = Field(
        default=True,
        sa_column_kwargs={"server_default": "true"},
        description="Whether they want mail",
    )
    active: bool = Field(default=True, sa_column_kwargs={"server_default": "true"})
    # `iat` of the newest token seen: an older token still in use can't bring an old role back
    claims_issued_at: datetime | None = instant()
    created_at: datetime = written_at()
    updated_at: datetime = written_at()
