"""Who asks."""

from dataclasses import dataclass
from uuid import UUID

from db.models.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """An engineer at work: signed in, active, with the rights the newest token gave them."""

    account_id: UUID
    id: UUID
    role: Role
    tier: int
    name: str
    email: str
