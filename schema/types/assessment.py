"""What the language model made of a snapshot, and what a rule does without one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import strawberry

from db.database import Columns
from db.models.vocabulary import AssessmentReason
from schema.enums import AssessmentState, Confidence, Verdict
from schema.fields import field
from schema.nodes import Info
from schema.types.snapshot import SnapshotStep, cited
from schema.types.step import Step
from services.assessments.deriving import derive
from services.assessments.suggesting import ASSESSED, DERIVED, suggestion_id
from services.handoffs.rules import refusal_to_rate, refusal_to_start
from services.ids import public_part

T = TypeVar("T")

UNSAID: Final = {
    AssessmentState.TIMED_OUT: "No answer of the language model came in time.",
    AssessmentState.FAILED: "No usable answer of the language model came.",
    AssessmentState.DISABLED: "No language model is configured here.",
}
"""Of assessments that were given up with no reason of their own."""

REASONS: Final = {
    AssessmentReason.NO_KEY: UNSAID[AssessmentState.DISABLED],
    AssessmentReason.OUT_OF_TIME: UNSAID[AssessmentState.TIMED_OUT],
    AssessmentReason.WORKER_LOST: "What asked the language model was interrupted twice.",
    AssessmentReason.RATE_LIMITED: "The language model takes no more questions for now.",
    AssessmentReason.OVERLOADED: "The language model is overloaded or out of order.",
    AssessmentReason.UNREACHABLE: "The language model could not be reached.",
    AssessmentReason.REJECTED: "The language model's service did not accept the request.",
    AssessmentReason.REFUSED: "The language model declined to answer.",
    AssessmentReason.TRUNCATED: "The language model's answer was cut off.",
    AssessmentReason.MALFORMED: "The language model's answer had another form than asked for.",
    AssessmentReason.NOTHING_STOOD: "The steps supported nothing of the language model's answer.",
    AssessmentReason.INTERNAL: "An error of the service's own prevented it.",
    AssessmentReason.BUDGET_SPENT: "The account has had as many assessments as it may in a day.",
}


@strawberry.type(
    description="Something the assessment says, with the steps of the snapshot it rests on."
)
class EvidencedStatement:
    text: str = strawberry.field(description="A line of plain text, never markup.")
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
    id: strawberry.ID = strawberry.field(
        description=(
            "For `startSuggestedStep`. It stays the same, and no other assessment has it. It ends "
            "in `derived:1` for the first derived by rule, in `assessed:1` for a model's first."
        )
    )
    title: str = strawberry.field(description="What to do, in a line of plain text.")
    detail: str | None = strawberry.field(description="How to do it, and what to look for.")
    suggestion: strawberry.Private[str]
    handoff_id: strawberry.Private[UUID]
    step_ids: strawberry.Private[list[str]]

    @classmethod
    def of(cls, handoff_id: UUID, suggestion: str, step: Mapping[str, Any]) -> Self:
        return cls(
            id=strawberry.ID(public_part(handoff_id, suggestion)),
            suggestion=suggestion,
            title=step["title"],
            detail=step.get("detail"),
            handoff_id=handoff_id,
            step_ids=step["evidence"],
        )

    @field(description="The steps that speak for it, in the order it cites them.")
    def evidence(self, info: Info) -> list[SnapshotStep]:
        return cited(info.context, self.handoff_id, self.step_ids)

    @field(description="The step of the session that it became; null until it is started.")
    def step(self, info: Info) -> Step | None:
        def pick(rows: Sequence[Columns]) -> Step | None:
            mine = (row for row in rows if row["suggestion"] == self.suggestion)
            return next(map(Step.of, mine), None)

        return info.context.loaders.suggested_steps.load(self.handoff_id, pick)

    @field(
        description=(
            "Whether the viewer may start it as the handoff stands; who did so already gets the "
            "same step again. `startSuggestedStep` asks the same rule."
        ),
        own=True,
    )
    def viewer_can_start(self, info: Info) -> bool:
        actor = info.context.actor
        return info.context.loaders.handoffs.load_or(
            False, self.handoff_id, lambda row: refusal_to_start(actor, row) is None
        )


@strawberry.type(description="What an engineer thinks of an assessment.")
class AssessmentRating:
    verdict: Verdict = strawberry.field(description="Whether it is right.")
    comment: str | None = strawberry.field(description="What they had to say about it.")
    rated_at: datetime = strawberry.field(description="When they said so last.")

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            verdict=Verdict[row["verdict"]], comment=row["comment"], rated_at=row["rated_at"]
        )


@strawberry.type(
    description=(
        "A language model's reading of the snapshot, to start from and not to rely on. `state` "
        "says what it is worth. Unless it is READY there is nothing of a model in it: its lists "
        "are then `derived` from the timeline, and what a rule can't tell is null or empty. For "
        "who may see the session."
    )
)
class Assessment:
    state: AssessmentState = strawberry.field(description="How far it has come.")
    reason: str | None = strawberry.field(
        description=(
            "Why there is nothing of a model in it, in a sentence for people; null while that may "
            "still come, and when it has."
        )
    )
    derived: bool = strawberry.field(
        description=(
            "Whether `stepsTried`, `remainingHypotheses` and `suggestedNextSteps` were read off "
            "the timeline by rule, without a language model: so unless it is READY."
        )
    )
    summary: str | None = strawberry.field(description="The case in a few sentences.")
    likely_cause: EvidencedStatement | None = strawberry.field(
        description="What most probably is the matter; null if nothing stands out."
    )
    what_we_know: list[EvidencedStatement] = strawberry.field(description="What is established.")
    confidence: Confidence | None = strawberry.field(
        description="How sure it is of the likely cause."
    )
    model: str | None = strawberry.field(
        description="The model that wrote it, or was asked in vain."
    )
    prompt_version: str | None = strawberry.field(
        description="The version of the question it was asked."
    )
    tokens_in: int | None = strawberry.field(
        description="How long the question was, in tokens of the model."
    )
    tokens_out: int | None = strawberry.field(
        description="How long the answer was, in tokens of the model."
    )
    dropped: int = strawberry.field(
        description=(
            "How many statements of the model were left out: without a step of the snapshot to "
            "rest on, or against what was recorded."
        )
    )
    redactions: int = strawberry.field(
        description="How many passwords, keys and tokens the model was not shown."
    )
    latency_ms: int | None = strawberry.field(
        description="How long the model took, in milliseconds."
    )
    finished_at: datetime | None = strawberry.field(
        description="When it was there, or was given up."
    )
    handoff_id: strawberry.Private[UUID]
    content: strawberry.Private[Mapping[str, Any]]

    @classmethod
    def of(cls, row: Columns) -> Self:
        state = AssessmentState[row["state"]]
        ready = state is AssessmentState.READY
        content: dict[str, Any] = row["content"] if ready else {}
        handoff_id: UUID = row["handoff_id"]
        confidence = row["confidence"] if ready else None
        likely_cause = content.get("likely_cause")
        return cls(
            state=state,
            reason=_reason(row, state),
            derived=not ready,
            summary=content.get("summary"),
            likely_cause=likely_cause and EvidencedStatement.of(handoff_id, likely_cause),
            what_we_know=_statements(handoff_id, content, "what_we_know"),
            confidence=confidence and Confidence[confidence],
            model=row["model"],
            prompt_version=row["prompt_version"],
            tokens_in=row["tokens_in"],
            tokens_out=row["tokens_out"],
            dropped=row["dropped"],
            redactions=row["redactions"],
            latency_ms=row["latency_ms"],
            finished_at=row["finished_at"],
            handoff_id=handoff_id,
            content=content,
        )

    @field(description="What was tried, and what came of it.")
    def steps_tried(self, info: Info) -> list[EvidencedStatement]:
        return self._found(
            info, lambda content: _statements(self.handoff_id, content, "steps_tried")
        )

    @field(description="What is still possible; of a model's, the likeliest first.")
    def remaining_hypotheses(self, info: Info) -> list[EvidencedStatement]:
        return self._found(
            info, lambda content: _statements(self.handoff_id, content, "remaining_hypotheses")
        )

    @field(description="What to do next; of a model's, the most promising first.")
    def suggested_next_steps(self, info: Info) -> list[SuggestedStep]:
        source = DERIVED if self.derived else ASSESSED
        return self._found(
            info,
            lambda content: [
                SuggestedStep.of(self.handoff_id, suggestion_id(source, place), step)
                for place, step in enumerate(content.get("suggested_next_steps", ()), 1)
            ],
        )

    @field(description="How many engineers have rated it RIGHT.")
    def rated_right(self, info: Info) -> int:
        return info.context.loaders.ratings.load_or(0, self.handoff_id, itemgetter("rated_right"))

    @field(description="How many engineers have rated it WRONG.")
    def rated_wrong(self, info: Info) -> int:
        return info.context.loaders.ratings.load_or(0, self.handoff_id, itemgetter("rated_wrong"))

    @field(description="What the viewer thinks of it; null until they say so.", own=True)
    def viewer_rating(self, info: Info) -> AssessmentRating | None:
        return info.context.loaders.ratings.load(self.handoff_id, _own)

    @field(
        description=(
            "Whether the viewer may rate it as it stands, for the first time or anew: who may see "
            "the session, once it is READY. `rateAssessment` asks the same rule."
        ),
        own=True,
    )
    def viewer_can_rate(self, info: Info) -> bool:
        if self.state is not AssessmentState.READY:
            return False
        return info.context.loaders.handoffs.load_or(
            False, self.handoff_id, lambda row: refusal_to_rate(row) is None
        )

    def _found(self, info: Info, pick: Callable[[Mapping[str, Any]], list[T]]) -> list[T]:
        if not self.derived:
            return pick(self.content)
        return info.context.loaders.timelines.load_or(
            [], self.handoff_id, lambda row: pick(derive(row))
        )


def _own(row: Columns) -> AssessmentRating | None:
    return None if row["verdict"] is None else AssessmentRating.of(row)


def _reason(row: Columns, state: AssessmentState) -> str | None:
    given = row["reason"]
    return UNSAID.get(state) if given is None else REASONS[AssessmentReason[given]]


def _statements(
    handoff_id: UUID, content: Mapping[str, Any], name: str
) -> list[EvidencedStatement]:
    return [EvidencedStatement.of(handoff_id, each) for each in content.get(name, ())]
