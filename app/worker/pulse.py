"""Whether a loop still turns."""

import time
from datetime import timedelta
from typing import Final

SILENT: Final = timedelta(seconds=15)
"""A loop that turns every second and has not for so long is taken for stuck: as long as a lease."""


class Pulse:
    """Beats with every turn, and with each step of a long one."""

    def __init__(self) -> None:
        self._at = time.monotonic()

    def beat(self) -> None:
        self._at = time.monotonic()

    @property
    def silence(self) -> float:
        """Seconds since it last beat."""
        return time.monotonic() - self._at
