"""How ready a session is to be handed over."""

import asyncio
from collections.abc import Sequence
from typing import Self
from uuid import UUID

import strawberry

from schema.enums import ReadinessItem, ReadinessQuestion
from schema.fields import field
from schema.nodes import Info
from schema.types.step import Step
from services.handoffs import readiness as rules


@strawberry.type(description="Something that answers a question, in part or whole.")
class ReadinessFact:
    item: ReadinessItem = strawberry.field(description="What it is.")
    text: str = strawberry.field(description="The same in words, fit to be shown.")
    points: int = strawberry.field(description="What it adds to the score, in points.")
    step_ids: strawberry.Private[Sequence[UUID]]

    @classmethod
    def of(cls, fact: rules.Fact) -> Self:
        criterion = fact.criterion
        return cls(
            item=criterion.item,
            text=criterion.text,
            points=criterion.points,
            step_ids=fact.evidence,
        )

    @field(
        description=(
            "The steps that show it, oldest first: the latest 20 of them. Empty where it is no "
            "step that shows it."
        )
    )
    async def evidence(self, info: Info) -> list[Step]:
        loader = info.context.loaders.steps
        rows = await asyncio.gather(*(loader.row(each) for each in self.step_ids))
        return [Step.of(row) for row in rows if row is not None]


@strawberry.type(description="Something that would answer a question and is not there.")
class ReadinessGap:
    item: ReadinessItem = strawberry.field(description="What it is.")
    text: str = strawberry.field(description="The same in words, fit to be shown.")
    points: int = strawberry.field(description="What it would add to the score, in points.")

    @classmethod
    def of(cls, criterion: rules.Criterion) -> Self:
        return cls(item=criterion.item, text=criterion.text, points=criterion.points)


@strawberry.type(description="How far one question is answered.")
class ReadinessAnswer:
    question: ReadinessQuestion = strawberry.field(description="Which question it answers.")
    score: int = strawberry.field(description="What is there, in points of 100 in all.")
    possible: int = strawberry.field(description="What it would be with everything, in points.")
    known: list[ReadinessFact] = strawberry.field(description="What is there.")
    missing: list[ReadinessGap] = strawberry.field(
        description="What is not there, the first to be asked for first."
    )
    ask: str | None = strawberry.field(
        description="A line that asks the raiser for what is missing; null when nothing is."
    )

    @classmethod
    def of(cls, answer: rules.Answer) -> Self:
        return cls(
            question=answer.question,
            score=answer.score,
            possible=answer.possible,
            known=[ReadinessFact.of(fact) for fact in answer.known],
            missing=[ReadinessGap.of(criterion) for criterion in answer.missing],
            ask=answer.ask,
        )


@strawberry.type(
    description=(
        "How ready a session is to be handed over: how much of what the next engineer asks first "
        "is answered. By a fixed table (`docs/readiness.md`), without a language model. Whatever "
        "is added, the score never falls."
    )
)
class Readiness:
    score: int = strawberry.field(description="From 0 to 100: the sum over `answers`.")
    minimum: int | None = strawberry.field(
        description="What the account asks for before an escalation; null if for nothing."
    )
    ready: bool = strawberry.field(
        description="Whether `minimum` is reached: otherwise `escalate` answers `NotReady`."
    )
    answers: list[ReadinessAnswer] = strawberry.field(
        description="One for each question, always in the same order."
    )

    @classmethod
    def of(cls, readiness: rules.Readiness) -> Self:
        return cls(
            score=readiness.score,
            minimum=readiness.minimum,
            ready=readiness.ready,
            answers=[ReadinessAnswer.of(answer) for answer in readiness.answers],
        )
