"""People."""

from operator import itemgetter
from typing import Self
from uuid import UUID

import strawberry

from db.database import Columns
from resolvers.context import Context
from schema.enums import Role
from schema.fields import field
from schema.nodes import Info, Node
from services.actor import Actor
from services.ids import Kind, public


@strawberry.type(
    description="A person of the account. Every engineer of the account may see the others."
)
class Engineer(Node):
    name: str = strawberry.field(description="As the identity provider has it.")
    email: str = strawberry.field(description="As the identity provider has it.")
    role: Role = strawberry.field(description="What they may do.")
    tier: int = strawberry.field(description="Their support line, 1 to 3: 3 is the last resort.")
    key: strawberry.Private[UUID]
    known_skills: strawberry.Private[list[str] | None] = None

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            id=strawberry.ID(public(Kind.ENGINEER, row["id"])),
            name=row["name"],
            email=row["email"],
            role=Role[row["role"]],
            tier=row["tier"],
            key=row["id"],
            known_skills=row["skills"],
        )

    @classmethod
    def signed_in(cls, actor: Actor) -> Self:
        """Who asks is known already, but for their skills."""
        return cls(
            id=strawberry.ID(public(Kind.ENGINEER, actor.id)),
            name=actor.name,
            email=actor.email,
            role=actor.role,
            tier=actor.tier,
            key=actor.id,
        )

    @field(description="What they are good at, as short tags; may be empty.")
    def skills(self, info: Info) -> list[str]:
        if self.known_skills is not None:
            return self.known_skills
        return info.context.loaders.engineers.surely(self.key, itemgetter("skills"))


def engineer(context: Context, engineer_id: UUID) -> Engineer:
    """Whom a row refers to: there for certain, the tables' foreign keys say so."""
    if context.is_viewer(engineer_id):
        return Engineer.signed_in(context.actor)
    return context.loaders.engineers.surely(engineer_id, Engineer.of)


def engineer_if_any(context: Context, engineer_id: UUID | None) -> Engineer | None:
    return None if engineer_id is None else engineer(context, engineer_id)
