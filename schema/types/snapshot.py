"""What was frozen when a handoff was raised."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import strawberry

from db.database import Columns
from resolvers.context import Context
from resolvers.snapshots import redactions
from schema.enums import Confidence, StepKind, StepOutcome
from schema.fields import field
from schema.nodes import Info
from schema.types.customer import Customer, Ticket
from schema.types.engineer import Engineer, engineer
from services.ids import Kind, public, public_part


@strawberry.type(description="A step as it was when the handoff was raised.")
class SnapshotStep:
    id: strawberry.ID = strawberry.field(
        description="Of the step in this snapshot. No other snapshot has it: caches can go by it."
    )
    step_id: strawberry.ID = strawberry.field(
        description="The step's own id, as in `Step.id`: there it is as it is now."
    )
    position: int = strawberry.field(
        description="Its place in the session's timeline, counted from 1."
    )
    kind: StepKind = strawberry.field(description="What sort of entry it is.")
    title: str = strawberry.field(description="What was done or found, in a line.")
    detail: str | None = strawberry.field(
        description="Plain text; what is longer than 4,000 characters ends in an ellipsis."
    )
    hypothesis: str | None = strawberry.field(description="The suspicion that it tests.")
    outcome: StepOutcome = strawberry.field(description="What had come of it by then.")
    author_name: str = strawberry.field(description="Who recorded it, as they were called then.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")
    author_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, handoff_id: UUID, step: Mapping[str, Any]) -> Self:
        step_id = public(Kind.STEP, UUID(step["id"]))
        return cls(
            id=strawberry.ID(public_part(handoff_id, step_id)),
            step_id=strawberry.ID(step_id),
            position=step["position"],
            kind=StepKind[step["kind"]],
            title=step["title"],
            detail=step["detail"],
            hypothesis=step["hypothesis"],
            outcome=StepOutcome[step["outcome"]],
            author_name=step["author"],
            recorded_at=datetime.fromisoformat(step["recorded_at"]),
            author_id=UUID(step["author_id"]),
        )

    @field(description="Who recorded it, as they are today.")
    def author(self, info: Info) -> Engineer:
        return engineer(info.context, self.author_id)


def cited(context: Context, handoff_id: UUID, step_ids: Sequence[str]) -> list[SnapshotStep]:
    """Steps of a handoff's snapshot, in the order they are cited; unknown ones are left out."""

    def pick(row: Columns) -> list[SnapshotStep]:
        steps = {step["id"]: step for step in row["timeline"]}
        return [SnapshotStep.of(handoff_id, steps[each]) for each in step_ids if each in steps]

    return context.loaders.timelines.load_or([], handoff_id, pick)


@strawberry.type(description="What of a session was too much for its snapshot.")
class SnapshotCut:
    steps: int = strawberry.field(
        description="How many steps are not in `timeline`: the oldest ones."
    )
    details: int = strawberry.field(
        description="How many steps of `timeline` have a `detail` that ends early."
    )
    hypotheses_open: int = strawberry.field(
        description="How many are not in `hypothesesOpen`: those that came up first."
    )
    hypotheses_ruled_out: int = strawberry.field(
        description="How many are not in `hypothesesRuledOut`: those that came up first."
    )

    @classmethod
    def of(cls, left_out: Mapping[str, int]) -> Self | None:
        """None where nothing was left out."""
        if not left_out:
            return None
        return cls(
            steps=left_out.get("steps", 0),
            details=left_out.get("details", 0),
            hypotheses_open=left_out.get("hypotheses_open", 0),
            hypotheses_ruled_out=left_out.get("hypotheses_ruled_out", 0),
        )


@strawberry.type(
    description=(
        "What was known when the handoff was raised, frozen: it stays as it was whatever happens "
        "to the session. For who may see the session."
    )
)
class Snapshot:
    captured_at: datetime = strawberry.field(description="When it was taken.")
    problem_summary: str = strawberry.field(description="What was wrong, in a sentence.")
    problem_domain: str | None = strawberry.field(
        description="The area it was thought to lie in, for example `Mail flow`."
    )
    environment: str | None = strawberry.field(
        description="What it happened on: machines, versions, tenants."
    )
    customer: Customer | None = strawberry.field(description="Whom the session was for.")
    ticket: Ticket | None = strawberry.field(description="The ticket it was linked to.")
    confidence_tier: Confidence | None = strawberry.field(
        description="How sure the raiser was of where the problem lies."
    )
    step_count: int = strawberry.field(
        description="How many steps the session had, more than `timeline` holds perhaps."
    )
    branch_count: int = strawberry.field(
        description="How many different hypotheses had been followed, open and ruled out."
    )
    hypotheses_open: list[str] = strawberry.field(
        description="What was still suspected, in the order it came up: the latest 100."
    )
    hypotheses_ruled_out: list[str] = strawberry.field(
        description="What a step had ruled out: no need to try it again. The latest 100."
    )
    cut: SnapshotCut | None = strawberry.field(
        description=(
            "What was too much and stayed behind: the session still has it. Null when this is all."
        )
    )
    handoff_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: Columns) -> Self:
        confidence = row["confidence_tier"]
        return cls(
            captured_at=row["captured_at"],
            problem_summary=row["problem_summary"],
            problem_domain=row["problem_domain"],
            environment=row["environment"],
            customer=Customer.of(row),
            ticket=Ticket.of(row),
            confidence_tier=confidence and Confidence[confidence],
            step_count=row["step_count"],
            branch_count=row["branch_count"],
            cut=SnapshotCut.of(row["left_out"]),
            hypotheses_open=row["hypotheses_open"],
            hypotheses_ruled_out=row["hypotheses_ruled_out"],
            handoff_id=row["handoff_id"],
        )

    @field(description="The most recent 100 steps, oldest first.")
    def timeline(self, info: Info) -> list[SnapshotStep]:
        def pick(row: Columns) -> list[SnapshotStep]:
            return [SnapshotStep.of(self.handoff_id, step) for step in row["timeline"]]

        return info.context.loaders.timelines.load_or([], self.handoff_id, pick)

    @field(
        description=(
            "How many secrets (passwords, keys, tokens, card numbers) the frozen texts hold. They "
            "are taken out of everything that leaves the service."
        )
    )
    async def redactions(self, info: Info) -> int:
        row = await info.context.loaders.timelines.row(self.handoff_id)
        if row is None:  # the door has closed meanwhile
            return 0
        return await redactions(self.handoff_id, list(self._texts(row["timeline"])))

    def _texts(self, timeline: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        found = [self.problem_summary, self.problem_domain, self.environment]
        if self.customer:
            found += self.customer.name, self.customer.contact
        if self.ticket:
            found += self.ticket.system, self.ticket.number
        for step in timeline:
            found += step["title"], step["detail"], step["hypothesis"]
        return filter(None, found)
