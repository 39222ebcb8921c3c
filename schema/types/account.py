"""The tenant."""

from typing import Self

import strawberry

from db.database import Columns
from schema.nodes import Node
from services.ids import Kind, public


@strawberry.type(
    description="An organisation. Everything belongs to one, and nobody sees into another's."
)
class Account(Node):
    name: str = strawberry.field(description="What it is called.")
    minimum_readiness: int | None = strawberry.field(
        description=(
            "What a session must score (`escalationReadiness`) before it can be escalated; null if "
            "any score will do."
        )
    )

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            id=strawberry.ID(public(Kind.ACCOUNT, row["id"])),
            name=row["name"],
            minimum_readiness=row["minimum_readiness"],
        )
