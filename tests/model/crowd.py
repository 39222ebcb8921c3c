"""Everybody at once: the model can't say who will be first, but the rows must add up after it."""

import asyncio
import random
from typing import Any, Final

from tests.model.asking import (
    Cancel,
    Claim,
    Decline,
    Escalate,
    EscalateMany,
    Rate,
    Reassign,
    Record,
    Release,
    Request,
    Resolve,
    Return,
    Start,
)
from tests.model.chances import ACTIVE
from tests.model.service import Service

SESSIONS: Final = 3  # few, so that everybody is in everybody's way
TARGETS: Final = ["cid", "dee"]
# Resolving ends a session, so it is rare.
KINDS: Final = (
    Claim, Claim, Claim, Claim, Release, Release, Return, Cancel, Decline, Decline, Reassign,
    Escalate, Escalate, Escalate, EscalateMany, EscalateMany, Record, Record, Resolve, Rate,
)  # fmt: skip


async def crowd(service: Service, seed: int, *, clients: int, requests: int) -> dict[str, int]:
    """Each client asks for so many things, one after the other. Returns how often each was done."""
    done: dict[str, int] = {kind.__name__: 0 for kind in KINDS}
    last: dict[int, str] = {}  # who claimed it last: most can be done by them
    for number in range(SESSIONS):
        await service.answer(Start(who=ACTIVE[number], about="all at once"), 0)

    async def client(number: int) -> None:
        chance = random.Random(f"{seed} {number}")
        for at in range(requests):
            request = a_request(chance, service, last, f"{number}.{at}")
            answer = await service.answer(request, number * requests + at + 1)
            done[type(request).__name__] += answer.word == "OK"
            if isinstance(request, Claim) and answer.word == "OK":
                last[request.handoff] = request.who
            if isinstance(request, Resolve) and answer.word == "OK":
                await service.answer(Start(who=request.who, about="go on"), 0)

    async with asyncio.TaskGroup() as everybody:
        for number in range(clients):
            everybody.create_task(client(number))
    return done


def a_request(chance: random.Random, service: Service, last: dict[int, str], key: str) -> Request:
    kind = chance.choice(KINDS)
    likely = {EscalateMany: ["eve"], Decline: TARGETS}.get(kind, [])
    who = {"who": chance.choice([*likely * 4, *ACTIVE]), "key": key}
    sessions = list(range(len(service.sessions)))[-SESSIONS:]
    if kind is EscalateMany:
        return EscalateMany(sessions=tuple(chance.sample(sessions, 2)), **who)
    if kind in (Escalate, Record, Resolve) or not service.handoffs:
        return _of_a_session(chance, kind, chance.choice(sessions), who)
    # only the latest can be alive
    handoff = chance.choice(list(range(len(service.handoffs)))[-SESSIONS:])
    if kind is not Claim and handoff in last and chance.random() < 0.5:
        who["who"] = last[handoff]
    fields: dict[str, Any] = who | {"handoff": handoff}
    if kind in (Decline, Release):
        fields["reason"] = "Pulled away"
    elif kind is Return:
        fields["guidance"] = "Renew it"
    elif kind is Reassign:
        fields["to"] = chance.choice(ACTIVE)
    elif kind is Rate:
        fields["verdict"] = chance.choice(["RIGHT", "WRONG"])
    request: Request = kind(**fields)
    return request


def _of_a_session(
    chance: random.Random, kind: type[Request], session: int, who: dict[str, str]
) -> Request:
    target = chance.choice([None, *TARGETS])
    if kind is Record:
        return Record(session=session, title="Looked again", **who)
    if kind is Resolve:
        return Resolve(who=who["who"], session=session, resolution="Done")
    return Escalate(session=session, target=target, **who)
