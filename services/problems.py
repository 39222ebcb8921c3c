"""Refusals that every operation may answer with."""


class Problem(Exception):
    """A refusal the caller can act on, told in its message. Each has a GraphQL type of its name."""


class InvalidInput(Problem):
    """``field`` is the input's field as clients spell it; the message says what to change."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotAllowed(Problem):
    """The caller's role, or relation to the session, does not permit it."""


class IdempotencyConflict(Problem):
    """The key was used before for another request."""

    def __init__(self) -> None:
        super().__init__(
            "This idempotencyKey was already used for a different request. Use a new key for a new "
            "request, and the same key only to repeat the same one."
        )
