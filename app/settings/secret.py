"""The signing secret of an installation that was given none."""

import fcntl
import os
import secrets
import stat
from pathlib import Path
from typing import TextIO

from app.settings.loading import SettingsError

FILE = "auth-secret"


def auth_secret(data_dir: Path) -> str:
    """The secret kept in ``data_dir``, made at the first call.

    Any number of processes may call it at once: the first to lock the file writes it, the others
    read it. Raises SettingsError when it can't be kept or trusted.
    """
    file = data_dir / FILE
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            _refuse_open_file(file, opened)
            secret = opened.read().strip() or _make(opened)
    except OSError as error:
        raise SettingsError(
            [
                f"{file} can't be kept ({error.strerror}): make BATON_DATA_DIR writable for the "
                "account the service runs as, or set BATON_AUTH_SECRET."
            ]
        ) from None
    if len(secret.encode()) < 32:
        raise SettingsError([f"{file} is damaged: delete it, and a new one is made."])
    return secret


def _make(opened: TextIO) -> str:
    secret = secrets.token_urlsafe(48)
    opened.write(secret)
    opened.flush()
    os.fsync(opened.fileno())
    return secret


def _refuse_open_file(file: Path, opened: TextIO) -> None:
    if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
        raise SettingsError(
            [
                f"{file} can be read by other accounts of this machine: delete it if they may "
                f"have, so that a new one is made, or close it with: chmod 600 {file}"
            ]
        )
