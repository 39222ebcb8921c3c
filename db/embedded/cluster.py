"""The cluster directory: making it, judging it, and reading who serves it."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from db.embedded.account import Account, give, has_name
from db.embedded.binaries import Binaries
from db.embedded.errors import DataDirectoryUnusable, DataDirectoryVersion, ServerDidNotStart
from db.embedded.layout import PORT, Layout
from db.embedded.process import Child
from db.embedded.serverlog import ServerLog

SUPERUSER = "postgres"
UNFINISHED = "postgres.unfinished-"

# lines of postmaster.pid, counted from 0. Source: PostgreSQL's src/include/utils/pidfile.h
PID_LINE = 0
STATUS_LINE = 7


def check(layout: Layout, account: Account, binaries: Binaries) -> None:
    """Refuse a cluster that can't be started, before touching anything.

    Raises DataDirectoryVersion or DataDirectoryUnusable.
    """
    owner = layout.cluster.stat().st_uid
    if owner != account.uid:
        raise DataDirectoryUnusable(
            f"{layout.cluster} belongs to uid {owner}, but PostgreSQL would run as uid "
            f"{account.uid}. Start the service from its owner's account, or give it away with: "
            f"chown -R {account.uid}:{account.gid} {layout.cluster}"
        )
    version_file = layout.cluster / "PG_VERSION"
    if not version_file.exists():
        raise DataDirectoryUnusable(
            f"{layout.cluster} is there but holds no PostgreSQL data (no PG_VERSION). Move it "
            "away, or choose another data directory with BATON_DATA_DIR."
        )
    found = version_file.read_text().strip()
    if found != binaries.major:
        raise DataDirectoryVersion(layout.cluster, found, binaries.major)


async def create(layout: Layout, account: Account, binaries: Binaries, log: ServerLog) -> None:
    """initdb beside the final place, then rename: an interrupted one leaves nothing to stumble on.

    Trust authentication is safe here: there is no TCP, and the socket's directory opens to the
    account PostgreSQL runs as (and root) alone, who could read the data files anyway.
    """
    if not has_name(account):
        raise DataDirectoryUnusable(
            f"uid {account.uid} has no name in the user database, and PostgreSQL's initdb insists "
            "on one. Add a line for it to /etc/passwd, or use another account."
        )
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=layout.root))
    give(unfinished, account)
    offset = log.size()
    with log.open() as output:
        initdb = Child(_initdb(binaries, unfinished), account, output)
    try:
        await initdb.wait()
    finally:
        await initdb.stop(patience=5)
    if initdb.exit_code != 0:
        raise ServerDidNotStart("initdb failed.", log.since(offset), log.path)
    _put_in_place(unfinished, layout.cluster)


def remove_unfinished(layout: Layout) -> None:
    """What an interrupted initdb left.

    It may still be at work for a moment after its parent was killed, which is why each one has a
    directory of its own: it fails alone.
    """
    for directory in layout.root.glob(f"{UNFINISHED}*"):
        shutil.rmtree(directory, ignore_errors=True)


def _initdb(binaries: Binaries, directory: Path) -> list[str]:
    return [
        str(binaries.initdb),
        f"--pgdata={directory}",
        f"--username={SUPERUSER}",
        "--auth-local=trust",
        "--auth-host=reject",
        "--encoding=UTF8",
        # the server's own collation: an upgrade of the system's libraries can't break an index
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--no-instructions",
    ]


def is_ready(layout: Layout, pid: int) -> bool:
    """Whether the postmaster with ``pid`` accepts connections, as it wrote in its pid file.

    Needs no connection, so it can be asked often. pg_ctl does the same.
    """
    lines = _pid_file_lines(layout)
    return (
        len(lines) > STATUS_LINE
        and lines[PID_LINE].strip() == str(pid)
        and lines[STATUS_LINE].strip() == "ready"
    )


def running_postmaster(layout: Layout) -> int | None:
    """The pid of a live postmaster of this cluster, also one that is still stopping."""
    pid = _recorded_pid(layout)
    return pid if pid is not None and _serves(pid, layout.cluster) else None


def forget_stranger(layout: Layout) -> None:
    """Remove a pid file whose pid now belongs to someone else; call when no postmaster runs.

    PostgreSQL only looks whether the pid is alive, and refuses to start for ever if it is: pids
    repeat when containers restart, and a zombie counts as alive too. It still finds backends that
    outlived their postmaster, by the cluster's shared memory. Files of dead pids are left for it
    to judge.
    """
    pid = _recorded_pid(layout)
    if pid is not None and _alive(pid):
        (layout.cluster / "postmaster.pid").unlink(missing_ok=True)
        (layout.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def _recorded_pid(layout: Layout) -> int | None:
    lines = _pid_file_lines(layout)
    # a negative pid is what a single-user postgres records
    return abs(int(lines[PID_LINE])) if lines and lines[PID_LINE].lstrip("-").isdigit() else None


def _pid_file_lines(layout: Layout) -> list[str]:
    try:
        return (layout.cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(pid: int, cluster: Path) -> bool:
    if sys.platform == "linux":
        try:
            # PostgreSQL works from inside its data directory; a zombie has no directory
            return Path(f"/proc/{pid}/cwd").readlink() == cluster
        except OSError:
            return False
    said = subprocess.run(  # noqa: S603
        ["/bin/ps", "-o", "comm=", "-p", str(pid)], capture_output=True, check=False, text=True
    )
    return Path(said.stdout.strip()).name.startswith("postgres")


def _put_in_place(directory: Path, place: Path) -> None:
    """Rename, and make the new name survive a power cut."""
    directory.rename(place)
    parent = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
