"""Why the embedded server can't run. Each message says what to do about it."""

from pathlib import Path


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL can't be used as it is."""


class BinariesMissing(EmbeddedServerError):
    """No PostgreSQL for this platform is installed, or it can't be executed."""


class DataDirectoryInUse(EmbeddedServerError):
    """Another process holds the directory. ``pid`` is that process, or None when unknown."""

    def __init__(self, data_dir: Path, pid: int | None, detail: str | None = None) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            detail
            or f"The data directory {data_dir} is in use by {holder}. Stop that process, or choose "
            "another directory with BATON_DATA_DIR. A directory belongs to one process at a time; "
            "others may connect to its server."
        )
        self.data_dir, self.pid = data_dir, pid


class DataDirectoryUnusable(EmbeddedServerError):
    """Wrong owner, closed parents, or not a directory of ours."""


class DataDirectoryVersion(EmbeddedServerError):
    """Made by another major version of PostgreSQL, whose files this one can't read."""

    def __init__(self, cluster: Path, found: str, expected: str) -> None:
        super().__init__(
            f"{cluster} was written by PostgreSQL {found}, and this installation runs {expected}. "
            "Nothing was changed. To move the data:\n"
            f"  1. With PostgreSQL {found} (its own package, or the Baton release that wrote it), "
            "as the owner of the directory:\n"
            f"       pg_ctl -D {cluster} -o \"-c listen_addresses='' -k /tmp\" -w start\n"
            "       pg_dump -h /tmp -U postgres -Fc -f baton.dump baton\n"
            f"       pg_ctl -D {cluster} -m fast stop\n"
            f"  2. mv {cluster} {cluster}-{found}\n"
            "  3. Start Baton once: it makes an empty database. Leave it running.\n"
            f"  4. With PostgreSQL {expected}, host as in the server's log line 'listening on Unix "
            "socket':\n"
            "       pg_restore -h <socket directory> -U postgres -d baton --clean --if-exists "
            "baton.dump\n"
            f"  5. Restart Baton; when all is well, delete {cluster}-{found}."
        )
        self.found, self.expected = found, expected


class ServerDidNotStart(EmbeddedServerError):
    """PostgreSQL (or initdb) gave up. ``log`` is what it said."""

    def __init__(self, what: str, log: str, log_file: Path) -> None:
        super().__init__(f"{what} Its log, {log_file}, ends with:\n{log.strip() or '(nothing)'}")
        self.log = log
