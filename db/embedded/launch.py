"""Becomes PostgreSQL: gives up root, arranges to be stopped with the parent, then exec.

Run as a file, isolated: ``python -I -S launch.py UID GID PARENT WATCH PROGRAM ARGUMENT...``. It
imports the standard library only, and everything before it drops privileges: afterwards the
interpreter's own files may be out of reach.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
UNTIED = "-"


def main(arguments: list[str]) -> None:
    """UID and GID are "-" to stay who we are. WATCH is "-" or the end of a pipe to read.

    With "-" the kernel sends SIGINT, PostgreSQL's fast shutdown, when the parent's *thread* ends;
    otherwise a watcher does when the pipe closes without a goodbye.
    """
    # Python's handler only makes a note for later, and exec would lose the note: a server told to
    # stop right now would start and stay
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    uid, gid, parent, watch, *program = arguments
    library = ctypes.CDLL(None, use_errno=True) if watch == UNTIED else None
    if uid != UNTIED:
        os.setgroups([int(gid)])
        os.setgid(int(gid))
        os.setuid(int(uid))
    os.umask(0o077)
    if library is not None:
        # after setuid, which would clear it
        if library.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
        if os.getppid() != int(parent):
            sys.exit("the parent is gone already")
    else:
        watch_parent(int(watch))
    os.execv(program[0], program)  # noqa: S606 - no shell is wanted


def watch_parent(pipe: int) -> None:
    """Fork a watcher that interrupts this process when ``pipe`` closes before a byte is sent.

    A byte means that the parent knows us to be gone: our pid may belong to someone else by then.
    """
    target = os.getpid()
    child = os.fork()
    if child:
        os.close(pipe)
        os.waitpid(child, 0)
        return
    os.setsid()
    if os.fork():  # a grandchild is init's, so PostgreSQL never meets a child it did not make
        os._exit(0)
    if os.read(pipe, 1) == b"":
        os.kill(target, signal.SIGINT)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
