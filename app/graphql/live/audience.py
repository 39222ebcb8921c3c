"""What the fan-out has to know about who looks on, and leaves to others to know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from typing import Any, Protocol, TypeAlias

from app.graphql.callers import IdentityT


class Audience(Protocol):
    """Those who may be told the same, with the exceptions that each event makes."""

    def everybody(self) -> Any:
        """A fresh context for one execution on behalf of all whom the event does not concern."""
        ...

    async def concerned(self, context: Any, event: Any) -> Collection[Hashable]:
        """Engineers (as ``Identity.engineer``) for whom the event is executed by itself."""
        ...

    def remarkable(self, context: Any) -> bool:
        """Whether it matters to whom what ``context`` executed is handed."""
        ...

    async def witnessed(self, context: Any, engineers: Collection[Any]) -> None:
        """Called before something remarkable is handed to these engineers."""
        ...


MakeAudience: TypeAlias = Callable[[IdentityT], "tuple[Hashable, Audience] | None"]
"""Of an identity: (what it has in common with whoever may share with it, their audience).

None when nobody may."""
