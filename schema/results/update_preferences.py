"""How `updatePreferences` ends."""

from typing import Annotated

import strawberry

from schema.results.problems import NotAllowed
from schema.types.viewer import Viewer
from services import problems


@strawberry.type(description="It is as the viewer wants it, from the next handoff on.")
class UpdatePreferencesSuccess:
    viewer: Viewer = strawberry.field(description="As they are now.")


UpdatePreferencesResult = Annotated[
    UpdatePreferencesSuccess | NotAllowed,
    strawberry.union("UpdatePreferencesResult", description="How `updatePreferences` ends."),
]


def update_preferences_result(outcome: problems.Problem | None) -> UpdatePreferencesResult:
    match outcome:
        case None:
            return UpdatePreferencesSuccess(viewer=Viewer())
        case problems.NotAllowed():
            return NotAllowed.of(outcome)
    raise outcome
