"""Refusals, each a type of the name it has in the rules."""

from datetime import datetime
from typing import Self

import strawberry

from schema.enums import AssessmentState, HandoffStatus, Ineligible, SessionStatus
from schema.types.engineer import Engineer
from schema.types.handoff import Handoff
from schema.types.readiness import Readiness
from schema.types.step import Step
from services import problems
from services.handoffs import problems as handoff_problems
from services.sessions import problems as session_problems


@strawberry.interface(
    description=(
        "Why nothing was done. A refusal changes nothing. More kinds may come: select `message` "
        "of this interface for those you don't know."
    )
)
class Problem:
    message: str = strawberry.field(
        description="What is the matter and what to do about it, in English, fit to be shown."
    )

    @classmethod
    def of(cls, problem: problems.Problem) -> Self:
        return cls(message=str(problem))


@strawberry.type(description="A text or a number of the input does not fit.")
class InvalidInput(Problem):
    field: str = strawberry.field(
        description="The field of the input as it is called there, for example `customer.name`."
    )

    @classmethod
    def because(cls, problem: problems.InvalidInput) -> Self:
        return cls(message=str(problem), field=problem.field)


@strawberry.type(description="The viewer's role, or part in the session, does not permit it.")
class NotAllowed(Problem):
    pass


@strawberry.type(description="The `idempotencyKey` was used before, for a different request.")
class IdempotencyConflict(Problem):
    pass


@strawberry.type(description="There is no such session, or the viewer may not see it.")
class SessionNotFound(Problem):
    pass


@strawberry.type(description="The session is resolved: nothing more can be recorded in it.")
class SessionClosed(Problem):
    pass


@strawberry.type(description="There is no such step, or the viewer may not see its session.")
class StepNotFound(Problem):
    pass


@strawberry.type(description="It is known already what came of the step.")
class StepNotPending(Problem):
    step: Step = strawberry.field(description="The step as it is, its `outcome` included.")

    @classmethod
    def because(cls, problem: session_problems.StepNotPending) -> Self:
        return cls(message=str(problem), step=Step.of(problem.step))


@strawberry.type(description="The session can't be resolved as it stands.")
class SessionNotResolvable(Problem):
    status: SessionStatus = strawberry.field(description="How it stands.")

    @classmethod
    def because(cls, problem: session_problems.SessionNotResolvable) -> Self:
        return cls(message=str(problem), status=problem.status)


@strawberry.type(description="The session can't be escalated as it stands.")
class SessionNotEscalatable(Problem):
    status: SessionStatus = strawberry.field(description="How it stands.")

    @classmethod
    def because(cls, problem: handoff_problems.SessionNotEscalatable) -> Self:
        return cls(message=str(problem), status=problem.status)


@strawberry.type(
    description="The session does not score what the account asks for before it is handed over."
)
class NotReady(Problem):
    readiness: Readiness = strawberry.field(description="What it scores, and what is missing.")

    @classmethod
    def because(cls, problem: handoff_problems.NotReady) -> Self:
        return cls(message=str(problem), readiness=Readiness.of(problem.readiness))


@strawberry.type(description="The handoff can't be meant for this engineer.")
class TargetNotEligible(Problem):
    reason: Ineligible = strawberry.field(description="Why this engineer can't be asked.")

    @classmethod
    def because(cls, problem: handoff_problems.TargetNotEligible) -> Self:
        return cls(message=str(problem), reason=problem.reason)


@strawberry.type(description="There is no such handoff in the account.")
class HandoffNotFound(Problem):
    pass


@strawberry.type(description="Another engineer was first.")
class HandoffAlreadyClaimed(Problem):
    claimed_by: Engineer = strawberry.field(description="Who has it.")
    claimed_at: datetime = strawberry.field(description="Since when they have it.")

    @classmethod
    def because(cls, problem: handoff_problems.HandoffAlreadyClaimed) -> Self:
        return cls(
            message=str(problem),
            claimed_by=Engineer.of(problem.claimed_by),
            claimed_at=problem.claimed_at,
        )


@strawberry.type(description="The handoff does not wait any more.")
class HandoffNotOpen(Problem):
    status: HandoffStatus = strawberry.field(description="How it stands.")

    @classmethod
    def because(cls, problem: handoff_problems.HandoffNotOpen) -> Self:
        return cls(message=str(problem), status=problem.status)


@strawberry.type(description="Nobody has the handoff: it waits still, or has come to its end.")
class HandoffNotClaimed(Problem):
    status: HandoffStatus = strawberry.field(description="How it stands.")

    @classmethod
    def because(cls, problem: handoff_problems.HandoffNotClaimed) -> Self:
        return cls(message=str(problem), status=problem.status)


@strawberry.type(
    description=(
        "The handoff is not as the viewer saw it: `expectedVersion` is not its version, or it is a "
        "repeat of a claim that was given back since."
    )
)
class HandoffChanged(Problem):
    handoff: Handoff = strawberry.field(
        description="The handoff as it is now, its `version` included."
    )

    @classmethod
    def because(cls, problem: handoff_problems.HandoffChanged) -> Self:
        return cls(message=str(problem), handoff=Handoff.of(problem.handoff))


@strawberry.type(description="The assessment of the handoff suggests no such step.")
class SuggestionNotFound(Problem):
    pass


@strawberry.type(description="The assessment has nothing of a language model that could be rated.")
class AssessmentNotReady(Problem):
    state: AssessmentState = strawberry.field(description="How far it has come.")

    @classmethod
    def because(cls, problem: handoff_problems.AssessmentNotReady) -> Self:
        return cls(message=str(problem), state=problem.state)


@strawberry.type(description="The viewer raised the handoff: somebody else has to take it.")
class OwnHandoff(Problem):
    pass
