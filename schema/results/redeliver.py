"""How `redeliver` ends."""

from typing import Annotated, Self

import strawberry

from db.database import Row
from schema.enums import DeliveryState
from schema.results.problems import NotAllowed, Problem
from schema.types.delivery import Delivery
from services import problems
from services.deliveries import problems as delivery_problems


@strawberry.type(description="There is no such delivery in the account.")
class DeliveryNotFound(Problem):
    pass


@strawberry.type(description="It is on its way already, or there was nothing to send.")
class DeliveryNotRepeatable(Problem):
    state: DeliveryState = strawberry.field(description="How far it has come.")

    @classmethod
    def because(cls, problem: delivery_problems.DeliveryNotRepeatable) -> Self:
        return cls(message=str(problem), state=problem.state)


@strawberry.type(description="It is sent again soon, with all its attempts before it.")
class RedeliverSuccess:
    delivery: Delivery = strawberry.field(description="As it is now.")


RedeliverResult = Annotated[
    RedeliverSuccess | DeliveryNotFound | DeliveryNotRepeatable | NotAllowed,
    strawberry.union("RedeliverResult", description="How `redeliver` ends."),
]


def redeliver_result(outcome: Row | problems.Problem) -> RedeliverResult:
    match outcome:
        case delivery_problems.DeliveryNotFound():
            return DeliveryNotFound.of(outcome)
        case delivery_problems.DeliveryNotRepeatable():
            return DeliveryNotRepeatable.because(outcome)
        case problems.NotAllowed():
            return NotAllowed.of(outcome)
        case problems.Problem():
            raise outcome
    return RedeliverSuccess(delivery=Delivery.of(outcome))
