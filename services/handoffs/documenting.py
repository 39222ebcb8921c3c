"""The last version of a session's written account: with what fixed it, and what led there."""

from typing import Final
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import DocumentationKind
from services.documentation import Account, Ending, keep, write
from services.handoffs.snapshot import freeze

# Of a session that was resolved in this transaction. ``last`` is its last handoff, if it had one,
# whatever became of that.
FACTS: Final = """
    SELECT s.*, last.reason, last.notes, last.priority, last.created_at AS raised_at,
           CASE WHEN last.status = 'RESOLVED' THEN last.id END AS ends,
           last.claimed_at, p.step_count AS known,
           raiser.name AS raiser, target.name AS target, claimer.name AS claimer,
           (SELECT coalesce(json_agg(json_build_object(
                'position', t.position, 'kind', t.kind, 'title', t.title, 'detail', t.detail,
                'hypothesis', t.hypothesis, 'outcome', t.outcome, 'author', a.name,
                'recorded_at', t.recorded_at) ORDER BY t.position), '[]')
            FROM step t JOIN engineer a ON a.account_id = t.account_id AND a.id = t.author_id
            WHERE t.account_id = s.account_id AND t.session_id = s.id) AS steps
    FROM session s
    LEFT JOIN handoff last ON last.account_id = s.account_id AND last.id = $3
    LEFT JOIN snapshot p ON p.account_id = last.account_id AND p.handoff_id = last.id
    LEFT JOIN engineer raiser
        ON raiser.account_id = last.account_id AND raiser.id = last.raised_by_id
    LEFT JOIN engineer target ON target.account_id = last.account_id AND target.id = last.target_id
    LEFT JOIN engineer claimer
        ON claimer.account_id = last.account_id AND claimer.id = last.claimed_by_id
    WHERE s.account_id = $1 AND s.id = $2
"""


async def document_end(
    tx: Transaction, session_id: UUID, handoff_id: UUID | None, resolved_by: str
) -> None:
    """After session and handoff were changed to RESOLVED, and while the session is locked: so no
    two write the same version. ``handoff_id`` is of the session's last handoff; the version is
    that handoff's as well when it was this that ended it."""
    facts = await tx.one(FACTS, tx.account_id, session_id, handoff_id)
    markdown = write(_account(facts, resolved_by))
    kind = DocumentationKind.RESOLVED
    await keep(tx, session_id, facts["ends"], kind, markdown, at=facts["resolved_at"])


def _account(facts: Row, resolved_by: str) -> Account:
    frozen = freeze(facts["steps"])
    return Account(
        session=facts,
        steps=facts["steps"],
        raiser=facts["raiser"],
        target=facts["target"],
        reason=facts["reason"],
        notes=facts["notes"],
        priority=facts["priority"],
        hypotheses_open=frozen.hypotheses_open,
        hypotheses_ruled_out=frozen.hypotheses_ruled_out,
        raised_at=facts["raised_at"],
        open_left_out=frozen.left_out.get("hypotheses_open", 0),
        ruled_out_left_out=frozen.left_out.get("hypotheses_ruled_out", 0),
        ending=Ending(
            resolution=facts["resolution"],
            by=resolved_by,
            at=facts["resolved_at"],
            taken_by=facts["claimer"],
            taken_at=facts["claimed_at"],
            known=facts["known"],
        ),
    )
