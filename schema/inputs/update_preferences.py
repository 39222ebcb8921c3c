"""What `updatePreferences` takes."""

import strawberry


@strawberry.input(description="What the viewer wants.")
class UpdatePreferencesInput:
    mail: bool = strawberry.field(
        description="Whether they are sent mail about handoffs. The bell tells of them either way."
    )
