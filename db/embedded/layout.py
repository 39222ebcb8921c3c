"""Where things lie in a data directory, and where it is by default.

<data_dir>/                 stays ours; the service keeps its own files here too
    lock                    held with flock by the process that runs the server
    postgres/               the cluster; belongs to the account PostgreSQL runs as, 0700
    postgres.log[.1]        what PostgreSQL says, bounded
    socket/                 the unix socket; same owner as the cluster, 0700
    postgresql-<version>/   a copy of the binaries, only when the installed ones are out of reach
"""

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from db.embedded.account import Account, blocked_at, give
from db.embedded.errors import DataDirectoryUnusable

PORT = 5432  # names the socket file only; nothing listens on TCP

# sun_path holds 108 bytes on Linux and 104 on macOS, with the final zero
LONGEST_SOCKET_PATH = 103

# other characters would need quoting in a setting, a URL or both
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")


def default_data_dir() -> Path:
    """The platform's place for an application's data; for root a system one.

    Root's home is closed to the account PostgreSQL has to run as, so it can't be there.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/baton")
    return platformdirs.user_data_path("baton", appauthor=False)


@dataclass(frozen=True)
class Layout:
    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def cluster(self) -> Path:
        return self.root / "postgres"

    @property
    def log(self) -> Path:
        return self.root / "postgres.log"

    @property
    def sockets(self) -> Path:
        """In the data directory, or when that is too long or oddly named, in the temp directory.

        The same for every process, so that others find the server of a running service.
        """
        inside = self.root / "socket"
        if fits(inside):
            return inside
        key = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        temporary = Path(tempfile.gettempdir()).resolve() / f"baton-{key}"
        return temporary if fits(temporary) else Path("/tmp") / temporary.name  # noqa: S108


def fits(directory: Path) -> bool:
    """Whether a socket in ``directory`` has a short enough path, without characters to quote."""
    longest = directory / f".s.PGSQL.{PORT}"
    return (
        len(os.fsencode(longest)) <= LONGEST_SOCKET_PATH
        and PLAIN_PATH.fullmatch(str(directory)) is not None
    )


def make_root(root: Path) -> None:
    """Create the data directory. Raises DataDirectoryUnusable when it can't be written."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataDirectoryUnusable(
            f"The data directory {root} can't be made: {error.strerror}. Choose another with "
            "BATON_DATA_DIR, or make it and give it to the account the service runs as."
        ) from error
    if not os.access(root, os.W_OK | os.X_OK):
        raise DataDirectoryUnusable(
            f"The data directory {root} can't be written by uid {os.geteuid()}. Choose another "
            "with BATON_DATA_DIR, or give this one to the account the service runs as."
        )


def open_way(root: Path, account: Account) -> None:
    """Make sure that ``account`` gets through to the cluster. Parents are left as they are."""
    if account.dropped:
        # through, not in: names can't be listed, and each file keeps its own mode
        root.chmod(stat.S_IMODE(root.stat().st_mode) | stat.S_IXOTH)
    closed = blocked_at(root, account)
    if closed is not None:
        raise DataDirectoryUnusable(
            f"PostgreSQL does not run as root but as uid {account.uid}, which may not enter "
            f"{closed} on the way to the data directory {root}. Leave BATON_DATA_DIR unset "
            f"(default: {default_data_dir()}), choose a directory outside {closed}, or allow "
            f"passage with: chmod o+x {closed}"
        )


def make_sockets(layout: Layout, account: Account) -> Path:
    """The directory of the socket, open to ``account`` (and root) alone.

    Raises DataDirectoryUnusable when someone else has put something in its place.
    """
    directory = layout.sockets
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()  # in the temp directory anyone could have been first
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.uid}:
        raise DataDirectoryUnusable(
            f"The socket's directory {directory} belongs to someone else. Remove it, or choose a "
            "shorter BATON_DATA_DIR so that the socket can lie inside."
        )
    give(directory, account)
    return directory
