"""Column shapes that the tables share."""

from enum import StrEnum
from typing import Any

from pydantic_core import PydanticUndefined as Undefined
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field, SQLModel

from db.ids import uuid7

# Set before the first table is declared: it names what tables do not name themselves.
SQLModel.metadata.naming_convention = {
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


def tenant(*, root: bool = False) -> Any:
    """The tenant: first column of every primary key; row-level security compares it.

    Only ``root`` tables refer to account themselves. The others reach it through their composite
    references, which spares each insert a lock on the account's one row.
    """
    return Field(primary_key=True, foreign_key="account.id" if root else Undefined)


def row_id() -> Any:
    """The row's own UUIDv7: second column of the primary key."""
    return Field(default_factory=uuid7, primary_key=True)


def within_account(table: str, column: str, key: str = "id") -> ForeignKeyConstraint:
    """A reference that cannot leave the account.

    PostgreSQL checks foreign keys past row-level security, so account_id is part of each.
    """
    return ForeignKeyConstraint(["account_id", column], [f"{table}.account_id", f"{table}.{key}"])


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """Only words of the list, whoever writes the row."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def word(default: StrEnum | None = None) -> Any:
    """A column of text that holds a word of a closed list."""
    if default is None:
        return Field(sa_type=Text)
    return Field(default=default, sa_type=Text)


def ranked(column: str, words: type[StrEnum]) -> Any:
    """The place of ``column``'s word in its list, kept by PostgreSQL."""
    cases = " ".join(f"WHEN '{word.value}' THEN {rank}" for rank, word in enumerate(words))
    return Field(
        sa_column=Column(SmallInteger, Computed(f"CASE {column} {cases} END", persisted=True))
    )


def instant() -> Any:
    """A point in time, with its zone; may be empty."""
    return Field(default=None, sa_type=DateTime(timezone=True))


def written_at() -> Any:
    """When the row was written, by the database's clock."""
    return Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


def document(empty: str = "{}") -> Any:
    """A JSON document."""
    return Field(sa_type=JSONB, sa_column_kwargs={"server_default": text(f"'{empty}'::jsonb")})


def texts() -> Any:
    """A list of short texts."""
    return Field(sa_type=ARRAY(Text), sa_column_kwargs={"server_default": text("'{}'")})


def ids() -> Any:
    """A list of row ids."""
    return Field(
        sa_type=ARRAY(PG_UUID(as_uuid=True)), sa_column_kwargs={"server_default": text("'{}'")}
    )
