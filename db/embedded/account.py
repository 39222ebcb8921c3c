"""Which operating system account PostgreSQL runs as, and what that account can reach."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from db.embedded.errors import DataDirectoryUnusable

UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Account:
    """``dropped``: it is not our own account, we are root and give up root for it."""

    uid: int
    gid: int
    dropped: bool


def account_for(cluster: Path) -> Account:
    """Our own account, or for root (which PostgreSQL refuses) one without privileges.

    An existing cluster keeps its owner, so root can also start what another account made. No
    account is created. Whoever else runs as ``nobody`` on the machine could open the files: put
    such a machine's database elsewhere, or start the service from an account of its own.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), dropped=False)
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, dropped=True)
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise DataDirectoryUnusable(
            f"PostgreSQL does not run as root, and there is no account '{UNPRIVILEGED}' to run it "
            "as. Start the service from an account other than root."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, dropped=True)


def has_name(account: Account) -> bool:
    """Whether the account is in the user database: initdb insists on it."""
    try:
        pwd.getpwuid(account.uid)
    except KeyError:
        return False
    return True


def blocked_at(path: Path, account: Account) -> Path | None:
    """The first directory on the way to ``path`` (or itself) that ``account`` may not enter.

    Reads permission bits, which is what a process without capabilities meets. None when all of
    them are open, or when the account is our own and the kernel lets us in.
    """
    real = path.resolve()
    steps = [*reversed(real.parents), real]
    if not account.dropped:
        return next((step for step in steps if not os.access(step, os.X_OK)), None)
    return next((step for step in steps if not _may_enter(step, account)), None)


def _may_enter(step: Path, account: Account) -> bool:
    found = step.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def give(path: Path, account: Account) -> None:
    """Make ``path`` the account's alone: mode 0700."""
    if account.dropped:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    path.chmod(0o700)
