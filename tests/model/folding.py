"""Who has a session is what its events say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

WAITING: Final = None


@dataclass(frozen=True)
class Logged:
    """One event, as far as who has what depends on it."""

    type: str
    handoff: Any
    actor: Any


def holders(
    events: Iterable[Logged], session_of: Mapping[Any, Any], owner_of: Mapping[Any, Any]
) -> dict[Any, Any]:
    """Who has each session after ``events``, WAITING for one that nobody has.

    What never changes is given beside them: whose session it is, and which one a handoff is about.
    """
    holder = dict(owner_of)
    raiser: dict[Any, Any] = {}
    for event in events:
        session = session_of[event.handoff]
        match event.type:
            case "handoff.created":
                # anybody else than these two raised it for who has it
                own = event.actor in (owner_of[session], holder[session])
                raiser[event.handoff] = event.actor if own else holder[session]
                holder[session] = WAITING
            case "handoff.claimed":
                holder[session] = event.actor
            case "handoff.released":
                holder[session] = WAITING
            case "handoff.returned" | "handoff.cancelled":
                holder[session] = raiser[event.handoff]
            case (
                "handoff.declined" | "handoff.reassigned" | "handoff.resolved" | "assessment.rated"
            ):
                pass
            case unknown:
                raise ValueError(f"a fold that does not know {unknown}")
    return holder
