"""What is promised outside the service when a handoff is raised, and its true state."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import DeliveryChannel, DeliveryState, EventType
from services.access import door, seen_through
from services.actor import Actor
from services.options import Options
from services.views import Viewing


class SkipReason(StrEnum):
    """Why there is nothing to do."""

    NO_TICKET_LINKED = "NO_TICKET_LINKED"
    INTEGRATION_NOT_CONFIGURED = "INTEGRATION_NOT_CONFIGURED"
    MAIL_NOT_CONFIGURED = "MAIL_NOT_CONFIGURED"
    NO_RECIPIENTS = "NO_RECIPIENTS"


@dataclass(frozen=True, slots=True)
class Promise:
    """One row to be written. ``target`` says in words where it goes."""

    id: UUID
    channel: DeliveryChannel
    target: str
    key: str
    skip: SkipReason | None = None
    engineer_id: UUID | None = None

    @property
    def state(self) -> DeliveryState:
        return DeliveryState.SKIPPED if self.skip else DeliveryState.PENDING


def promises(
    handoff_id: UUID,
    session: Columns,
    recipients: Sequence[Columns],
    options: Options,
) -> list[Promise]:
    """One for each effect of a raised handoff, the ones with nothing to do included.

    ``key`` is the same whenever the same effect is promised: it is what keeps a receiver from
    getting it twice. Source: docs/decisions/0006-delivery-table-is-the-queue.md.
    """
    return [
        *_unconfigured(handoff_id),
        _ticket_note(handoff_id, session),
        *_mails(handoff_id, recipients, options),
    ]


def _unconfigured(handoff_id: UUID) -> Iterator[Promise]:
    for channel, target in (
        (DeliveryChannel.SLACK, "Slack"),
        (DeliveryChannel.TEAMS, "Microsoft Teams"),
        (DeliveryChannel.WEBHOOK, "Webhook"),
    ):
        yield _promise(handoff_id, channel, target, skip=SkipReason.INTEGRATION_NOT_CONFIGURED)


def _ticket_note(handoff_id: UUID, session: Columns) -> Promise:
    number = session["ticket_number"]
    if number is None:
        return _promise(
            handoff_id,
            DeliveryChannel.PSA_NOTE,
            "Ticket",
            skip=SkipReason.NO_TICKET_LINKED,
        )
    return _promise(
        handoff_id,
        DeliveryChannel.PSA_NOTE,
        f"{session['ticket_system']} ticket {number}",
        skip=SkipReason.INTEGRATION_NOT_CONFIGURED,
    )


def _mails(handoff_id: UUID, recipients: Sequence[Columns], options: Options) -> Iterator[Promise]:
    if not options.mail or not recipients:
        skip = SkipReason.NO_RECIPIENTS if options.mail else SkipReason.MAIL_NOT_CONFIGURED
        yield _promise(handoff_id, DeliveryChannel.EMAIL, "E-mail", skip=skip)
        return
    for recipient in recipients:
        engineer_id = recipient["id"]
        yield _promise(
            handoff_id, DeliveryChannel.EMAIL, recipient["email"], engineer_id=engineer_id
        )


def _promise(
    handoff_id: UUID,
    channel: DeliveryChannel,
    target: str,
    *,
    skip: SkipReason | None = None,
    engineer_id: UUID | None = None,
) -> Promise:
    key = f"{handoff_id}:raised:{channel}" + (f":{engineer_id}" if engineer_id else "")
    return Promise(uuid7(), channel, target, key, skip, engineer_id)


def following(
    account: str, handoff: str, purpose: str, version: str, now: str, *, of: str = ""
) -> str:
    """The statement that promises follow-ups: whoever was told of the raise is told how it went on.

    The arguments are SQL. ``version`` is the handoff's, as text: one that is claimed twice has two
    such effects. ``of`` is a relation that the other arguments are columns of.
    """
    return f"""
        INSERT INTO delivery (account_id, id, handoff_id, engineer_id, channel, purpose, target,
            state, attempts, next_attempt_at, idempotency_key, created_at)
        SELECT d.account_id, gen_random_uuid(), d.handoff_id, d.engineer_id, d.channel, {purpose},
            d.target, 'PENDING', 0, now(),
            replace(d.idempotency_key, ':raised:', ':' || {purpose} || {version} || ':'), {now}
        FROM delivery d {of and f"CROSS JOIN {of}"}
        WHERE d.account_id = {account} AND d.handoff_id = {handoff} AND d.purpose = 'raised'
          AND d.state <> 'SKIPPED'
    """


FOLLOWED: Final = frozenset(
    {
        EventType.HANDOFF_CLAIMED,
        EventType.HANDOFF_RELEASED,
        EventType.HANDOFF_RETURNED,
        EventType.HANDOFF_RESOLVED,
        EventType.HANDOFF_CANCELLED,
    }
)
"""What is told outside. Who is asked is told inside only."""


async def follow_up(
    tx: Transaction, handoff_id: UUID, about: EventType, version: int, *, now: datetime
) -> None:
    """Promise to tell outside what has become of a handoff, by each channel that told of it."""
    if about not in FOLLOWED:
        return
    purpose = about.value.rpartition(".")[2]
    statement = following("$1", "$2", "$3::text", "$4::text", "$5")
    await tx.execute(statement, tx.account_id, handoff_id, purpose, str(version), now)


async def by_handoffs(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """In the order they were promised, of handoffs whose session the actor may see."""
    return await view.fetch(
        f"""
        SELECT d.*, {seen_through(actor, "$2", handoff="h")} FROM delivery d
        JOIN handoff h ON h.account_id = d.account_id AND h.id = d.handoff_id
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE d.handoff_id = ANY ($1) AND {door(actor, "$2")}
        ORDER BY d.handoff_id, d.created_at, d.id
        """,
        ids,
        actor.id,
    )


async def by_ids(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    return await view.fetch(
        f"""
        SELECT d.*, {seen_through(actor, "$2", handoff="h")} FROM delivery d
        JOIN handoff h ON h.account_id = d.account_id AND h.id = d.handoff_id
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE d.id = ANY ($1) AND {door(actor, "$2")}
        """,
        ids,
        actor.id,
    )
