"""The file PostgreSQL writes its log to, kept from growing without end."""

import os
import shutil
from pathlib import Path
from typing import IO

LARGEST = 10 * 1024 * 1024  # bytes; one older file of about that size is kept beside it


class ServerLog:
    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> IO[bytes]:
        """For a child to append to. It writes itself: a stalled service must not stall it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        return os.fdopen(os.open(self.path, flags, 0o600), "ab")

    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def since(self, offset: int, *, most: int = 4000) -> str:
        """What was written after ``offset``, its last ``most`` bytes."""
        with self.path.open("rb") as file:
            file.seek(max(offset, self.size() - most, 0))
            return file.read().decode(errors="replace")

    def trim(self) -> None:
        """Move what is there to ``<name>.1`` once it is too much.

        Copied and cut, not renamed: writers hold the file open in append mode and go on at the
        start. A line written between the two steps is lost.
        """
        if self.size() > LARGEST:
            shutil.copyfile(self.path, f"{self.path}.1")
            os.truncate(self.path, 0)
