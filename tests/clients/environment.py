"""An environment that has what examples/python needs, and nothing of ours."""

import os
import shutil
import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path

from building.node import PROJECT

REQUIREMENTS = PROJECT / "examples" / "python" / "requirements.txt"
CACHE = PROJECT / ".pip"
INSTALLING, WORKING = 240.0, 60.0  # seconds


class Failed(AssertionError):
    """A command did not end as it should."""


def done(
    *command: str | Path, cwd: Path = PROJECT, within: float = WORKING, **environment: str
) -> str:
    """What it says, within so many seconds. Raises Failed unless it succeeds."""
    try:
        ended = subprocess.run(
            command,
            cwd=cwd,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{command} took longer than {within:g} s") from None
    if ended.returncode != 0:
        raise Failed(ended.stdout + ended.stderr)
    return ended.stdout


def python() -> Path:
    """Its Python. Installed once, and again when requirements.txt has changed.

    Under another name at first, so that an interrupted installation is none.
    """
    home = CACHE / sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:16]
    if not home.exists():
        shutil.rmtree(CACHE, ignore_errors=True)
        begun = CACHE / "begun"
        venv.create(begun, symlinks=True)
        command = [sys.executable, "-m", "pip", "--python", begun / "bin" / "python"]
        command += ["install", "--quiet", "--no-deps", "--no-compile", "-r", REQUIREMENTS]
        done(*command, within=INSTALLING)
        begun.rename(home)
    return home / "bin" / "python"
