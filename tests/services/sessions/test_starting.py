"""Starting a session."""

import pytest

from db.database import Database
from services.problems import IdempotencyConflict, InvalidInput, NotAllowed
from services.sessions.starting import SessionDraft, start
from tests.harness.people import Account
from tests.harness.story import NOON, count, started


async def test_a_session_belongs_to_who_starts_it_and_is_active(
    database: Database, account: Account
) -> None:
    session = await started(
        database, account.tier1, steps=0, problem_summary="  VPN drops  ", environment="  "
    )
    assert session["owner_id"] == account.tier1.id
    assert (session["status"], session["escalated_to_id"]) == ("ACTIVE", None)
    assert (session["problem_summary"], session["environment"]) == ("VPN drops", None)


async def test_viewers_start_none(database: Database, account: Account) -> None:
    with pytest.raises(NotAllowed):
        await started(database, account.viewer, steps=0)


@pytest.mark.parametrize(
    ("field", "draft"),
    [
        ("problemSummary", {"problem_summary": ""}),
        ("problemSummary", {"problem_summary": "x" * 501}),
        ("environment", {"environment": "x" * 2001}),
        ("ticket", {"ticket_number": "4711"}),
        ("customer.name", {"customer_name": "a\x00"}),
    ],
)
async def test_what_can_not_be_kept_is_refused_by_field(
    database: Database, account: Account, field: str, draft: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        await started(database, account.tier1, steps=0, **draft)
    assert refusal.value.field == field
    assert await count(database, account.tier1, "session") == 0


async def test_the_same_key_gives_the_same_session(database: Database, account: Account) -> None:
    async def ask(summary: str) -> object:
        async with database.transaction(account.id) as tx:
            draft = SessionDraft(summary)
            row = await start(tx, account.tier1, draft, now=NOON, idempotency_key="k")
        return row["id"]

    assert await ask("VPN drops") == await ask("VPN drops")
    with pytest.raises(IdempotencyConflict):
        await ask("Printer jams")
    assert await count(database, account.tier1, "session") == 1
