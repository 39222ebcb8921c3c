"""What is asked for, and what every contestant must answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from benchmarks import timeline
from benchmarks.contestants import typeids
from resolvers import cursors
from services.actor import Actor

PRIORITY: Final = "HIGH"
"""Of every handoff that is told of."""

EVENT: Final = """
      cursor
      occurredAt
      actor { id name tier }
      handoff {
        id
        version
        intent
        status
        priority
        problemSummary
        raisedBy { id name tier }
        target { id name tier }
        claimedBy { id name tier }
        claimedAt
        closedAt
      }
"""

RAISED: Final = f"""
  subscription Raised($after: Cursor) {{
    handoffCreated(after: $after) {{{EVENT}}}
  }}
"""

EVENTS: Final = f"""
  subscription Events($after: Cursor) {{
    handoffEvents(after: $after) {{
      __typename
      ... on StreamReady {{ cursor latest openHandoffs }}
      ... on HandoffCreated {{{EVENT}}}
    }}
  }}
"""


@dataclass(frozen=True, slots=True)
class Written:
    """An event. ``at`` is when its transaction had committed, by perf_counter()."""

    seq: int
    handoff_id: UUID
    occurred_at: datetime
    at: float


def subscribe(document: str, variables: Mapping[str, Any] | None = None) -> bytes:
    """Every subscriber of every contestant says the same, so all could share one execution."""
    payload: dict[str, Any] = {"query": document}
    if variables is not None:
        payload["variables"] = variables
    return orjson.dumps({"id": "1", "type": "subscribe", "payload": payload})


def event(
    account_id: UUID, seq: int, handoff_id: UUID, occurred_at: datetime, raiser: Actor
) -> dict[str, Any]:
    """As Baton tells it."""
    who = {
        "id": typeids.write("engineer", raiser.id),
        "name": raiser.name,
        "tier": raiser.tier,
    }
    return {
        "cursor": cursors.write(account_id, seq),
        "occurredAt": f"{occurred_at.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z",
        "actor": who,
        "handoff": {
            "id": typeids.write("handoff", handoff_id),
            "version": 1,
            "intent": "ESCALATE",
            "status": "OPEN",
            "priority": PRIORITY,
            "problemSummary": timeline.PROBLEM,
            "raisedBy": who,
            "target": None,
            "claimedBy": None,
            "claimedAt": None,
            "closedAt": None,
        },
    }
