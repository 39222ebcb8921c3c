"""Why a stream of events cannot start, or cannot go on."""

from services.problems import Problem


class CursorExpired(Problem):
    """Events after ``after`` are no longer kept, so nobody could be told all of them."""

    def __init__(self, after: int) -> None:
        super().__init__(
            "The events after this cursor are no longer kept. Read the current state again and "
            "continue from the cursor that comes with it."
        )
        self.after = after


class CursorUnknown(Problem):
    """The log has not come as far as ``after``: the cursor is not one of this log's."""

    def __init__(self, after: int) -> None:
        super().__init__("This cursor does not belong to this account's events.")
        self.after = after


class HubStopped(Exception):
    """This process no longer follows the log. The stream is whole up to ``position``.

    No refusal: whoever resumes after ``position``, here or on another replica, misses nothing.
    """

    def __init__(self, position: int) -> None:
        super().__init__(f"following stopped after event {position}")
        self.position = position
