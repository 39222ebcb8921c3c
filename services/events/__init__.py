"""The account's ordered log: writing to it, reading it, and following it live.

The table is the truth. The doorbell only says that reading is worth while, so that a lost ring
delays an event and never loses it.
"""

from services.events.doorbell import Doorbell
from services.events.follow import Follower, Hub
from services.events.log import Event, GapInLog, head, of_handoffs, read
from services.events.problems import CursorExpired, CursorUnknown, HubStopped
from services.events.pruning import Pruner
from services.events.recording import record

__all__ = [
    "CursorExpired",
    "CursorUnknown",
    "Doorbell",
    "Event",
    "Follower",
    "GapInLog",
    "Hub",
    "HubStopped",
    "Pruner",
    "head",
    "of_handoffs",
    "read",
    "record",
]
