"""Tier 1 is stuck and asks for help; tier 2 hears of it live, and takes it."""

import asyncio
import os

from generated import (
    ClaimHandoffInput,
    Client,
    EscalateInput,
    Priority,
    StartSessionInput,
)

URL = os.environ.get("BATON_URL", "http://127.0.0.1:8000/graphql")


def client(token: str) -> Client:
    return Client(
        URL,
        headers={"authorization": f"Bearer {token}"},
        ws_url=URL.replace("http", "ws", 1),
        ws_connection_init_payload={"token": token},
    )


async def escalate(tier1: Client) -> None:
    summary = "Outlook keeps asking for a password"
    started = (await tier1.start(StartSessionInput(problem_summary=summary))).start_session
    if started.typename__ != "StartSessionSuccess":
        raise RuntimeError(started.message)
    draft = EscalateInput(
        session_id=started.session.id, reason="Out of ideas", priority=Priority.HIGH
    )
    raised = (await tier1.escalate(draft)).escalate
    if raised.typename__ != "EscalateSuccess":
        raise RuntimeError(raised.message)
    print(f"escalated {raised.handoff.id}", flush=True)


async def take(tier2: Client, handoff_id: str) -> None:
    taken = (await tier2.claim(ClaimHandoffInput(handoff_id=handoff_id))).claim_handoff
    if taken.typename__ == "ClaimHandoffSuccess":
        who = taken.handoff.claimed_by.name if taken.handoff.claimed_by else "nobody"
        print(f"{taken.handoff.status.value} by {who}")
    elif taken.typename__ == "HandoffAlreadyClaimed":
        print(f"{taken.claimed_by.name} has it since {taken.claimed_at:%H:%M}")
    else:
        print(taken.message)


async def wait_and_take(tier2: Client, after: str) -> None:
    async for arrival in tier2.arrivals(after=after):
        created = arrival.handoff_created
        who, what = created.handoff.raised_by.name, created.handoff.problem_summary
        print(f"{created.occurred_at:%H:%M:%S} UTC: {who} asks for help: {what}")
        await take(tier2, created.handoff.id)
        return


async def main() -> None:
    async with client(os.environ["TIER1"]) as tier1, client(os.environ["TIER2"]) as tier2:
        queue = (await tier2.queue()).handoff_queue
        print(f"{queue.count} waiting")
        # From the queue's cursor on: nothing can happen between the two that it would not hear.
        async with asyncio.TaskGroup() as work:
            work.create_task(wait_and_take(tier2, queue.cursor))
            work.create_task(escalate(tier1))


asyncio.run(main())
