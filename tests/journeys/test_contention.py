"""Many want the same thing at once, over two processes: one gets it and everybody agrees who."""

import asyncio
from collections import Counter

from db.database import Database
from services.ids import Kind, public
from tests.harness.people import Account, make_engineer
from tests.harness.story import waiting
from tests.harness.web import Client, Web, token_of
from tests.journeys import documents as ask

CLAIMERS = 20
HANDOFFS = 200


async def test_twenty_claimers_on_two_hundred_handoffs_have_one_winner_each_and_all_agree(
    two_webs: tuple[Web, Web], database: Database, account: Account
) -> None:
    people = [
        await make_engineer(database, account.id, f"claimer{number}@acme.test")
        for number in range(CLAIMERS)
    ]
    raised = [await waiting(database, account.tier1) for _ in range(HANDOFFS)]
    ids = [public(Kind.HANDOFF, one.handoff["id"]) for one in raised]
    clients = [
        Client(two_webs[number % 2], token_of(person, account))
        for number, person in enumerate(people)
    ]
    email_of = {client: person.email for client, person in zip(clients, people, strict=True)}
    answers: dict[str, list[tuple[str, dict[str, object]]]] = {id_: [] for id_ in ids}

    async def claim_all(client: Client) -> None:
        for id_ in ids:  # all in the same order, so that they meet at every one
            answers[id_].append((email_of[client], await client.ask(ask.CLAIM, id=id_)))

    try:
        await asyncio.gather(*(claim_all(client) for client in clients))
    finally:
        for client in clients:
            await client.close()

    winners: Counter[str] = Counter()
    for id_, said in answers.items():
        won = [who for who, answer in said if answer["__typename"] == "ClaimHandoffSuccess"]
        assert len(won) == 1, (id_, won)
        winners.update(won)
        lost = [answer for _, answer in said if answer["__typename"] == "HandoffAlreadyClaimed"]
        assert len(lost) == CLAIMERS - 1
        assert {answer["claimedBy"]["email"] for answer in lost} == set(won)  # type: ignore[index]
    async with database.transaction(account.id) as tx:
        events = await tx.fetch(
            "SELECT handoff_id, count(*) AS n FROM event WHERE type = 'handoff.claimed' GROUP BY 1"
        )
        numbers = [row["seq"] for row in await tx.fetch("SELECT seq FROM event ORDER BY seq")]
    assert {row["n"] for row in events} == {1}
    assert len(events) == HANDOFFS
    assert numbers == list(range(1, 2 * HANDOFFS + 1))
    assert len(winners) > 1, "a race that one of them always wins is none"
