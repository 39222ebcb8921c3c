"""What the language model made of a snapshot."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import strawberry

from db.database import Columns
from schema.enums import AssessmentState, Confidence
from schema.fields import field
from schema.nodes import Info
from schema.types.snapshot import SnapshotStep, cited


@strawberry.type(
    description="Something the assessment says, with the steps of the snapshot it rests on."
)
class EvidencedStatement:
    text: str = strawberry.field(description="Plain text, written by a language model.")
    handoff_id: strawberry.Private[UUID]
    step_ids: strawberry.Private[list[str]]

    @classmethod
    def of(cls, handoff_id: UUID, statement: Mapping[str, Any]) -> Self:
        return cls(text=statement["text"], handoff_id=handoff_id, step_ids=statement["evidence"])

    @field(description="The steps it cites, in the order it cites them.")
    def evidence(self, info: Info) -> list[SnapshotStep]:
        return cited(info.context, self.handoff_id, self.step_ids)


@strawberry.type(description="Something the assessment would do next.")
class SuggestedStep:
    title: str = strawberry.field(description="What to do, in a line, by a language model.")
    detail: str | None = strawberry.field(description="How to do it, and what to look for.")
    handoff_id: strawberry.Private[UUID]
    step_ids: strawberry.Private[list[str]]

    @classmethod
    def of(cls, handoff_id: UUID, step: Mapping[str, Any]) -> Self:
        return cls(
            title=step["title"],
            detail=step.get("detail"),
            handoff_id=handoff_id,
            step_ids=step["evidence"],
        )

    @field(description="The steps that speak for it, in the order it cites them.")
    def evidence(self, info: Info) -> list[SnapshotStep]:
        return cited(info.context, self.handoff_id, self.step_ids)


@strawberry.type(
    description=(
        "A language model's reading of the snapshot, to start from and not to rely on. `state` "
        "says what it is worth; unless it is READY the texts are null and the lists empty. For "
        "who may see the session."
    )
)
class Assessment:
    state: AssessmentState = strawberry.field(description="How far it has come.")
    summary: str | None = strawberry.field(description="The case in a few sentences.")
    likely_cause: EvidencedStatement | None = strawberry.field(
        description="What most probably is the matter; null if nothing stands out."
    )
    what_we_know: list[EvidencedStatement] = strawberry.field(description="What is established.")
    steps_tried: list[EvidencedStatement] = strawberry.field(
        description="What was tried, and what came of it."
    )
    remaining_hypotheses: list[EvidencedStatement] = strawberry.field(
        description="What is still possible, the likeliest first."
    )
    suggested_next_steps: list[SuggestedStep] = strawberry.field(
        description="What to do next, the most promising first."
    )
    confidence: Confidence | None = strawberry.field(
        description="How sure it is of the likely cause."
    )
    model: str | None = strawberry.field(description="The model that wrote it.")
    latency_ms: int | None = strawberry.field(
        description="How long the model took, in milliseconds."
    )
    finished_at: datetime | None = strawberry.field(
        description="When it was there, or was given up."
    )

    @classmethod
    def of(cls, row: Columns) -> Self:
        content: dict[str, Any] = row["content"]
        handoff_id: UUID = row["handoff_id"]
        confidence = row["confidence"]

        def statements(name: str) -> list[EvidencedStatement]:
            return [EvidencedStatement.of(handoff_id, each) for each in content.get(name, ())]

        likely_cause = content.get("likely_cause")
        return cls(
            state=AssessmentState[row["state"]],
            summary=content.get("summary"),
            likely_cause=likely_cause and EvidencedStatement.of(handoff_id, likely_cause),
            what_we_know=statements("what_we_know"),
            steps_tried=statements("steps_tried"),
            remaining_hypotheses=statements("remaining_hypotheses"),
            suggested_next_steps=[
                SuggestedStep.of(handoff_id, step)
                for step in content.get("suggested_next_steps", ())
            ],
            confidence=confidence and Confidence[confidence],
            model=row["model"],
            latency_ms=row["latency_ms"],
            finished_at=row["finished_at"],
        )
