"""What lists without a page count in the cost of a request, and what mutations do, by
``Type.field``. docs/api.md says the same to clients."""

from collections.abc import Mapping
from typing import Final

PAGED: Final = "paged"
"""As many as were asked for where the list's object was."""

LISTS: Final[Mapping[str, int | str]] = {
    "Assessment.remainingHypotheses": 8,
    "Assessment.stepsTried": 10,
    "Assessment.suggestedNextSteps": 8,
    "Assessment.whatWeKnow": 8,
    "ClaimHandoffsSuccess.results": 50,
    "Delivery.attemptHistory": 5,
    "EscalateManySuccess.handoffs": 50,
    "EscalateSuccess.deliveries": 10,
    "EvidencedStatement.evidence": 4,
    "Handoff.deliveries": 10,
    "HandoffQueue.handoffs": PAGED,
    "Integration.settings": 10,
    "MarkNotificationsReadSuccess.notifications": 100,
    "Query.integrations": 20,
    "Readiness.answers": 10,
    "ReadinessAnswer.known": 5,
    "ReadinessAnswer.missing": 5,
    "ReadinessFact.evidence": 20,
    "SessionsNotEscalatable.refusals": 50,
    "Snapshot.timeline": 100,
    "SuggestedStep.evidence": 4,
}
"""What they usually have at most: a few could be longer, and are not."""

MUTATION: Final = 100
"""One transaction takes about as long as a hundred objects."""

WORK: Final[Mapping[str, int]] = {
    "Mutation.claimHandoffs": 2_500,
    "Mutation.escalateMany": 5_000,
}
"""Of mutations that do something for each of up to fifty."""
