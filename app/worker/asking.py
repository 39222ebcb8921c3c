"""What the assessor needs of a language model. Apart from its SDK, which takes half a second to
import: who has no key does not wait for it."""

from dataclasses import dataclass
from typing import Final, Protocol

from db.models.vocabulary import AssessmentReason

PAUSE: Final = 0.25  # seconds before the second try, unless the vendor says when


class NoAnswer(Exception):
    """Why there is none that can be used."""

    def __init__(self, reason: AssessmentReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class TryAgain(NoAnswer):
    """It may work the next time, ``after`` so many seconds."""

    def __init__(self, reason: AssessmentReason, after: float = PAUSE) -> None:
        super().__init__(reason)
        self.after = after


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    model: str
    tokens_in: int
    tokens_out: int


class Model(Protocol):
    """``name`` is what is asked for. Its owner closes it."""

    @property
    def name(self) -> str: ...

    async def ask(self, question: str, until: float) -> Answer:
        """A second try, if the first may be repeated, begins before ``until`` (the loop's clock) or
        not at all. Whoever asks limits how long an answer is waited for. Raises NoAnswer."""
        ...

    async def aclose(self) -> None: ...
