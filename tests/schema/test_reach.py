"""How far a call for help has come, as its raiser and those who are asked read it."""

from typing import Any

from db.database import Database
from services.handoffs import reaching
from services.ids import Kind, public
from tests.harness.people import Account
from tests.harness.story import claimed, waiting
from tests.schema.asking import Client
from tests.services.handoffs.test_reaching import MAILING, look

REACH = """query ($id: ID!) { handoff(id: $id) { reach {
  told toldAt notified confirmed watchingLive viewed unreachedAt } } }"""
HISTORY = """query ($id: ID!) { handoff(id: $id) { history {
  nodes { __typename actor { name } } } } }"""


async def test_it_counts_who_could_have_known_and_who_did(
    client: Client, database: Database, account: Account
) -> None:
    raised = (await waiting(database, account.tier1, options=MAILING)).handoff
    shown = public(Kind.HANDOFF, raised["id"])

    async def reach() -> dict[str, Any]:
        found: dict[str, Any] = (await client.ask(account.tier1, REACH, id=shown))["handoff"]
        return found["reach"]

    assert await reach() == {
        "told": False, "toldAt": None, "notified": 3, "confirmed": 0, "watchingLive": 0,
        "viewed": 0, "unreachedAt": None,
    }  # fmt: skip

    await look(database, account, MAILING)
    unreached = await reach()
    assert unreached["told"] is False
    assert unreached["unreachedAt"] is not None
    history = (await client.ask(account.tier1, HISTORY, id=shown))["handoff"]["history"]["nodes"]
    assert history == [
        {"__typename": "HandoffCreated", "actor": {"name": "Tier1"}},
        {"__typename": "HandoffUnreached", "actor": None},
    ]

    async with database.transaction(account.id) as tx:
        await tx.execute(
            "UPDATE delivery SET state = 'SENT', sent_at = now(), next_attempt_at = NULL "
            "WHERE channel = 'EMAIL' AND engineer_id = $1 AND purpose = 'raised'",
            account.tier3.id,
        )
        await reaching.hear(tx, {(raised["id"], account.tier2.id)})
    # opening it is a view of the one who opens it
    await client.ask(account.tier2, REACH, id=shown)
    told = await reach()
    assert {key: told[key] for key in ("told", "confirmed", "watchingLive", "viewed")} == {
        "told": True, "confirmed": 1, "watchingLive": 1, "viewed": 1,
    }  # fmt: skip
    assert told["toldAt"] is not None
    assert told["unreachedAt"] == unreached["unreachedAt"]


async def test_it_is_content(client: Client, database: Database, account: Account) -> None:
    raised = await waiting(database, account.tier1)
    await claimed(database, account.tier2, raised)
    shown = public(Kind.HANDOFF, raised.handoff["id"])
    for who, open_ in (
        (account.tier1, True),
        (account.tier2, True),
        (account.admin, True),
        (account.tier3, False),
        (account.viewer, False),
    ):
        reach = (await client.ask(who, REACH, id=shown))["handoff"]["reach"]
        assert (reach is not None) is open_, who.name
        assert reach is None or reach["told"] is True
