"""Where each contestant hears of events: its own channel of PostgreSQL.

On all but plain Strawberry's it is said which account's log reaches how far, as between Baton's
replicas; there, the rows themselves.
"""

from typing import Final

from services.events import line

BATON: Final = line.CHANNEL
FLOOR: Final = "floor"
FRAMES: Final = "frames"
PLAIN: Final = "plain"
