"""One process per data directory."""

import fcntl
import os
from pathlib import Path
from typing import Self

from db.embedded.errors import DataDirectoryInUse


class DirectoryLock:
    """A held ``flock``. The kernel lets go of it when the process ends, however it ends.

    So there is no stale lock; the pid in the file only serves the message.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, file: Path) -> Self:
        """Raises DataDirectoryInUse when another process, or this one already, holds it."""
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).strip()
            os.close(descriptor)
            pid = int(holder) if holder.isdigit() else None
            raise DataDirectoryInUse(file.parent, pid) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Safe to repeat. The file stays: removing it would let two processes lock two files."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
