"""Keeping what was written, as the next version of its session's."""

from datetime import datetime
from typing import Final
from uuid import UUID

from db.database import Transaction
from db.ids import uuid7
from db.models.vocabulary import DocumentationKind

KEEP: Final = """
    INSERT INTO documentation (account_id, id, session_id, handoff_id, version, kind, markdown,
        written_at)
    SELECT $1, $2, $3, $4, 1 + coalesce(max(version), 0), $5, $6, $7
    FROM documentation WHERE account_id = $1 AND session_id = $3
"""


async def keep(
    tx: Transaction,
    session_id: UUID,
    handoff_id: UUID | None,
    kind: DocumentationKind,
    markdown: str,
    *,
    at: datetime,
) -> None:
    """While the session is locked: so no two write the same version. Without ``handoff_id`` it is
    the session's alone."""
    await tx.execute(KEEP, tx.account_id, uuid7(), session_id, handoff_id, kind, markdown, at)
