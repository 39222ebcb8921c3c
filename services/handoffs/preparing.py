"""Before help is asked for: what would travel, and what is missing."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services import text
from services.access import door, seen_through
from services.actor import Actor
from services.handoffs.additions import NOTHING, Additions
from services.handoffs.readiness import Case, Readiness, measure
from services.views import Viewing


@dataclass(frozen=True, slots=True)
class Draft:
    """What the raiser is about to send, as far as it is written."""

    reason: str | None = None
    notes: str | None = None
    additions: Additions = NOTHING

    def checked(self) -> "Draft":
        """Trimmed and within bounds. Raises InvalidInput."""
        return replace(
            self,
            reason=text.optional("reason", self.reason, text.REASON),
            notes=text.optional("notes", self.notes, text.LONG),
            additions=self.additions.checked(),
        )


# Of a detail it counts only that there is one.
PREPARED: Final = """
    SELECT s.*, $seen,
           (SELECT minimum_readiness FROM account WHERE id = s.account_id) AS minimum_readiness,
           (SELECT coalesce(json_agg(json_build_object(
                'id', t.id, 'kind', t.kind, 'detail', left(t.detail, 1),
                'hypothesis', t.hypothesis, 'outcome', t.outcome
            ) ORDER BY t.position), '[]')
            FROM step t WHERE t.account_id = s.account_id AND t.session_id = s.id) AS steps
    FROM session s WHERE s.account_id = $1 AND s.id = $2 AND $door
"""


async def readiness(
    view: Viewing, actor: Actor, session_id: UUID, draft: Draft, *, now: datetime
) -> Readiness | None:
    """Of a session if it were escalated like this; None for one that the actor may not see.

    By the rule that ``escalate`` asks. Raises InvalidInput for a draft that can't be sent.
    """
    draft = draft.checked()
    rows = await view.fetch(
        PREPARED.replace("$seen", seen_through(actor, "$3")).replace("$door", door(actor, "$3")),
        actor.account_id,
        session_id,
        actor.id,
    )
    if not rows:
        return None
    [session] = rows
    case = Case(draft.additions.applied(session), session["steps"], draft.reason, draft.notes, now)
    return measure(case, session["minimum_readiness"])
