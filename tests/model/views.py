"""What the world in memory looks like: all of it, and what one person is shown."""

from typing import Any, Final

from tests.model.asking import Request
from tests.model.world import RULES, Handoff, Session, World

# What the service files keys under, and what it calls the actions of ``viewerCan``.
OPERATIONS: Final = {
    "Start": "startSession",
    "Record": "recordStep",
    "Escalate": "escalate",
    "EscalateMany": "escalateMany",
    "Rate": "rateAssessment",
}


def in_words(world: World) -> dict[str, Any]:
    """Comparable with the rows of the service."""
    return {
        "sessions": [_a_session(session) for session in world.sessions],
        "handoffs": [_a_handoff(handoff) for handoff in world.handoffs],
        "log": [(fact.type, fact.handoff, fact.actor, fact.told, fact.data) for fact in world.log],
        "bell": sorted((name, fact.handoff, fact.type) for fact in world.log for name in fact.told),
        "mails": sorted(world.mails),
        "ratings": world.ratings,
        "keys": sorted((who, operation(kind), key) for who, kind, key in world.keys),
    }


def operation(kind: type[Request]) -> str:
    return OPERATIONS.get(kind.__name__, kind.__name__.upper())


def _a_session(session: Session) -> tuple[Any, ...]:
    return (
        session.owner,
        session.status,
        session.taken_by,
        session.resolution,
        session.steps,
    )


def _a_handoff(handoff: Handoff) -> dict[str, Any]:
    return {name: value for name, value in vars(handoff).items() if name != "told"}


def seen_by(world: World, who: str) -> dict[str, Any]:
    """Comparable with what the service shows this person."""
    waiting = [
        number
        for number, handoff in enumerate(world.handoffs)
        if handoff.status == "OPEN" and handoff.raiser != who
    ]
    content = [
        n
        for n, handoff in enumerate(world.handoffs)
        if world.sees(who, world.sessions[handoff.session])
    ]
    return {
        "sessions": [n for n, session in enumerate(world.sessions) if world.sees(who, session)],
        "content": content,
        "ratings": {n: _ratings(world, n, who) for n in content},
        "records": list(range(len(world.handoffs))),
        "queue": waiting,
        "count": len(waiting),
        "cursor": len(world.log),
        "viewer can": {
            n: {operation(kind) for kind in RULES if world.may(kind, who, handoff)}
            for n, handoff in enumerate(world.handoffs)
        },
    }


def _ratings(world: World, number: int, who: str) -> tuple[int, int, str | None, str | None]:
    """How many say RIGHT and WRONG, and what this person says."""
    said = {name: each for (of, name), each in world.ratings.items() if of == number}
    verdicts = [verdict for verdict, _ in said.values()]
    return verdicts.count("RIGHT"), verdicts.count("WRONG"), *said.get(who, (None, None))
