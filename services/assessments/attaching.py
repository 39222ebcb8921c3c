"""What follows from a model's answer: the next version of the written account, and a card that
shows what it suggests.

Source: docs/assessment.md, "What follows".
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import Confidence, DocumentationKind, HandoffStatus
from services import deliveries, documentation
from services.assessments.deriving import suggestions

LOCK: Final = """
    SELECT FROM handoff h JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
    WHERE h.account_id = $1 AND h.id = $2 FOR NO KEY UPDATE OF s
"""

# ``stands``: nothing was written of the session since this handoff was raised.
FACTS: Final = """
    SELECT p.*, h.session_id, h.status, h.version, h.reason, h.notes, h.priority,
           h.created_at AS raised_at, raiser.name AS raiser, target.name AS target,
           a.state, a.content, a.confidence,
           (SELECT w.handoff_id IS NOT DISTINCT FROM h.id AND w.kind = 'RAISED'
            FROM documentation w WHERE w.account_id = h.account_id AND w.session_id = h.session_id
            ORDER BY w.version DESC LIMIT 1) AS stands
    FROM handoff h
    JOIN snapshot p ON p.account_id = h.account_id AND p.handoff_id = h.id
    JOIN assessment a ON a.account_id = h.account_id AND a.handoff_id = h.id
    JOIN engineer raiser ON raiser.account_id = h.account_id AND raiser.id = h.raised_by_id
    LEFT JOIN engineer target ON target.account_id = h.account_id AND target.id = h.target_id
    WHERE h.account_id = $1 AND h.id = $2
"""


async def lock(tx: Transaction, handoff_id: UUID) -> None:
    """The handoff's session, before anything of it is read, as all do who change a handoff."""
    await tx.execute(LOCK, tx.account_id, handoff_id)


async def attach(tx: Transaction, handoff_id: UUID, *, now: datetime) -> None:
    """After a READY assessment was written, while the session is locked.

    The account gets its version unless a later one is there: how the session ended, or that it was
    handed over again. A card is changed while the handoff waits: whatever is told of it
    later has the answer in it.
    """
    facts = await tx.one(FACTS, tx.account_id, handoff_id)
    if facts["stands"]:
        markdown = documentation.write(_account(facts))
        kind = DocumentationKind.ASSESSED
        await documentation.keep(tx, facts["session_id"], handoff_id, kind, markdown, at=now)
    if facts["status"] == HandoffStatus.OPEN:
        await deliveries.change_card(tx, handoff_id, facts["version"], now=now)


def _account(facts: Row) -> documentation.Account:
    """Of what was frozen, and of who is asked now."""
    left_out = facts["left_out"]
    return documentation.Account(
        session=facts,
        steps=facts["timeline"],
        raiser=facts["raiser"],
        target=facts["target"],
        reason=facts["reason"],
        notes=facts["notes"],
        priority=facts["priority"],
        hypotheses_open=facts["hypotheses_open"],
        hypotheses_ruled_out=facts["hypotheses_ruled_out"],
        raised_at=facts["raised_at"],
        steps_left_out=left_out.get("steps", 0),
        open_left_out=left_out.get("hypotheses_open", 0),
        ruled_out_left_out=left_out.get("hypotheses_ruled_out", 0),
        next_steps=[each.title for each in suggestions(facts)],
        assessed=documentation.Assessed(
            facts["content"], facts["confidence"] and Confidence(facts["confidence"])
        ),
    )
