"""What keeps a repeated or a stale request from doing harm."""

from typing import Final

import strawberry

from services.handoffs.transitions import Guard

KEY: Final = (
    "A text of the client's choice, 1 to 200 printable characters, a UUID for example: repeating "
    "the request with the same key succeeds again and does nothing, whatever has happened since. "
    "Use it when a reply was lost. Keys are the viewer's own, and each mutation has its own."
)
VERSION: Final = (
    "The `version` of the handoff as the viewer saw it. When it has changed since, nothing is done "
    "and the answer is HandoffChanged, with the handoff as it is now."
)


@strawberry.input(description="A change of a handoff.")
class TransitionInput:
    """What all of them take. Not a type of the schema itself."""

    handoff_id: strawberry.ID = strawberry.field(description="The handoff to change.")
    idempotency_key: str | None = strawberry.field(description=KEY)
    expected_version: int | None = strawberry.field(description=VERSION)

    def guard(self) -> Guard:
        return Guard(self.idempotency_key, self.expected_version)
