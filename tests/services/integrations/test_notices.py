"""A webhook that is given up is told of to every ADMIN, once, as it was then."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from db.database import Database, Row
from db.models.vocabulary import Role
from services import notifications
from services.integrations import notices
from services.integrations.configuring import disable, enable
from services.integrations.health import GIVEN_UP_AFTER, mark_failure
from services.options import Options
from tests.harness.people import Account, make_engineer
from tests.harness.story import OPTIONS
from tests.services.integrations.connecting import NOON, saved

MAIL = Options(link_base="https://desk.example", mail=True)
END = NOON + GIVEN_UP_AFTER
WHY = "The receiver has trouble (HTTP 500). password=Tr0ub4dor-3-horse"


async def fail(
    database: Database,
    account: Account,
    webhook: Row,
    now: datetime,
    options: Options = MAIL,
) -> int | None:
    """As a worker does. Returns the event's number if that was its last."""
    async with database.transaction(account.id) as tx:
        if not await mark_failure(tx, webhook["id"], WHY, now=now):
            return None
        return await notices.tell(tx, webhook["id"], options, now=now)


async def give_up(database: Database, account: Account, options: Options = MAIL) -> Row:
    webhook = await saved(database, account.admin, name="Our dashboard")
    assert await fail(database, account, webhook, NOON, options) is None
    assert await fail(database, account, webhook, END, options) is not None
    return webhook


async def rows(database: Database, account: Account, table: str) -> Sequence[Row]:
    async with database.transaction(account.id) as tx:
        return await tx.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")


async def test_every_admin_hears_of_it_and_nobody_else(
    database: Database, account: Account, other_account: Account
) -> None:
    def another(name: str) -> Any:
        return make_engineer(database, account.id, f"{name}@{account.slug}.test", Role.ADMIN)

    quiet, gone = await another("quiet"), await another("gone")
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET mail = false WHERE id = $1", quiet.id)
        await tx.execute("UPDATE engineer SET active = false WHERE id = $1", gone.id)
    await give_up(database, account)

    bell = await rows(database, account, "notification")
    assert {item["engineer_id"] for item in bell} == {account.admin.id, quiet.id}
    assert {item["title"] for item in bell} == {
        "Disabled after days of failure: the webhook “Our dashboard”"
    }
    [mail] = await rows(database, account, "delivery")
    assert (mail["engineer_id"], mail["channel"]) == (account.admin.id, "EMAIL")
    assert (mail["purpose"], mail["state"], mail["handoff_id"]) == ("disabled", "PENDING", None)
    [event] = await rows(database, account, "event")
    assert (event["type"], event["handoff_id"]) == ("integration.disabled", None)
    assert set(event["notified"]) == {account.admin.id, quiet.id}
    for table in ("notice", "notification", "delivery", "event"):
        assert await rows(database, other_account, table) == []


async def test_it_says_which_since_when_why_and_what_to_do(
    database: Database, account: Account
) -> None:
    webhook = await give_up(database, account)
    async with database.transaction(account.id) as tx:
        await enable(tx, account.admin, webhook["id"], now=END)  # before anybody has read it
    [notice] = await rows(database, account, "notice")
    assert (notice["failing_since"], notice["created_at"]) == (NOON, END)
    text = "\n".join(notices.paragraphs(notice))
    for fact in (
        "“Our dashboard” has failed since 24 November 2026, 12:00 UTC",
        "gave it up on 29 November 2026, 12:00 UTC",
        "The receiver has trouble (HTTP 500). password=[redacted]",
        "saveIntegration",
        "enableIntegration",
    ):
        assert fact in text, fact
    assert "Tr0ub4dor" not in repr(notice)


async def test_it_is_said_once_for_each_time(database: Database, account: Account) -> None:
    webhook = await give_up(database, account)
    assert await fail(database, account, webhook, END + timedelta(days=9)) is None
    async with database.transaction(account.id) as tx:
        await enable(tx, account.admin, webhook["id"], now=END)
    assert await fail(database, account, webhook, END) is None
    assert len(await rows(database, account, "delivery")) == 1

    assert await fail(database, account, webhook, END + GIVEN_UP_AFTER) is not None
    mails = await rows(database, account, "delivery")
    assert len({mail["idempotency_key"] for mail in mails}) == len(mails) == 2
    assert [each["version"] for each in await rows(database, account, "notice")] == [2, 4]


async def test_a_transaction_that_fails_tells_nothing_and_the_next_one_tells(
    database: Database, account: Account
) -> None:
    webhook = await saved(database, account.admin)
    await fail(database, account, webhook, NOON)
    with pytest.raises(RuntimeError):
        async with database.transaction(account.id) as tx:
            assert await mark_failure(tx, webhook["id"], WHY, now=END)
            await notices.tell(tx, webhook["id"], MAIL, now=END)
            raise RuntimeError
    for table in ("notice", "notification", "delivery", "event"):
        assert await rows(database, account, table) == [], table
    assert await fail(database, account, webhook, END) == 1


async def test_what_was_disabled_by_hand_is_told_of_to_nobody(
    database: Database, account: Account
) -> None:
    webhook = await saved(database, account.admin)
    await fail(database, account, webhook, NOON)
    async with database.transaction(account.id) as tx:
        await disable(tx, account.admin, webhook["id"], now=NOON)
    assert await fail(database, account, webhook, END) is None
    assert await rows(database, account, "notice") == []


async def test_without_mail_the_bell_tells_it_and_leads_to_the_integrations(
    database: Database, account: Account
) -> None:
    await give_up(database, account, OPTIONS)
    assert await rows(database, account, "delivery") == []
    async with database.transaction(account.id) as tx:
        [item] = await notifications.page(tx, account.admin, first=9)
        assert notifications.link(OPTIONS, item) == "https://desk.example/settings/integrations"
        assert len(await notifications.mark_read(tx, account.admin, None, now=END)) == 1
        assert await notifications.unread_count(tx, account.admin) == 0
