"""How `saveIntegration`, `disableIntegration`, `enableIntegration` and `testIntegration` end."""

from typing import Annotated, Self

import strawberry

from db.database import Row
from schema.results.problems import InvalidInput, NotAllowed, Problem
from schema.types.integration import Integration
from services import problems
from services.integrations import problems as integration_problems
from services.integrations.testing import Tried


@strawberry.type(description="There is no such integration in the account.")
class IntegrationNotFound(Problem):
    pass


@strawberry.type(description="It has changed since it was seen.")
class IntegrationChanged(Problem):
    integration: Integration = strawberry.field(description="As it is now.")

    @classmethod
    def because(cls, problem: integration_problems.IntegrationChanged) -> Self:
        return cls(message=str(problem), integration=Integration.of(problem.integration))


@strawberry.type(description="Secrets can't be kept, or not be read: the operator has to act.")
class VaultLocked(Problem):
    pass


@strawberry.type(description="It is connected as asked. Try it with `testIntegration`.")
class SaveIntegrationSuccess:
    integration: Integration = strawberry.field(description="As it is now.")


@strawberry.type(description="Nothing is told over it until it is enabled again.")
class DisableIntegrationSuccess:
    integration: Integration = strawberry.field(description="As it is now.")


@strawberry.type(description="It is used again from now on.")
class EnableIntegrationSuccess:
    integration: Integration = strawberry.field(description="As it is now.")


@strawberry.type(description="A message was sent, and the vendor has answered, or has not.")
class TestIntegrationSuccess:
    accepted: bool = strawberry.field(description="Whether the vendor accepted it.")
    said: str = strawberry.field(
        description="What became of it and, if something is wrong, what to do about it."
    )
    status: int | None = strawberry.field(
        description="The number the vendor answered with, if something is wrong and it did."
    )

    @classmethod
    def of(cls, tried: Tried) -> Self:
        return cls(accepted=tried.accepted, said=tried.said, status=tried.status)


SaveIntegrationResult = Annotated[
    SaveIntegrationSuccess
    | NotAllowed
    | InvalidInput
    | IntegrationNotFound
    | IntegrationChanged
    | VaultLocked,
    strawberry.union("SaveIntegrationResult", description="How `saveIntegration` ends."),
]
DisableIntegrationResult = Annotated[
    DisableIntegrationSuccess | NotAllowed | IntegrationNotFound | IntegrationChanged,
    strawberry.union("DisableIntegrationResult", description="How `disableIntegration` ends."),
]
EnableIntegrationResult = Annotated[
    EnableIntegrationSuccess | NotAllowed | IntegrationNotFound | IntegrationChanged,
    strawberry.union("EnableIntegrationResult", description="How `enableIntegration` ends."),
]
TestIntegrationResult = Annotated[
    TestIntegrationSuccess | NotAllowed | IntegrationNotFound,
    strawberry.union("TestIntegrationResult", description="How `testIntegration` ends."),
]


def save_integration_result(outcome: Row | problems.Problem) -> SaveIntegrationResult:
    match outcome:
        case problems.InvalidInput():
            return InvalidInput.because(outcome)
        case integration_problems.VaultLocked():
            return VaultLocked.of(outcome)
        case problems.Problem():
            return _refused(outcome)
    return SaveIntegrationSuccess(integration=Integration.of(outcome))


def disable_integration_result(outcome: Row | problems.Problem) -> DisableIntegrationResult:
    if isinstance(outcome, problems.Problem):
        return _refused(outcome)
    return DisableIntegrationSuccess(integration=Integration.of(outcome))


def enable_integration_result(outcome: Row | problems.Problem) -> EnableIntegrationResult:
    if isinstance(outcome, problems.Problem):
        return _refused(outcome)
    return EnableIntegrationSuccess(integration=Integration.of(outcome))


def test_integration_result(outcome: Tried | problems.Problem) -> TestIntegrationResult:
    match outcome:
        case Tried():
            return TestIntegrationSuccess.of(outcome)
        case integration_problems.IntegrationNotFound():
            return IntegrationNotFound.of(outcome)
        case problems.NotAllowed():
            return NotAllowed.of(outcome)
    raise outcome


def _refused(
    problem: problems.Problem,
) -> NotAllowed | IntegrationNotFound | IntegrationChanged:
    """Raises what none of the mutations promises."""
    match problem:
        case integration_problems.IntegrationNotFound():
            return IntegrationNotFound.of(problem)
        case integration_problems.IntegrationChanged():
            return IntegrationChanged.because(problem)
        case problems.NotAllowed():
            return NotAllowed.of(problem)
    raise problem
