"""Who may look into a session and what belongs to it: the one place that says so.

Source: DESIGN section 3. Its owner, its current holder and ADMINs; while it waits for somebody to
take it over, every ENGINEER of the account. VIEWERs never. Row-level security has kept other
accounts away before this is asked.
"""

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
                f"(s.owner_id = {me}::uuid OR s.escalated_to_id IS NOT DISTINCT FROM {me}::uuid "
                f"OR s.status IN ({_WAITING}))"
            )
        case Role.VIEWER:
            return f"({me}::uuid IS NULL)"


def works_on(actor: Actor, session: Row) -> bool:
    """Whether the session is the actor's work: as its owner, or as who took it over."""
    return actor.id in (session["owner_id"], session["escalated_to_id"])


def holder_id(session: Row) -> UUID:
    """Who has it now: the engineer who took it over, else its owner."""
    holder: UUID = session["escalated_to_id"] or session["owner_id"]
    return holder
