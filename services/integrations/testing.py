"""Trying an integration out: a real message, marked as what it is."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from db.database import Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import IntegrationKind, Role
from services.actor import Actor
from services.integrations import configuring, kinds
from services.integrations.desk import Desk
from services.integrations.problems import IntegrationNotFound
from services.integrations.protocol import Letter, NotSent, Purpose, Ticket, of_no_handoff
from services.problems import NotAllowed

WITHIN: Final = timedelta(seconds=20)
"""A vendor that takes longer has failed the test."""


@dataclass(frozen=True, slots=True)
class Tried:
    """``said`` is what became of it, in words. ``status`` is the vendor's number, if it gave one.

    ``integration`` is its row, with its secrets.
    """

    integration: Row
    accepted: bool
    said: str
    status: int | None = None


async def to_try(tx: Transaction, actor: Actor, integration_id: UUID) -> Row:
    """The integration, with its secrets. A disabled one may be tried as well.

    Raises NotAllowed or IntegrationNotFound.
    """
    if actor.role is not Role.ADMIN:
        raise NotAllowed("Only administrators can try an integration.")
    for row in await configuring.with_secrets(tx, [integration_id]):
        return row
    raise IntegrationNotFound


async def attempt(
    desk: Desk, actor: Actor, integration: Row, *, ticket: str | None, link: str, now: datetime
) -> Tried:
    """Send the message, in no transaction: it takes as long as the vendor takes, WITHIN at most.

    A ticket system writes on ``ticket``, or is only asked whether it knows us.
    """
    letter = _letter(actor, integration, ticket=ticket, link=link, now=now)
    try:
        async with asyncio.timeout(WITHIN.total_seconds()):
            sent = await kinds.channel(integration, desk.vault, desk.outgoing).send(letter, None)
    except NotSent as problem:
        return Tried(integration, False, problem.why, problem.status)
    except TimeoutError:
        seconds = WITHIN.total_seconds()
        return Tried(integration, False, f"There was no answer within {seconds:g} s.")
    return Tried(integration, True, sent.said)


def _letter(
    actor: Actor, integration: Row, *, ticket: str | None, link: str, now: datetime
) -> Letter:
    test = uuid7()
    title = kinds.KINDS[IntegrationKind(integration["kind"])].title
    letter = of_no_handoff(
        test,
        f"test:{test}",
        f"baton:test:{test}",
        Purpose.TEST,
        text="This is a test. Nobody needs help.",
        who=actor.name,
        at=now,
        link=link,
    )
    return replace(
        letter,
        reason=f"{actor.name} tries whether {title} can be reached.",
        ticket=None if ticket is None else Ticket(title, ticket.strip()),
    )
