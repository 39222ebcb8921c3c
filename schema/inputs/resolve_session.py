"""What `resolveSession` takes."""

import strawberry


@strawberry.input(description="What fixed a session.")
class ResolveSessionInput:
    session_id: strawberry.ID = strawberry.field(description="The session to close.")
    resolution: str = strawberry.field(
        description=(
            "What fixed it, for whoever meets it next: plain text of up to 10,000 characters. "
            "Repeating the request with the same text is harmless."
        )
    )
    expected_version: int | None = strawberry.field(
        description=(
            "The `version`, as the viewer saw it, of the handoff by which the session was taken "
            "over. When that has changed since, nothing is done and the answer is HandoffChanged."
        )
    )
