"""Processes of the service that need not import it first.

A start takes a second, nearly all of it for importing the same modules. So one process imports
them, and forks whenever another is wanted. What it forks is a child of the tests by then, with
an environment and an output of its own, and runs the command as `python -m app` would.

Run as a program it forks on request, until its socket (``sys.argv[1]``, a descriptor) is closed.
"""

import atexit
import ctypes
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from secrets import token_hex
from tempfile import TemporaryFile
from typing import IO, TypeAlias

from app.commands import program
from app.graphql import callers

LARGEST = 256 * 1024  # bytes of a request: arguments and an environment
PR_SET_CHILD_SUBREAPER = 36
"""Source: Linux, include/uapi/linux/prctl.h."""


class Forked:
    """A child like one of `subprocess`, as far as the tests need it. Its output is text."""

    def __init__(self, pid: int, stdout: IO[str] | None = None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = os.pidfd_open(pid)
        self._asking = threading.Lock()

    def __del__(self) -> None:
        os.close(self._ended)

    def poll(self) -> int | None:
        with self._asking:
            if self.returncode is None and select.select([self._ended], [], [], 0)[0]:
                self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        select.select([self._ended], [], [], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._ended, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forker:
    """The process that forks, from here."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "tests.harness.warm", str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        atexit.register(self.close)

    def close(self) -> None:
        self._socket.close()
        self._process.wait()

    def fork(
        self, arguments: Sequence[str], environment: dict[str, str], outputs: tuple[int, int]
    ) -> int:
        asked = json.dumps([arguments, environment]).encode()
        with _orphans_are_ours():
            socket.send_fds(self._socket, [asked], outputs)
            return int(self._socket.recv(32))


_forker = cache(Forker)
_forking = threading.Lock()  # who may have orphans is one setting for all threads


def fork(arguments: Sequence[str], environment: dict[str, str], outputs: tuple[int, int]) -> int:
    """The pid of `baton ARGUMENTS`, which writes to these two descriptors."""
    with _forking:
        return _forker().fork(arguments, environment, outputs)


Process: TypeAlias = "Forked | subprocess.Popen[str]"


def started(command: str, environment: dict[str, str]) -> Process:
    """`baton COMMAND`; what it says on either of its outputs is in ``stdout``."""
    if sys.platform == "linux":
        reading, writing = os.pipe()
        pid = fork([command], environment, (writing, writing))
        os.close(writing)
        return Forked(pid, os.fdopen(reading))
    return subprocess.Popen(
        [sys.executable, "-m", "app", command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def completed(
    *arguments: str, environment: dict[str, str], timeout: float
) -> "subprocess.CompletedProcess[str]":
    """`baton ARGUMENTS`, carried out. Raises subprocess.TimeoutExpired."""
    if sys.platform == "linux":
        with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            outputs = (out.fileno(), err.fileno())
            process = Forked(fork(arguments, environment, outputs))
            try:
                code = process.wait(timeout)
            finally:
                process.kill()
            said = [(output.seek(0), output.read())[1] for output in (out, err)]
        return subprocess.CompletedProcess(arguments, code, *said)
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@contextmanager
def _orphans_are_ours() -> Iterator[None]:
    """Whose parent ends meanwhile is our child from then on."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0)


def serve(asking: socket.socket) -> list[str] | None:
    """Returns the arguments in each process that is forked; None in the end."""
    while True:
        asked, outputs, _, _ = socket.recv_fds(asking, LARGEST, 2)
        if not asked:
            return None
        reading, writing = os.pipe()
        between = os.fork()
        if between == 0:
            pid = os.fork()
            if pid != 0:  # its child is the tests' as soon as this has ended
                os.write(writing, str(pid).encode())
                os._exit(0)
            arguments, environment = json.loads(asked)
            for descriptor in (reading, writing):
                os.close(descriptor)
            begin(outputs, environment)
            return [str(argument) for argument in arguments]
        os.waitpid(between, 0)
        asking.send(os.read(reading, 32))
        for descriptor in (reading, writing, *outputs):
            os.close(descriptor)


def begin(outputs: Sequence[int], environment: dict[str, str]) -> None:
    """As if it were new: what is each process's own is made anew."""
    for descriptor, output in enumerate(outputs, start=1):
        os.dup2(output, descriptor)
        os.close(output)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    setattr(callers, "PROCESS", token_hex(5))  # noqa: B010 - final, but for this


def main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as asking:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's is for the tests
        program()
        gc.collect()
        gc.freeze()
        arguments = serve(asking)
    if arguments is not None:
        sys.argv = ["baton", *arguments]
        program(*arguments[:1])(prog_name="python -m app")


if __name__ == "__main__":
    main()
