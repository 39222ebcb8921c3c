"""A child process that ends with us, even when we are killed."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from db.embedded.account import Account

LAUNCH = Path(__file__).with_name("launch.py")
KERNEL_TELLS = sys.platform == "linux"
"""Whether there is a parent-death signal; elsewhere a watcher process does its work."""

POLL = 0.02  # seconds; also how soon a death or readiness is noticed


class Child:
    """A running program. Spawn it from the main thread: on Linux it is stopped with the thread.

    The exit is polled for, not awaited through asyncio's child watchers: closing their transport
    kills with SIGKILL, which is no way to treat a database. Without an ``environment`` it has ours.
    """

    def __init__(
        self,
        program: Sequence[str],
        account: Account,
        log: IO[bytes],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        who = [str(account.uid), str(account.gid)] if account.dropped else ["-", "-"]
        reading: int | None = None
        self._writing: int | None = None
        if not KERNEL_TELLS:
            reading, self._writing = os.pipe()
        watch = "-" if reading is None else str(reading)
        isolated = [sys.executable, "-I", "-S", str(LAUNCH)]
        try:
            self._process = subprocess.Popen(  # noqa: S603
                [*isolated, *who, str(os.getpid()), watch, *program],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_plain(environment),
                cwd="/",
                pass_fds=() if reading is None else (reading,),
                start_new_session=True,  # Ctrl-C is for us; we stop it when we are done
            )
        except BaseException:
            self._close_pipe()
            raise
        finally:
            if reading is not None:
                os.close(reading)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exited(self) -> bool:
        if self._process.poll() is None:
            return False
        self._close_pipe()
        return True

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    async def wait(self) -> None:
        while not self.exited:  # noqa: ASYNC110 - polling is meant, see above
            await asyncio.sleep(POLL)

    async def stop(self, *, patience: float) -> None:
        """Fast shutdown; after ``patience`` seconds an immediate one, recovered at next start."""
        self._signal(signal.SIGINT)
        try:
            await asyncio.wait_for(self.wait(), patience)
        except TimeoutError:
            self._signal(signal.SIGQUIT)
            await self.wait()

    def _signal(self, number: signal.Signals) -> None:
        if not self.exited:
            self._process.send_signal(number)

    def _close_pipe(self) -> None:
        if self._writing is not None:
            try:
                os.write(self._writing, b".")  # goodbye: there is no one to interrupt any more
            except BrokenPipeError:
                pass
            finally:
                os.close(self._writing)
                self._writing = None


def _plain(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what would steer PostgreSQL, speaking English: two messages are looked for."""
    kept = {
        name: value for name, value in environment.items() if not name.startswith(("PG", "LC_"))
    }
    return kept | {"LC_ALL": "C", "LANG": "C"}
