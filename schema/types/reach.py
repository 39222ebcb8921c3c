"""How far a call for help has come."""

from datetime import datetime
from typing import Self

import strawberry

from db.database import Columns


@strawberry.type(
    description=(
        "Has anybody been told of a handoff? That a message was promised, or given to a program, "
        "does not count: what counts is that a person could have known."
    )
)
class Reach:
    told: bool = strawberry.field(
        description=(
            "Somebody could have known by now: a card or a mail was accepted, somebody who is "
            "asked had it on a live screen, or somebody other than the raiser opened, took or "
            "declined it."
        )
    )
    told_at: datetime | None = strawberry.field(
        description="When that was first so, as far as it is known; null if it is not."
    )
    notified: int = strawberry.field(
        description="How many engineers have it in their bell, whether they have looked or not."
    )
    confirmed: int = strawberry.field(
        description=(
            "How many of the cards and mails that tell of it were accepted by the service they go "
            "through. Webhooks and notes in tickets are not counted: nobody has to look at those."
        )
    )
    watching_live: int = strawberry.field(
        description=(
            "How many of the engineers who are asked were listening: it was written to their "
            "screen as it happened, or when they came back."
        )
    )
    viewed: int = strawberry.field(
        description="How many engineers but the raiser have looked into its session as it waited."
    )
    unreached_at: datetime | None = strawberry.field(
        description=(
            "When the raiser was told that nobody could be told of it in time; null if that never "
            "was so. It stays when somebody is told later."
        )
    )

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            told=row["told"],
            told_at=row["told_at"],
            notified=row["notified"],
            confirmed=row["confirmed"],
            watching_live=row["watching"],
            viewed=row["viewed"],
            unreached_at=row["unreached_at"],
        )
