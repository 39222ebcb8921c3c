"""Resolving: the end of a session and of the handoff it was taken over by."""

import pytest

from db.database import Database, Row
from services.actor import Actor
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
