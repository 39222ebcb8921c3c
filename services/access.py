"""Who may look into a session and what belongs to it: the one place that says so.

Its owner, its current holder and ADMINs; while it waits for somebody to take it over, every
ENGINEER of the account. VIEWERs never. Row-level security has kept other accounts away before this
is asked. Source: docs/handoffs.md, "Who may see what".
"""

from typing import Final
from uuid import UUID

from db.database import Row
from db.models.vocabulary import IN_TRANSIT, Role
from services.actor import Actor

_WAITING = ", ".join(f"'{status.value}'" for status in IN_TRANSIT)


def door(actor: Actor, me: str) -> str:
    """The condition, in SQL over ``session s``. ``me`` is the placeholder of the actor's id.

    Always true or false, never null, and it names ``me`` whatever the role.
    """
    match actor.role:
        case Role.ADMIN:
            return f"({me}::uuid IS NOT NULL)"
        case Role.ENGINEER:
            return (
                f"(s.owner_id = {me}::uuid OR s.status IN ({_WAITING}) "
                f"OR s.escalated_to_id IS NOT DISTINCT FROM {me}::uuid)"
            )
        case Role.VIEWER:
            return f"({me}::uuid IS NULL)"


SEEN_THROUGH: Final = "seen_through"
"""The column in which a row of content says that it was read through the open door."""


def seen_through(
    actor: Actor, me: str, *, handoff: str | None = None, ask: bool = False, waits: bool = False
) -> str:
    """A column of rows that passed the door: the waiting handoff that alone lets the actor in.

    Null for whom the session is open anyway. In the statement that reads the content, so that the
    two are true at the same instant. ``handoff`` is one of the session that is joined already, and
    looked at first; ``waits``: it is OPEN for certain. With ``ask`` most rows may not have passed
    the door: for them nothing is looked up, since nothing that waits would be found.
    """
    if actor.role != Role.ENGINEER:
        return f"NULL::uuid AS {SEEN_THROUGH}"
    if waits:
        return f"CASE WHEN s.owner_id <> {me}::uuid THEN {handoff}.id END AS {SEEN_THROUGH}"
    # asked for like this, it is found by the index of live handoffs, one row, whatever PostgreSQL
    # thinks of the number of those that wait
    found = (
        "(SELECT CASE w.status WHEN 'OPEN' THEN w.id END FROM handoff w "
        "WHERE w.account_id = s.account_id AND w.session_id = s.id "
        "AND w.status IN ('OPEN', 'CLAIMED'))"
    )
    if handoff is not None:
        found = f"CASE {handoff}.status WHEN 'OPEN' THEN {handoff}.id ELSE {found} END"
    condition = f"s.status IN ({_WAITING}) AND " if ask else ""
    # a session that has a holder has no OPEN handoff
    return f"CASE WHEN {condition}s.owner_id <> {me}::uuid THEN {found} END AS {SEEN_THROUGH}"


def audit(actor: Actor, me: str) -> str:
    """Who may know who looked in, in SQL over ``session s``: its owner and ADMINs.

    Always true or false, and it names ``me`` whatever the role.
    """
    match actor.role:
        case Role.ADMIN:
            return f"({me}::uuid IS NOT NULL)"
        case Role.ENGINEER:
            return f"(s.owner_id = {me}::uuid)"
        case Role.VIEWER:
            return f"({me}::uuid IS NULL)"


def works_on(actor: Actor, session: Row) -> bool:
    """Whether the session is the actor's work: as its owner, or as who took it over."""
    return actor.id in (session["owner_id"], session["escalated_to_id"])


def holder_id(session: Row) -> UUID:
    """Who has it now: the engineer who took it over, else its owner."""
    holder: UUID = session["escalated_to_id"] or session["owner_id"]
    return holder
