"""A handoff moved on: what each verb leaves behind, and what refusals and repeats don't."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.database import Database
from db.ids import uuid7
from services.handoffs.problems import (
    HandoffAlreadyClaimed,
    HandoffChanged,
    HandoffNotClaimed,
    HandoffNotFound,
    HandoffNotOpen,
    Ineligible,
    OwnHandoff,
    TargetNotEligible,
)
from services.options import Options
from services.problems import IdempotencyConflict, InvalidInput, NotAllowed, Problem
from services.sessions.problems import SessionNotFound, SessionNotResolvable
from tests.harness.people import Account, make_engineer
from tests.harness.story import claimed, count, escalated, waiting
from tests.services.handoffs.verbs import LATER, Desk, event_of, everything

MAIL = Options("https://desk.example", mail=True)


async def open_(database: Database, account: Account, **wanted: Any) -> Desk:
    """Raised by Tier1."""
    return Desk(database, await waiting(database, account.tier1, **wanted))


async def taken(database: Database, account: Account, **wanted: Any) -> Desk:
    """And claimed by Tier2."""
    desk = await open_(database, account, **wanted)
    await desk.claim(account.tier2)
    return desk


# ------------------------------------------------------------------ declining


async def test_a_declined_handoff_waits_for_anybody_and_everybody_eligible_is_told(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account, target_id=account.tier2.id)
    before = await desk.session(account.tier1)

    moved = await desk.decline(account.tier2, "On leave")

    handoff = await desk.handoff(account.tier1)
    assert (handoff["status"], handoff["target_id"], handoff["version"]) == ("OPEN", None, 2)
    assert moved.handoff["version"] == 2
    assert await desk.session(account.tier1) == before
    event, told = await event_of(database, account, moved.seq)
    assert told == {"Tier1", "Tier3", "Admin"}
    assert (event["type"], event["actor_id"]) == ("handoff.declined", account.tier2.id)
    assert event["data"] == {"reason": "On leave"}
    assert event["occurred_at"] == LATER


# ------------------------------------------------------------------ reassigning


async def test_a_reassigned_handoff_waits_for_another_and_all_three_are_told_but_who_did_it(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account, target_id=account.tier2.id)
    before = await desk.session(account.tier1)

    moved = await desk.reassign(account.tier1, account.tier3)

    handoff = await desk.handoff(account.tier1)
    assert (handoff["status"], handoff["target_id"]) == ("OPEN", account.tier3.id)
    assert handoff["version"] == 2
    assert await desk.session(account.tier1) == before
    event, told = await event_of(database, account, moved.seq)
    assert told == {"Tier2", "Tier3"}
    assert event["type"] == "handoff.reassigned"
    assert event["data"] == {"from": str(account.tier2.id), "to": str(account.tier3.id)}


async def test_the_first_target_may_be_given_later_and_by_an_admin_to_themselves(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account)
    moved = await desk.reassign(account.admin, account.admin)
    event, told = await event_of(database, account, moved.seq)
    assert told == {"Tier1"}
    assert event["data"] == {"from": None, "to": str(account.admin.id)}


async def test_reassigning_to_the_same_target_changes_nothing(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account, target_id=account.tier2.id)
    before = await everything(database, account)
    moved = await desk.reassign(account.tier1, account.tier2)
    assert (moved.seq, moved.handoff["version"]) == (None, 1)
    assert await everything(database, account) == before


# ------------------------------------------------------------------ cancelling


@pytest.mark.parametrize(("who", "expected"), [("tier1", {"Tier2"}), ("admin", {"Tier1", "Tier2"})])
async def test_a_cancelled_handoff_gives_the_session_back_and_raiser_and_target_are_told(
    database: Database, account: Account, who: str, expected: set[str]
) -> None:
    desk = await open_(database, account, target_id=account.tier2.id)

    moved = await desk.cancel(getattr(account, who))

    handoff, session = await desk.handoff(account.tier1), await desk.session(account.tier1)
    assert (handoff["status"], handoff["closed_at"]) == ("CANCELLED", LATER)
    assert handoff["version"] == 2
    assert (session["status"], session["escalated_to_id"]) == ("ACTIVE", None)
    assert session["updated_at"] == LATER
    event, told = await event_of(database, account, moved.seq)
    assert (event["type"], event["data"], told) == ("handoff.cancelled", {}, expected)


async def test_cancelling_what_superseded_another_gives_the_session_back_to_its_holder(
    database: Database, account: Account
) -> None:
    first = await waiting(database, account.tier1)
    await claimed(database, account.tier2, first)
    session = await Desk(database, first).session(account.tier1)
    desk = Desk(database, await escalated(database, account.tier2, session))

    await desk.cancel(account.tier2)

    session = await desk.session(account.tier1)
    assert (session["status"], session["escalated_to_id"]) == ("ACTIVE", account.tier2.id)
    assert (await Desk(database, first).handoff(account.tier1))["status"] == "SUPERSEDED"


# ------------------------------------------------------------------ releasing


@pytest.mark.parametrize(
    ("who", "expected"),
    [("tier2", {"Tier1", "Tier3", "Admin"}), ("admin", {"Tier1", "Tier2", "Tier3"})],
)
async def test_a_released_handoff_waits_again_with_its_reason_and_all_eligible_are_told_anew(
    database: Database, account: Account, who: str, expected: set[str]
) -> None:
    desk = await taken(database, account)

    moved = await desk.release(getattr(account, who), "Pulled away")

    handoff, session = await desk.handoff(account.tier1), await desk.session(account.tier1)
    assert (handoff["status"], handoff["release_reason"]) == ("OPEN", "Pulled away")
    assert (handoff["claimed_by_id"], handoff["claimed_at"]) == (None, None)
    assert handoff["version"] == 3
    assert (session["status"], session["escalated_to_id"]) == ("ESCALATED", None)
    event, told = await event_of(database, account, moved.seq)
    assert (event["type"], event["data"]) == ("handoff.released", {"reason": "Pulled away"})
    assert told == expected


async def test_a_released_handoff_that_has_a_target_is_told_to_the_target_and_admins(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account, target_id=account.tier2.id)
    await desk.claim(account.tier3)
    moved = await desk.release(account.tier3)
    _, told = await event_of(database, account, moved.seq)
    assert told == {"Tier1", "Tier2", "Admin"}


async def test_a_target_who_gives_it_back_is_asked_no_more_and_everybody_eligible_is_told(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account, target_id=account.tier2.id)
    await desk.claim(account.tier2)
    moved = await desk.release(account.tier2)
    _, told = await event_of(database, account, moved.seq)
    assert told == {"Tier1", "Tier3", "Admin"}
    assert (await desk.handoff(account.tier1))["target_id"] is None


async def test_claimed_released_and_claimed_again_is_one_history_and_the_reason_goes(
    database: Database, account: Account
) -> None:
    desk = await taken(database, account)
    await desk.release(account.tier2)
    await desk.claim(account.tier3)

    handoff = await desk.handoff(account.tier1)
    assert (handoff["claimed_by_id"], handoff["release_reason"]) == (account.tier3.id, None)
    assert handoff["version"] == 4
    async with database.transaction(account.id) as tx:
        events = await tx.fetch(
            "SELECT type FROM event WHERE handoff_id = $1 ORDER BY seq", desk.handoff_id
        )
    assert [event["type"] for event in events] == [
        "handoff.created",
        "handoff.claimed",
        "handoff.released",
        "handoff.claimed",
    ]


# ------------------------------------------------------------------ returning


async def test_guidance_becomes_the_next_step_of_the_raiser_who_is_told(
    database: Database, account: Account
) -> None:
    desk = await taken(database, account)
    steps = (await desk.session(account.tier1))["step_count"]

    moved = await desk.return_(account.tier2, "Renew the certificate.\nThen restart.")

    handoff, session = await desk.handoff(account.tier1), await desk.session(account.tier1)
    assert (handoff["status"], handoff["closed_at"]) == ("RETURNED", LATER)
    assert (handoff["version"], handoff["claimed_by_id"]) == (3, account.tier2.id)
    assert (session["status"], session["escalated_to_id"]) == ("ACTIVE", None)
    assert session["step_count"] == steps + 1
    async with database.transaction(account.id) as tx:
        step = await tx.one(
            "SELECT * FROM step WHERE session_id = $1 ORDER BY position DESC LIMIT 1",
            desk.session_id,
        )
    assert (step["position"], step["kind"], step["outcome"]) == (steps + 1, "GUIDANCE", "PENDING")
    assert step["detail"] == "Renew the certificate.\nThen restart."
    assert (step["author_id"], step["recorded_at"]) == (account.tier2.id, LATER)
    event, told = await event_of(database, account, moved.seq)
    assert (event["type"], told) == ("handoff.returned", {"Tier1"})
    assert event["data"] == {"guidance": "Renew the certificate.\nThen restart."}


async def test_returned_to_who_had_taken_it_over_it_is_theirs_and_not_the_owners(
    database: Database, account: Account
) -> None:
    first = await waiting(database, account.tier1)
    await claimed(database, account.tier2, first)
    session = await Desk(database, first).session(account.tier1)
    desk = Desk(database, await escalated(database, account.tier2, session))
    await desk.claim(account.tier3)

    moved = await desk.return_(account.tier3)

    assert (await desk.session(account.tier1))["escalated_to_id"] == account.tier2.id
    _, told = await event_of(database, account, moved.seq)
    assert told == {"Tier2"}


# ------------------------------------------------------------------ resolving


@pytest.mark.parametrize(("who", "expected"), [("tier2", {"Tier1"}), ("admin", {"Tier1", "Tier2"})])
async def test_a_resolved_handoff_ends_with_its_session_and_both_are_told_but_who_did_it(
    database: Database, account: Account, who: str, expected: set[str]
) -> None:
    desk = await taken(database, account)

    done = await desk.resolve(getattr(account, who), "A new certificate")

    handoff, session = await desk.handoff(account.tier1), await desk.session(account.tier1)
    assert (handoff["status"], handoff["closed_at"]) == ("RESOLVED", LATER)
    assert handoff["version"] == 3
    assert (session["status"], session["resolution"]) == ("RESOLVED", "A new certificate")
    assert session["escalated_to_id"] == account.tier2.id
    event, told = await event_of(database, account, done.seq)
    assert (event["type"], told) == ("handoff.resolved", expected)
    assert event["data"] == {"resolution": "A new certificate"}


# ------------------------------------------------------------------ promised outside

Move = Callable[[Desk, Account], Awaitable[Any]]
FOLLOWED: dict[str, Move] = {
    "released": lambda desk, account: desk.release(account.tier2),
    "returned": lambda desk, account: desk.return_(account.tier2),
    "resolved": lambda desk, account: desk.resolve(account.tier2),
}


@pytest.mark.parametrize("purpose", FOLLOWED)
async def test_who_was_promised_a_mail_at_the_raise_is_promised_one_when_it_goes_on(
    database: Database, account: Account, purpose: str
) -> None:
    desk = await taken(database, account, options=MAIL)
    await FOLLOWED[purpose](desk, account)

    rows = await desk.follow_ups(account.tier1)

    mailed = {account.tier2.id, account.tier3.id, account.admin.id}
    for wanted, version in (("claimed", 2), (purpose, 3)):
        those = [row for row in rows if row["purpose"] == wanted]
        assert {row["engineer_id"] for row in those} == mailed
        assert len(those) == len(mailed)
        for row in those:
            assert (row["channel"], row["state"], row["attempts"]) == ("EMAIL", "PENDING", 0)
            assert row["next_attempt_at"] is not None
            assert row["idempotency_key"] == (
                f"{desk.handoff_id}:{wanted}{version}:EMAIL:{row['engineer_id']}"
            )
    assert len(rows) == 2 * len(mailed)


async def test_a_cancelled_handoff_is_followed_up_and_who_is_asked_is_not(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account, options=MAIL, target_id=account.tier2.id)
    await desk.decline(account.tier2)
    await desk.reassign(account.tier1, account.tier3)
    assert await desk.follow_ups(account.tier1) == []
    await desk.cancel(account.tier1)
    rows = await desk.follow_ups(account.tier1)
    # who was promised a mail when it was raised, no more and no less
    assert {(row["purpose"], row["engineer_id"]) for row in rows} == {
        ("cancelled", account.tier2.id),
        ("cancelled", account.admin.id),
    }


async def test_each_epoch_has_follow_ups_of_its_own(database: Database, account: Account) -> None:
    desk = await taken(database, account, options=MAIL)
    await desk.release(account.tier2)
    await desk.claim(account.tier3)
    keys = [row["idempotency_key"] for row in await desk.follow_ups(account.tier1)]
    assert len(set(keys)) == len(keys) == 9
    occasions = {re.split(":", key)[1] for key in keys}
    assert occasions == {"claimed2", "released3", "claimed4"}


async def test_where_nothing_was_promised_nothing_follows(
    database: Database, account: Account
) -> None:
    desk = await taken(database, account)
    await desk.release(account.tier2)
    await desk.cancel(account.admin)
    assert await desk.follow_ups(account.tier1) == []


# ------------------------------------------------------------------ refusals

Asked = tuple[type[Problem], Move]
OPEN_REFUSALS: dict[str, Asked] = {
    "its raiser claims": (OwnHandoff, lambda desk, who: desk.claim(who.tier1)),
    "a viewer claims": (NotAllowed, lambda desk, who: desk.claim(who.viewer)),
    "a colleague declines": (NotAllowed, lambda desk, who: desk.decline(who.tier3)),
    "a viewer declines": (NotAllowed, lambda desk, who: desk.decline(who.viewer)),
    "no reason": (InvalidInput, lambda desk, who: desk.decline(who.tier2, " ")),
    "its target reassigns": (NotAllowed, lambda desk, who: desk.reassign(who.tier2, who.tier3)),
    "its target cancels": (NotAllowed, lambda desk, who: desk.cancel(who.tier2)),
    "its target releases": (HandoffNotClaimed, lambda desk, who: desk.release(who.tier2)),
    "an admin releases": (HandoffNotClaimed, lambda desk, who: desk.release(who.admin)),
    "its target returns": (HandoffNotClaimed, lambda desk, who: desk.return_(who.tier2)),
    "its raiser resolves": (SessionNotResolvable, lambda desk, who: desk.resolve(who.tier1)),
    "a colleague resolves": (NotAllowed, lambda desk, who: desk.resolve(who.tier3)),
}
CLAIMED_REFUSALS: dict[str, Asked] = {
    "a colleague claims": (HandoffAlreadyClaimed, lambda desk, who: desk.claim(who.tier3)),
    "its target declines": (HandoffNotOpen, lambda desk, who: desk.decline(who.tier2)),
    "its raiser reassigns": (HandoffNotOpen, lambda desk, who: desk.reassign(who.tier1, who.tier3)),
    "its raiser cancels": (HandoffNotOpen, lambda desk, who: desk.cancel(who.tier1)),
    "its raiser releases": (NotAllowed, lambda desk, who: desk.release(who.tier1)),
    "a viewer releases": (NotAllowed, lambda desk, who: desk.release(who.viewer)),
    "no reason": (InvalidInput, lambda desk, who: desk.release(who.tier2, "")),
    "an admin returns": (NotAllowed, lambda desk, who: desk.return_(who.admin)),
    "much guidance": (InvalidInput, lambda desk, who: desk.return_(who.tier2, "x" * 10_001)),
    "its raiser resolves": (NotAllowed, lambda desk, who: desk.resolve(who.tier1)),
    "a colleague resolves": (SessionNotFound, lambda desk, who: desk.resolve(who.tier3)),
    "a viewer resolves": (SessionNotFound, lambda desk, who: desk.resolve(who.viewer)),
}


@pytest.mark.parametrize("asked", OPEN_REFUSALS)
async def test_a_refusal_of_what_waits_changes_nothing(
    database: Database, account: Account, asked: str
) -> None:
    refusal, ask = OPEN_REFUSALS[asked]
    desk = await open_(database, account, target_id=account.tier2.id)
    before = await everything(database, account)
    with pytest.raises(refusal):
        await ask(desk, account)
    assert await everything(database, account) == before


@pytest.mark.parametrize("asked", CLAIMED_REFUSALS)
async def test_a_refusal_of_what_is_claimed_changes_nothing(
    database: Database, account: Account, asked: str
) -> None:
    refusal, ask = CLAIMED_REFUSALS[asked]
    desk = await taken(database, account, target_id=account.tier2.id)
    before = await everything(database, account)
    with pytest.raises(refusal):
        await ask(desk, account)
    assert await everything(database, account) == before


async def test_each_ineligible_target_is_refused_by_its_reason(
    database: Database, account: Account, other_account: Account
) -> None:
    desk = await open_(database, account, target_id=account.tier2.id)
    left = await make_engineer(database, account.id, "left@acme.test")
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET active = false WHERE id = $1", left.id)
    before = await everything(database, account)
    for target, reason in (
        (account.tier1, Ineligible.SELF),
        (account.viewer, Ineligible.VIEWER),
        (left, Ineligible.INACTIVE),
        (other_account.tier2, Ineligible.UNKNOWN),
    ):
        with pytest.raises(TargetNotEligible) as refusal:
            await desk.reassign(account.admin, target, key="k")
        assert refusal.value.reason == reason
    assert await everything(database, account) == before


@pytest.mark.parametrize("verb", ["claim", "decline", "cancel", "release", "return_"])
async def test_another_accounts_handoff_does_not_exist(
    database: Database, account: Account, other_account: Account, verb: str
) -> None:
    desk = await taken(database, account)
    with pytest.raises(HandoffNotFound):
        await getattr(desk, verb)(other_account.admin, key="k")


async def test_an_unknown_handoff_uses_up_no_key(database: Database, account: Account) -> None:
    desk = await open_(database, account)
    known, desk.handoff_id = desk.handoff_id, uuid7()
    with pytest.raises(HandoffNotFound):
        await desk.cancel(account.tier1, key="k")
    desk.handoff_id = known
    assert (await desk.cancel(account.tier1, key="k")).seq is not None


# ------------------------------------------------------------------ versions

OF_WHAT_WAITS: dict[str, Move] = {
    "claim": lambda desk, who: desk.claim(who.tier3, version=1),
    "decline": lambda desk, who: desk.decline(who.tier2, version=1),
    "reassign": lambda desk, who: desk.reassign(who.tier1, who.tier3, version=1),
    "cancel": lambda desk, who: desk.cancel(who.tier1, version=1),
}
OF_WHAT_IS_CLAIMED: dict[str, Move] = {
    "release": lambda desk, who: desk.release(who.tier2, version=2),
    "return": lambda desk, who: desk.return_(who.tier2, version=2),
    "resolve": lambda desk, who: desk.resolve(who.tier2, version=2),
}


@pytest.mark.parametrize("verb", OF_WHAT_WAITS)
async def test_who_saw_another_version_of_what_waits_changes_nothing(
    database: Database, account: Account, verb: str
) -> None:
    desk = await open_(database, account, target_id=account.tier3.id)
    await desk.reassign(account.tier1, account.tier2)
    before = await everything(database, account)

    with pytest.raises(HandoffChanged) as refusal:
        await OF_WHAT_WAITS[verb](desk, account)

    assert refusal.value.handoff["version"] == 2
    assert refusal.value.handoff["target_id"] == account.tier2.id
    assert await everything(database, account) == before


@pytest.mark.parametrize("verb", OF_WHAT_IS_CLAIMED)
async def test_who_saw_another_version_of_what_is_claimed_changes_nothing(
    database: Database, account: Account, verb: str
) -> None:
    desk = await taken(database, account)
    await desk.release(account.admin)
    await desk.claim(account.tier2)
    before = await everything(database, account)

    with pytest.raises(HandoffChanged) as refusal:
        await OF_WHAT_IS_CLAIMED[verb](desk, account)

    assert (refusal.value.handoff["version"], refusal.value.handoff["status"]) == (4, "CLAIMED")
    assert await everything(database, account) == before


@pytest.mark.parametrize("verb", OF_WHAT_WAITS)
async def test_who_saw_the_present_version_of_what_waits_changes_it(
    database: Database, account: Account, verb: str
) -> None:
    desk = await open_(database, account, target_id=account.tier2.id)
    await OF_WHAT_WAITS[verb](desk, account)
    assert (await desk.handoff(account.tier1))["version"] == 2


@pytest.mark.parametrize("verb", OF_WHAT_IS_CLAIMED)
async def test_who_saw_the_present_version_of_what_is_claimed_changes_it(
    database: Database, account: Account, verb: str
) -> None:
    desk = await taken(database, account)
    await OF_WHAT_IS_CLAIMED[verb](desk, account)
    assert (await desk.handoff(account.tier1))["version"] == 3


async def test_an_admin_who_saw_it_claimed_does_not_resolve_what_was_given_back_since(
    database: Database, account: Account
) -> None:
    desk = await taken(database, account)
    await desk.return_(account.tier2)
    with pytest.raises(HandoffChanged) as refusal:
        await desk.resolve(account.admin, version=2)
    assert refusal.value.handoff["status"] == "RETURNED"
    done = await desk.resolve(account.admin, version=3)
    assert (done.session["status"], done.handoff) == ("RESOLVED", None)
    assert (await desk.resolve(account.admin, version=2)).session == done.session, "a repeat"


async def test_a_stale_client_learns_no_more_than_the_door_lets_through(
    database: Database, account: Account
) -> None:
    desk = await taken(database, account)
    for actor, door in ((account.tier3, False), (account.tier1, True), (account.admin, True)):
        with pytest.raises(HandoffChanged) as refusal:
            await desk.cancel(actor, version=1)
        assert refusal.value.handoff["door"] is door


# ------------------------------------------------------------------ repeats


async def test_an_old_decline_does_not_take_away_a_later_target(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account, target_id=account.tier2.id)
    await desk.decline(account.tier2, key="k")
    await desk.reassign(account.tier1, account.tier2)
    await unchanged(database, account, lambda: desk.decline(account.tier2, key="k"))


async def test_an_old_reassignment_does_not_undo_a_later_one(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account)
    await desk.reassign(account.tier1, account.tier2, key="k")
    await desk.reassign(account.admin, account.tier3)
    await unchanged(database, account, lambda: desk.reassign(account.tier1, account.tier2, key="k"))


async def test_an_old_release_does_not_take_it_from_a_later_claimer(
    database: Database, account: Account
) -> None:
    desk = await taken(database, account)
    await desk.release(account.tier2, key="k")
    await desk.claim(account.tier2)
    await unchanged(database, account, lambda: desk.release(account.tier2, key="k"))


async def test_an_old_return_gives_no_guidance_twice(database: Database, account: Account) -> None:
    desk = await taken(database, account)
    await desk.return_(account.tier2, key="k")
    again = await escalated(database, account.tier1, await desk.session(account.tier1))
    await claimed(database, account.tier2, again)
    await unchanged(database, account, lambda: desk.return_(account.tier2, key="k"))
    assert await count(database, account.tier1, "step", "kind = 'GUIDANCE'") == 1


async def test_an_old_cancellation_does_not_touch_the_next_handoff(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account)
    await desk.cancel(account.tier1, key="k")
    await escalated(database, account.tier1, await desk.session(account.tier1))
    await unchanged(database, account, lambda: desk.cancel(account.tier1, key="k"))


async def unchanged(
    database: Database, account: Account, repeat: Callable[[], Awaitable[Any]]
) -> None:
    before = await everything(database, account)
    assert (await repeat()).seq is None
    assert await everything(database, account) == before


async def test_an_old_claim_does_not_claim_what_was_given_back_since(
    database: Database, account: Account
) -> None:
    desk = await open_(database, account)
    first = await desk.claim(account.tier2, key="k")
    assert (await desk.claim(account.tier2, key="k")).handoff["version"] == first.handoff["version"]
    await desk.release(account.admin)
    before = await everything(database, account)

    with pytest.raises(HandoffChanged) as refusal:
        await desk.claim(account.tier2, key="k")
    assert (refusal.value.handoff["version"], refusal.value.handoff["status"]) == (3, "OPEN")
    assert await everything(database, account) == before

    await desk.claim(account.tier3)
    with pytest.raises(HandoffAlreadyClaimed) as taken_by:
        await desk.claim(account.tier2, key="k")
    assert taken_by.value.claimed_by["id"] == account.tier3.id


async def test_a_new_key_claims_anew(database: Database, account: Account) -> None:
    desk = await open_(database, account)
    await desk.claim(account.tier2, key="k1")
    await desk.release(account.tier2, key="k2")
    assert (await desk.claim(account.tier2, key="k3")).seq is not None


async def test_a_claim_that_was_lost_to_another_may_be_repeated_under_its_key(
    database: Database, account: Account
) -> None:
    desk = await taken(database, account)
    with pytest.raises(HandoffAlreadyClaimed):
        await desk.claim(account.tier3, key="k")
    await desk.release(account.tier2)
    assert (await desk.claim(account.tier3, key="k")).seq is not None


async def test_a_key_stands_for_one_request_whatever_version_it_expects(
    database: Database, account: Account
) -> None:
    desk = await taken(database, account)
    await desk.release(account.tier2, "Pulled away", key="k", version=2)
    await unchanged(
        database,
        account,
        lambda: desk.release(account.tier2, "Pulled away", key="k", version=9),
    )
    with pytest.raises(IdempotencyConflict):
        await desk.release(account.tier2, "Another reason", key="k")


async def test_keys_are_of_one_engineer_and_one_verb(database: Database, account: Account) -> None:
    desk = await open_(database, account, target_id=account.tier2.id)
    await desk.decline(account.tier2, key="k")
    await desk.reassign(account.tier1, account.tier2, key="k")
    await desk.claim(account.tier2, key="k")
    await desk.release(account.tier2, key="k")
    await desk.claim(account.tier3, key="k")
    assert (await desk.handoff(account.tier1))["version"] == 6
