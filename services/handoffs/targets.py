"""Who can be asked to take a session over."""

from uuid import UUID

from db.database import Columns
from db.models.vocabulary import Role
from services.handoffs.problems import Ineligible, TargetNotEligible


def refuse_ineligible(target_id: UUID, target: Columns | None, *who_ask: UUID) -> None:
    """``target`` has `role` and `active` of table engineer; None when there is no such row.

    Raises TargetNotEligible, also for one of those who ask.
    """
    if target is None:
        raise TargetNotEligible(Ineligible.UNKNOWN)
    if target_id in who_ask:
        raise TargetNotEligible(Ineligible.SELF)
    if target["role"] == Role.VIEWER:
        raise TargetNotEligible(Ineligible.VIEWER)
    if not target["active"]:
        raise TargetNotEligible(Ineligible.INACTIVE)
