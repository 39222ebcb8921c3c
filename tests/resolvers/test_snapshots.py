"""What is counted in a snapshot, and that a long one holds nobody up."""

import asyncio
import time

from db.ids import uuid7
from resolvers import snapshots


async def test_secrets_of_all_texts_are_counted() -> None:
    texts = ["net use X: /user:acme\\bob Winter2026!", "nothing here", "password: letmein"]
    assert await snapshots.redactions(uuid7(), texts) == 2


async def test_a_snapshot_is_counted_once() -> None:
    handoff_id = uuid7()
    assert await snapshots.redactions(handoff_id, ["password: letmein"]) == 1
    assert await snapshots.redactions(handoff_id, []) == 1


async def test_what_is_remembered_is_bounded() -> None:
    first = uuid7()
    await snapshots.redactions(first, ["password: letmein"])
    for _ in range(snapshots.REMEMBERED):
        await snapshots.redactions(uuid7(), [])
    assert len(snapshots._counts) <= snapshots.REMEMBERED
    assert await snapshots.redactions(first, []) == 0


async def test_others_go_on_while_a_long_snapshot_is_counted() -> None:
    line = "2026-11-24 10:02:11 INFO net use curl -u mysql token password: on bearer x\n"
    texts = [line * 50] * 100
    longest = 0.0
    counting = asyncio.ensure_future(snapshots.redactions(uuid7(), texts))
    while not counting.done():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - before)
    assert longest < 0.1
