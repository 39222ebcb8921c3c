"""Refusals about deliveries."""

from db.models.vocabulary import DeliveryState
from services.problems import Problem


class DeliveryNotFound(Problem):
    def __init__(self) -> None:
        super().__init__("There is no such delivery in your account.")


class DeliveryNotRepeatable(Problem):
    """It is on its way, or there was nothing to send."""

    def __init__(self, state: DeliveryState) -> None:
        super().__init__(MEANING[state])
        self.state = state


MEANING = {
    DeliveryState.PENDING: "It is about to be sent: there is nothing to repeat yet.",
    DeliveryState.SENDING: "It is being sent just now: wait for what becomes of it.",
    DeliveryState.SKIPPED: "There was nothing to send, and there is nothing to repeat.",
}
