"""Where every transport asks before it begins an operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import FieldNode

from app.graphql.callers import Identity
from app.graphql.engine import Engine, Operation
from app.graphql.limits.bounds import Bounds, exceeded
from app.graphql.limits.pricing import Pricing
from app.graphql.limits.rates import Rates
from app.graphql.limits.sizes import points
from app.graphql.results import RequestError

BYTES_A_POINT: Final = 10
"""Of a document that this process has not read before. Reading and validating one of the largest
takes as long as a thousand objects of an answer; it is remembered, so its author pays once."""

URGENT: Final = frozenset({"escalate", "claimHandoff"})
"""Nobody is kept from calling for help, or from answering, since some page asks too often."""

COST: Final = b'%b,"extensions":{"cost":{"requested":%d,"limit":%d,"remaining":%d}}}'
UNLIMITED: Final = b'%b,"extensions":{"cost":{"requested":%d,"limit":null,"remaining":null}}}'

NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Charge:
    """What an operation costs, and what is left: of how much, None when nothing is counted."""

    requested: int
    limit: int | None
    remaining: int | None

    def told_in(self, answer: bytes) -> bytes:
        """``answer`` is a result as JSON without ``extensions``: they are put at its end, since
        what is before may be bytes that others share."""
        if self.limit is None or self.remaining is None:
            return UNLIMITED % (answer[:-1], self.requested)
        return COST % (answer[:-1], self.requested, self.limit, self.remaining)


class Gate:
    """Of one process. Without ``pricing`` nothing is counted and everything is let through."""

    def __init__(
        self,
        engine: Engine,
        pricing: Pricing | None = None,
        *,
        bounds: Bounds | None = None,
        rates: Rates | None = None,
    ) -> None:
        self.engine = engine
        self.pricing = pricing
        self.bounds = bounds or Bounds()
        self.rates = rates or Rates()

    def read(self, identity: Identity, choose: Callable[[], Operation]) -> Operation:
        """The operation that ``choose`` finds, at once. Raises ClientError (RATE_LIMITED) for who
        has nothing left, before anything is read, and what ``choose`` raises."""
        self.rates.check(identity, urgent=True)  # it may be a call for help
        documents = self.engine.documents
        before = documents.bytes_read
        try:
            return choose()
        finally:
            if documents.bytes_read > before:
                self.rates.spend(identity, (documents.bytes_read - before) / BYTES_A_POINT)

    def admit(
        self, identity: Identity, operation: Operation, variables: Mapping[str, Any] | None
    ) -> Charge | None:
        """Raises RequestError (LIMIT_EXCEEDED) for what costs more than any request may, and
        ClientError (RATE_LIMITED)."""
        if self.pricing is None:
            return None
        cost = self.cost(self.pricing, operation, variables)
        self.rates.check(identity, cost, urgent=is_urgent(operation))
        limit, left = self.rates.spend(identity, cost) or (None, None)
        return Charge(cost, limit, left)

    def cost(
        self, pricing: Pricing, operation: Operation, variables: Mapping[str, Any] | None
    ) -> int:
        if operation.answer is not None:  # there already: an introspection
            return 1
        if operation.price is None:
            operation.price = pricing.price(operation.document, operation.definition)
        cost = points(operation.price, variables or NOTHING)
        allowed = pricing.introspection if operation.is_introspection else self.bounds.cost
        if cost > allowed:
            shown = str(cost) if cost < 1_000_000 else "more than a million"
            message = (
                f"The {operation.kind} costs {shown} points with these variables; {allowed} are "
                "allowed. Ask for smaller pages, or for less of each item."
            )
            raise RequestError([exceeded(message, "cost", allowed, cost)])
        return cost

    def headers(self, identity: Identity) -> tuple[tuple[bytes, bytes], ...]:
        """For the answer to a request over HTTP."""
        return self.rates.headers(identity)


def is_urgent(operation: Operation) -> bool:
    """Whether it does nothing else."""
    fields = operation.definition.selection_set.selections
    return all(isinstance(each, FieldNode) and each.name.value in URGENT for each in fields)
