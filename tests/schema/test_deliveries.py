"""The truth about what was promised outside, for those who have to look after it."""

import asyncpg
import pytest

from db.database import Database
from services.ids import Kind, public
from services.options import Options
from tests.harness.people import Account
from tests.harness.story import waiting
from tests.schema.asking import Client

PAGE = """query ($filter: DeliveryFilter, $first: Int, $after: String) {
  deliveries(filter: $filter, first: $first, after: $after) {
    nodes { id channel purpose state handoff { id } attemptHistory { number outcome error } }
    pageInfo { hasNextPage endCursor } } }"""
REDELIVER = """mutation ($id: ID!) { redeliver(input: { deliveryId: $id }) { __typename
  ... on RedeliverSuccess { delivery { state attempts nextAttemptAt lastError } }
  ... on DeliveryNotRepeatable { state } ... on Problem { message } } }"""
MAIL = Options(link_base="https://desk.example", mail=True)


async def mailed(database: Database, account: Account) -> list[str]:
    """Ids of the mails promised for one handoff."""
    raised = await waiting(database, account.tier1, options=MAIL)
    return [
        public(Kind.DELIVERY, row["id"]) for row in raised.deliveries if row["channel"] == "EMAIL"
    ]


async def give_up(superuser_dsn: str, account: Account) -> None:
    """As a worker does after the last attempt."""
    keeper = await asyncpg.connect(superuser_dsn)
    try:
        await keeper.execute(
            "UPDATE delivery SET state = 'DEAD', attempts = 1, next_attempt_at = NULL, "
            "last_error = 'No.' WHERE account_id = $1 AND channel = 'EMAIL'",
            account.id,
        )
        await keeper.execute(
            "INSERT INTO delivery_attempt (account_id, delivery_id, nonce, number, worker, "
            "ended_at, outcome, error) SELECT account_id, id, 0, 1, 'one', now(), 'REFUSED', 'No.' "
            "FROM delivery WHERE account_id = $1 AND state = 'DEAD'",
            account.id,
        )
        await keeper.execute(
            "UPDATE event_counter SET due_at = 'infinity', dead = (SELECT count(*) FROM delivery "
            "WHERE account_id = $1 AND state = 'DEAD') WHERE account_id = $1",
            account.id,
        )
    finally:
        await keeper.close()


async def test_admins_see_all_deliveries_page_by_page_and_the_dead_first_class(
    client: Client, database: Database, account: Account, superuser_dsn: str
) -> None:
    mails = await mailed(database, account)
    await give_up(superuser_dsn, account)

    everything = (await client.ask(account.admin, PAGE, first=100))["deliveries"]["nodes"]
    dead = await client.ask(account.admin, PAGE, filter={"state": ["DEAD"]}, first=2)
    rest = await client.ask(
        account.admin,
        PAGE,
        filter={"state": ["DEAD"]},
        after=dead["deliveries"]["pageInfo"]["endCursor"],
    )

    assert {each["channel"] for each in everything} == {
        "SLACK", "TEAMS", "WEBHOOK", "PSA_NOTE", "EMAIL",
    }  # fmt: skip
    shown = dead["deliveries"]["nodes"] + rest["deliveries"]["nodes"]
    assert {each["id"] for each in shown} == set(mails)
    assert len(shown) == len(mails) == 3
    assert {each["purpose"] for each in shown} == {"RAISED"}
    assert shown[0]["attemptHistory"] == [{"number": 1, "outcome": "REFUSED", "error": "No."}]


@pytest.mark.parametrize("who", ["tier2", "viewer"])
async def test_others_are_refused(client: Client, account: Account, who: str) -> None:
    code, message = await client.error(getattr(account, who), PAGE)

    assert (code, message) == ("FORBIDDEN", "Only ADMINs may see all deliveries.")


async def test_a_dead_one_is_sent_again_and_a_worker_is_told_to_look(
    client: Client, database: Database, account: Account, superuser_dsn: str
) -> None:
    [mail, *_] = await mailed(database, account)
    await give_up(superuser_dsn, account)

    outcome = (await client.ask(account.admin, REDELIVER, id=mail))["redeliver"]

    assert outcome["__typename"] == "RedeliverSuccess"
    delivery = outcome["delivery"]
    assert delivery.pop("nextAttemptAt")
    assert delivery == {"state": "PENDING", "attempts": 0, "lastError": None}
    async with database.transaction(account.id) as tx:
        row = await tx.one(
            "SELECT due_at <= now() AS due, dead, (SELECT max(nonce) FROM delivery) AS nonce "
            "FROM event_counter WHERE account_id = $1",
            account.id,
        )
    assert (row["due"], row["dead"], row["nonce"]) == (True, 2, 1)


async def test_what_is_on_its_way_or_was_nothing_to_send_is_not_sent_again(
    client: Client, database: Database, account: Account
) -> None:
    [mail, *_] = await mailed(database, account)
    skipped = await client.ask(account.admin, PAGE, filter={"state": ["SKIPPED"]}, first=1)
    [slack] = skipped["deliveries"]["nodes"]

    for delivery, state in ((mail, "PENDING"), (slack["id"], "SKIPPED")):
        outcome = (await client.ask(account.admin, REDELIVER, id=delivery))["redeliver"]
        assert outcome["__typename"] == "DeliveryNotRepeatable"
        assert outcome["state"] == state


async def test_who_is_no_admin_sends_nothing_again(
    client: Client, database: Database, account: Account
) -> None:
    [mail, *_] = await mailed(database, account)

    outcome = (await client.ask(account.tier2, REDELIVER, id=mail))["redeliver"]

    assert outcome["__typename"] == "NotAllowed"


async def test_who_wants_no_mail_is_promised_none(
    client: Client, database: Database, account: Account
) -> None:
    wish = """mutation ($mail: Boolean!) { updatePreferences(input: { mail: $mail }) { __typename
      ... on UpdatePreferencesSuccess { viewer { mail } } ... on Problem { message } } }"""
    before = len(await mailed(database, account))

    answer = await client.ask(account.tier2, wish, mail=False)
    assert answer["updatePreferences"]["viewer"]["mail"] is False
    assert len(await mailed(database, account)) == before - 1

    await client.ask(account.tier2, wish, mail=True)
    assert (await client.ask(account.tier2, "{ viewer { mail } }"))["viewer"]["mail"] is True
    assert len(await mailed(database, account)) == before
    refused = await client.ask(account.viewer, wish, mail=True)
    assert refused["updatePreferences"]["message"] == "Viewers are not sent mail."
