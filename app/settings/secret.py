"""The secrets of an installation that was given none."""

import fcntl
import os
import secrets
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from app.settings.loading import SettingsError

SIGNING = "auth-secret"
ENCRYPTING = "secret-key"


def auth_secret(data_dir: Path) -> str:
    """The secret that tokens are signed with, kept in ``data_dir``, made at the first call.

    Any number of processes may call it at once: the first to lock the file writes it, the others
    read it. Raises SettingsError when it can't be kept or trusted.
    """
    file = data_dir / SIGNING
    secret = _kept(file, "BATON_AUTH_SECRET", lambda: secrets.token_urlsafe(48))
    if len(secret.encode()) < 32:
        raise SettingsError([f"{file} is damaged: delete it, and a new one is made."])
    return secret


def secret_key(data_dir: Path) -> str:
    """The key that secrets at rest are encrypted with; otherwise as ``auth_secret``."""
    file = data_dir / ENCRYPTING
    key = _kept(file, "BATON_SECRET_KEYS", lambda: urlsafe_b64encode(os.urandom(32)).decode())
    if not _is_key(key):
        raise SettingsError(
            [
                f"{file} is damaged: bring it back from a backup. Without it the integrations' "
                "secrets are lost; delete it, and a new one is made to enter them again with."
            ]
        )
    return key


def has_secret_key(data_dir: Path) -> bool:
    return (data_dir / ENCRYPTING).exists()


def _is_key(text: str) -> bool:
    try:
        return len(urlsafe_b64decode(text)) == 32
    except ValueError:
        return False


def _kept(file: Path, setting: str, make: Callable[[], str]) -> str:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            _refuse_open_file(file, opened)
            return opened.read().strip() or _write(opened, make())
    except OSError as error:
        raise SettingsError(
            [
                f"{file} can't be kept ({error.strerror}): make BATON_DATA_DIR writable for the "
                f"account the service runs as, or set {setting}."
            ]
        ) from None


def _write(opened: TextIO, secret: str) -> str:
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
