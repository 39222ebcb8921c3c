"""Refusals about sessions."""

from typing import Any

from db.models.vocabulary import SessionStatus
from services.problems import Problem


class SessionNotFound(Problem):
    """Unknown, of another account, or behind a closed door: one answer for all three."""

    def __init__(self) -> None:
        super().__init__("There is no such session, or you may not see it.")


class SessionClosed(Problem):
    """It is resolved: nothing more can be recorded in it."""

    def __init__(self) -> None:
        super().__init__("This session is resolved. Start a new one to go on.")


class SessionNotResolvable(Problem):
    def __init__(self, status: SessionStatus) -> None:
        told = (
            "It was resolved before, with another resolution."
            if status == SessionStatus.RESOLVED
            else "It waits for somebody to take it over. Whoever claims it can resolve it."
        )
        super().__init__(f"This session can't be resolved now. {told}")
        self.status = status


class StepNotFound(Problem):
    """Unknown, of another account, or in a session behind a closed door."""

    def __init__(self) -> None:
        super().__init__("There is no such step, or you may not see its session.")


class StepNotPending(Problem):
    """``step`` is its row as it is now."""

    def __init__(self, step: Any) -> None:
        super().__init__(
            f"It is known already what came of this step: {step['outcome'].lower()}. Record what "
            "you found since as a step of its own."
        )
        self.step = step
