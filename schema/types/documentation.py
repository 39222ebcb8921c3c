"""The written account of a session."""

from datetime import datetime
from typing import Self

import strawberry

from db.database import Columns
from schema.enums import DocumentationKind
from schema.nodes import Node
from services.ids import Kind, public


@strawberry.type(
    description=(
        "The written account of a session, made from its timeline when it was handed over or "
        "resolved, for the ticket and the archive, and written anew when a language model's answer "
        "has come. It does not change; what happens later is written as a new version."
    )
)
class Documentation(Node):
    version: int = strawberry.field(description="Counted from 1 in each session.")
    kind: DocumentationKind = strawberry.field(description="What this version was written for.")
    markdown: str = strawberry.field(
        description=(
            "The text, in CommonMark, at most 50,000 characters; it says what it leaves out. What "
            "people typed or a language model said is escaped or fenced in it, but render it "
            "without HTML all the same."
        )
    )
    written_at: datetime = strawberry.field(description="When it was written.")

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            id=strawberry.ID(public(Kind.DOCUMENTATION, row["id"])),
            version=row["version"],
            kind=DocumentationKind[row["kind"]],
            markdown=row["markdown"],
            written_at=row["written_at"],
        )
