"""What waits to be written to one response."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

MAX_FRAMES: Final = 256
MAX_BYTES: Final = 256 * 1024
"""What may wait, at most, and one frame more of whatever size: as on a socket."""
BATCH: Final = 64 * 1024
"""Bytes that are handed over at once: what uvicorn buffers before it lets a writer wait."""


class Outbox:
    """Frames in the order they were put. It has one writer, who says what it has ``written``: until
    then a frame takes its room."""

    __slots__ = ("frames", "refused", "size", "work")

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque()
        self.size = 0
        self.refused = False
        self.work = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self.frames) >= MAX_FRAMES or self.size >= MAX_BYTES

    def offer(self, frame: bytes) -> bool:
        """False when it is full. A frame of any size is taken while there is room at all."""
        if self.full:
            self.refused = True
            return False
        self.put_now(frame)
        return True

    def put_now(self, frame: bytes) -> None:
        """However full it is: for the few frames that are ours."""
        self.frames.append(frame)
        self.size += len(frame)
        self.work.set()

    def take(self) -> bytes:
        """The oldest, as many as make a batch; nothing when there are none."""
        frames = self.frames
        if not frames:
            return b""
        batch = [frames.popleft()]
        size = len(batch[0])
        while frames and size + len(frames[0]) <= BATCH:
            size += len(frames[0])
            batch.append(frames.popleft())
        return b"".join(batch)

    def written(self, size: int) -> bool:
        """Whether somebody was refused and may come again."""
        self.size -= size
        if self.refused and not self.full:
            self.refused = False
            return True
        return False
