"""Resolving: the end of a session and of the handoff it was taken over by."""

import pytest

from db.database import Database, Row
from services.actor import Actor
from services.handoffs.cancelling import cancel
from services.handoffs.resolving import Resolved, resolve
from services.problems import InvalidInput, NotAllowed
from services.sessions.problems import SessionNotFound, SessionNotResolvable
from tests.harness.people import Account
from tests.harness.story import NOON, claimed, count, escalated, started, waiting


async def fixed(
    database: Database, actor: Actor, session: Row, resolution: str = "New certificate"
) -> Resolved:
    async with database.transaction(actor.account_id) as tx:
        return await resolve(tx, actor, session["id"], resolution, now=NOON)


async def test_the_claimer_resolves_session_and_handoff_and_the_raiser_hears_of_it(
    database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    won = await claimed(database, account.tier2, raised)

    done = await fixed(database, account.tier2, won.session)

    assert (done.session["status"], done.session["resolution"]) == ("RESOLVED", "New certificate")
    assert done.handoff is not None
    assert (done.handoff["status"], done.handoff["closed_at"]) == ("RESOLVED", NOON)
    async with database.transaction(account.id) as tx:
        event = await tx.one("SELECT * FROM event WHERE seq = $1", done.seq)
        item = await tx.one("SELECT * FROM notification WHERE about = 'handoff.resolved'")
    assert (event["type"], event["notified"]) == ("handoff.resolved", [account.tier1.id])
    assert item["engineer_id"] == account.tier1.id


async def test_the_same_resolution_again_succeeds_and_changes_nothing(
    database: Database, account: Account
) -> None:
    won = await claimed(database, account.tier2, await waiting(database, account.tier1))
    first = await fixed(database, account.tier2, won.session)
    again = await fixed(database, account.tier2, won.session)
    assert again.session == first.session
    assert again.seq is None
    assert await count(database, account.tier1, "event", "type = 'handoff.resolved'") == 1
    with pytest.raises(SessionNotResolvable, match="another resolution"):
        await fixed(database, account.tier2, won.session, "Something else")


async def test_a_session_nobody_took_over_is_resolved_by_its_owner_without_an_event(
    database: Database, account: Account
) -> None:
    done = await fixed(database, account.tier1, await started(database, account.tier1))
    assert (done.session["status"], done.handoff, done.seq) == ("RESOLVED", None, None)


async def versions(database: Database, account: Account) -> list[tuple[int, str, bool]]:
    """Number, what for, and whether it is a handoff's as well."""
    async with database.transaction(account.id) as tx:
        rows = await tx.fetch("SELECT * FROM documentation ORDER BY version")
    return [(row["version"], row["kind"], row["handoff_id"] is not None) for row in rows]


async def test_the_end_of_a_handoff_is_written_down_once_with_what_fixed_it(
    database: Database, account: Account
) -> None:
    won = await claimed(database, account.tier2, await waiting(database, account.tier1))
    for _ in range(2):
        await fixed(database, account.tier2, won.session)
    assert await versions(database, account) == [(1, "RAISED", True), (2, "RESOLVED", True)]
    async with database.transaction(account.id) as tx:
        last = await tx.one("SELECT * FROM documentation WHERE version = 2")
    assert "## What fixed it\n\nNew certificate\n" in last["markdown"]
    assert "- **Resolved by:** Tier2, 2026-11-24 12:00 UTC" in last["markdown"]
    assert "- **Raised by:** Tier1" in last["markdown"]
    assert last["written_at"] == NOON


async def test_the_end_of_a_session_that_was_never_handed_over_is_written_down_too(
    database: Database, account: Account
) -> None:
    await fixed(database, account.tier1, await started(database, account.tier1))
    assert await versions(database, account) == [(1, "RESOLVED", False)]


async def test_a_handoff_that_was_withdrawn_keeps_its_own_last_version(
    database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    async with database.transaction(account.id) as tx:
        await cancel(tx, account.tier1, raised.handoff["id"], now=NOON)
    await fixed(database, account.tier1, raised.session)
    assert await versions(database, account) == [(1, "RAISED", True), (2, "RESOLVED", False)]
    async with database.transaction(account.id) as tx:
        text = await tx.fetchval("SELECT markdown FROM documentation WHERE version = 2")
    assert "## Why it was handed over\n\nI am out of ideas\n" in text
    assert "Taken over by" not in text


async def test_while_it_waits_it_cannot_be_resolved(database: Database, account: Account) -> None:
    session = await started(database, account.tier1)
    await escalated(database, account.tier1, session)
    with pytest.raises(SessionNotResolvable, match="waits"):
        await fixed(database, account.tier1, session)


async def test_only_who_has_it_now_or_an_admin_resolves_it(
    database: Database, account: Account, other_account: Account
) -> None:
    won = await claimed(database, account.tier2, await waiting(database, account.tier1))
    with pytest.raises(NotAllowed):
        await fixed(database, account.tier1, won.session)
    for stranger in (account.tier3, account.viewer, other_account.admin):
        with pytest.raises(SessionNotFound):
            await fixed(database, stranger, won.session)
    assert (await fixed(database, account.admin, won.session)).handoff is not None


async def test_a_resolution_has_words(database: Database, account: Account) -> None:
    with pytest.raises(InvalidInput):
        await fixed(database, account.tier1, await started(database, account.tier1), " ")
