"""How `escalateMany` ends."""

from collections.abc import Sequence
from typing import Annotated, Self, cast

import strawberry

from db.database import Row
from resolvers.ids import each_known
from schema.results.escalate import escalate_result
from schema.results.problems import IdempotencyConflict, InvalidInput, NotAllowed, Problem
from schema.types.handoff import Handoff
from services import problems
from services.handoffs import problems as handoff_problems
from services.ids import Kind


@strawberry.type(description="Every session waits for somebody to take it over.")
class EscalateManySuccess:
    handoffs: list[Handoff] = strawberry.field(
        description="The new handoffs, in the order their sessions were given."
    )

    @classmethod
    def of(cls, handoffs: Sequence[Row]) -> Self:
        return cls(handoffs=[Handoff.of(row) for row in handoffs])


@strawberry.type(description="Why one session can't be handed over.")
class SessionRefusal:
    session_id: strawberry.ID = strawberry.field(description="Its id, as it was given.")
    problem: Problem = strawberry.field(description="As `escalate` would have answered.")


@strawberry.type(description="Some of the sessions can't be handed over, so none was.")
class SessionsNotEscalatable(Problem):
    refusals: list[SessionRefusal] = strawberry.field(
        description="One for each session that can't be, in the order they were given."
    )

    @classmethod
    def because(
        cls, problem: handoff_problems.SessionsNotEscalatable, asked: Sequence[strawberry.ID]
    ) -> Self:
        refused = dict(problem.refusals)
        by_id = zip(asked, each_known(asked, Kind.SESSION), strict=True)
        return cls(
            message=str(problem),
            refusals=[
                SessionRefusal(
                    session_id=given, problem=cast("Problem", escalate_result(refused[session_id]))
                )
                for given, session_id in by_id
                if session_id in refused
            ],
        )


EscalateManyResult = Annotated[
    EscalateManySuccess | SessionsNotEscalatable | IdempotencyConflict | NotAllowed | InvalidInput,
    strawberry.union("EscalateManyResult", description="How `escalateMany` ends."),
]


def escalate_many_result(
    outcome: Sequence[Row] | problems.Problem, asked: Sequence[strawberry.ID]
) -> EscalateManyResult:
    """``asked`` are the sessions as they were given."""
    match outcome:
        case handoff_problems.SessionsNotEscalatable():
            return SessionsNotEscalatable.because(outcome, asked)
        case problems.IdempotencyConflict():
            return IdempotencyConflict.of(outcome)
        case problems.NotAllowed():
            return NotAllowed.of(outcome)
        case problems.InvalidInput():
            return InvalidInput.because(outcome)
        case problems.Problem():
            raise outcome  # a refusal the schema does not promise is a bug
    return EscalateManySuccess.of(outcome)
