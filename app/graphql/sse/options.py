"""What a deployment may set about event streams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

HEARTBEAT: Final = timedelta(seconds=12)
"""Proxies wait 30 s and more for a byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """``heartbeat``: silence until a comment is sent."""

    heartbeat: timedelta = HEARTBEAT
