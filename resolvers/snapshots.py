"""Secrets in what was frozen, counted once: a snapshot never changes."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.redaction import redact

REMEMBERED: Final = 10_000
"""Snapshots, the most recently asked for."""

LONG: Final = 20_000
"""Characters. What takes longer to read than a few milliseconds must not hold everybody up."""

_counts: OrderedDict[UUID, int] = OrderedDict()


async def redactions(handoff_id: UUID, texts: Sequence[str]) -> int:
    """How many secrets there are in the texts of a handoff's snapshot."""
    count = _counts.pop(handoff_id, None)
    if count is None:
        long = sum(map(len, texts)) > LONG
        count = await asyncio.to_thread(_count, texts) if long else _count(texts)
        if len(_counts) >= REMEMBERED:
            _counts.popitem(last=False)
    _counts[handoff_id] = count
    return count


def _count(texts: Sequence[str]) -> int:
    return sum(redact(text).count for text in texts)
