"""What is promised outside the service when a handoff is raised, and as it goes on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from db.database import Columns, Transaction
from db.ids import uuid7
from db.models.vocabulary import DeliveryChannel, DeliveryState, EventType, IntegrationKind
from services.options import Options


class SkipReason(StrEnum):
    """Why there is nothing to do."""

    NO_TICKET_LINKED = "NO_TICKET_LINKED"
    INTEGRATION_NOT_CONFIGURED = "INTEGRATION_NOT_CONFIGURED"
    MAIL_NOT_CONFIGURED = "MAIL_NOT_CONFIGURED"
    NO_RECIPIENTS = "NO_RECIPIENTS"
    INTEGRATION_DISABLED = "INTEGRATION_DISABLED"


@dataclass(frozen=True, slots=True)
class Promise:
    """One row to be written. ``target`` says in words where it goes."""

    id: UUID
    channel: DeliveryChannel
    target: str
    key: str
    skip: SkipReason | None = None
    engineer_id: UUID | None = None
    integration_id: UUID | None = None

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

    ``session`` has its account's ``integrations`` with it: id, kind and name of those that are
    enabled. ``key`` is the same whenever the same effect is promised: it is what keeps a receiver
    from getting it twice. Source: docs/decisions/0006-delivery-table-is-the-queue.md.
    """
    integrations = session["integrations"]
    return [
        *_cards(handoff_id, integrations),
        _ticket_note(handoff_id, session, integrations),
        *_mails(handoff_id, recipients, options),
    ]


CARDS: Final = (
    (DeliveryChannel.SLACK, IntegrationKind.SLACK, "Slack"),
    (DeliveryChannel.TEAMS, IntegrationKind.TEAMS, "Microsoft Teams"),
    (DeliveryChannel.WEBHOOK, IntegrationKind.WEBHOOK, "Webhook"),
)


def _cards(handoff_id: UUID, integrations: Sequence[Mapping[str, str]]) -> Iterator[Promise]:
    for channel, kind, title in CARDS:
        connected = [each for each in integrations if each["kind"] == kind]
        if not connected:
            skip = SkipReason.INTEGRATION_NOT_CONFIGURED
            yield _promise(handoff_id, channel, title, skip=skip)
        for each in connected:
            yield _promise(
                handoff_id, channel, f"{title}: {each['name']}", integration_id=UUID(each["id"])
            )


TICKET_SYSTEMS: Final[Mapping[str, IntegrationKind]] = {
    "connectwise": IntegrationKind.CONNECTWISE,
    "connectwisepsa": IntegrationKind.CONNECTWISE,
    "connectwisemanage": IntegrationKind.CONNECTWISE,
    "halo": IntegrationKind.HALOPSA,
    "halopsa": IntegrationKind.HALOPSA,
    "autotask": IntegrationKind.AUTOTASK,
    "autotaskpsa": IntegrationKind.AUTOTASK,
    "dattoautotask": IntegrationKind.AUTOTASK,
}
"""What people call them, in small letters, without what is neither letter nor digit."""


def _ticket_note(
    handoff_id: UUID, session: Columns, integrations: Sequence[Mapping[str, str]]
) -> Promise:
    channel = DeliveryChannel.PSA_NOTE
    system, number = session["ticket_system"], session["ticket_number"]
    if number is None:
        return _promise(handoff_id, channel, "Ticket", skip=SkipReason.NO_TICKET_LINKED)
    called = "".join(each for each in (system or "").lower() if each.isalnum())
    kind = TICKET_SYSTEMS.get(called)
    target = f"{system} ticket {number}"
    for each in integrations:
        if each["kind"] == kind:
            return _promise(handoff_id, channel, target, integration_id=UUID(each["id"]))
    return _promise(handoff_id, channel, target, skip=SkipReason.INTEGRATION_NOT_CONFIGURED)


def _mails(handoff_id: UUID, recipients: Sequence[Columns], options: Options) -> Iterator[Promise]:
    wanting = [each for each in recipients if each["mail"]]
    if not options.mail or not wanting:
        skip = SkipReason.NO_RECIPIENTS if options.mail else SkipReason.MAIL_NOT_CONFIGURED
        yield _promise(handoff_id, DeliveryChannel.EMAIL, "E-mail", skip=skip)
        return
    for recipient in wanting:
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
    integration_id: UUID | None = None,
) -> Promise:
    whom = engineer_id or integration_id
    key = f"{handoff_id}:raised:{channel}" + (f":{whom}" if whom else "")
    return Promise(uuid7(), channel, target, key, skip, engineer_id, integration_id)


def following(
    account: str,
    handoff: str,
    purpose: str,
    version: str,
    now: str,
    *,
    of: str = "",
    where: str = "true",
) -> str:
    """The statement that promises follow-ups: whoever was told of the raise is told how it went on.

    The arguments are SQL. ``version`` is the handoff's, as text: one that is claimed twice has two
    such effects. ``of`` is a relation that the other arguments are columns of. ``where`` says which
    of those who were told, each a ``delivery d``.
    """
    return f"""
        INSERT INTO delivery (account_id, id, handoff_id, engineer_id, integration_id, channel,
            purpose, target, state, attempts, next_attempt_at, idempotency_key, created_at)
        SELECT d.account_id, gen_random_uuid(), d.handoff_id, d.engineer_id, d.integration_id,
            d.channel, {purpose}, d.target, 'PENDING', 0, now(),
            replace(d.idempotency_key, ':raised:', ':' || {purpose} || {version} || ':'), {now}
        FROM delivery d {of and f"CROSS JOIN {of}"}
        WHERE d.account_id = {account} AND d.handoff_id = {handoff} AND d.purpose = 'raised'
          AND d.state <> 'SKIPPED' AND {where}
    """


ADMINS: Final = """
    INSERT INTO delivery (account_id, id, handoff_id, notice_id, engineer_id, channel, purpose,
        target, state, attempts, next_attempt_at, idempotency_key, created_at)
    SELECT e.account_id, gen_random_uuid(), $2::uuid, $3::uuid, e.id, 'EMAIL', $4::text, e.email,
        'PENDING', 0, statement_timestamp(),
        concat_ws(':', coalesce($2::uuid, $3::uuid), $4::text, 'EMAIL', e.id), $5
    FROM engineer e WHERE e.account_id = $1 AND e.active AND e.role = 'ADMIN' AND e.mail
"""


async def mail_admins(
    tx: Transaction,
    handoff_id: UUID | None,
    purpose: str,
    *,
    now: datetime,
    notice_id: UUID | None = None,
) -> None:
    """Promise every active ADMIN who wants mail one that tells them of this handoff, or of this
    notice. One for each purpose: more are refused by the database."""
    await tx.execute(ADMINS, tx.account_id, handoff_id, notice_id, purpose, now)


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


# An incoming webhook names no channel: what it has posted can't be changed.
CHANGEABLE: Final = """
    d.channel = 'SLACK' AND EXISTS (
        SELECT FROM integration i WHERE i.account_id = d.account_id AND i.id = d.integration_id
          AND i.settings->>'channel' IS NOT NULL)
"""

CHANGE_CARD: Final = following("$1", "$2", "'assessed'", "$3::text", "$4", where=CHANGEABLE)


async def change_card(tx: Transaction, handoff_id: UUID, version: int, *, now: datetime) -> None:
    """Promise to show what its assessment suggests where the raise is shown and can be changed
    without a sound. Nobody else is told: it calls for nobody."""
    await tx.execute(CHANGE_CARD, tx.account_id, handoff_id, str(version), now)
