"""Running a command to its end."""

import os
import subprocess
from pathlib import Path


class Failed(Exception):
    """A command did not end as it should. Says what it said, or that it took too long."""


def done(*command: str | Path, cwd: Path, within: float = 60.0, **environment: str) -> str:
    """What it says on its standard output, within so many seconds.

    Raises Failed unless it succeeds.
    """
    try:
        ended = subprocess.run(
            command,
            cwd=cwd,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=within,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"it took longer than {within:g} s") from None
    if ended.returncode != 0:
        raise Failed((ended.stdout + ended.stderr).strip())
    return ended.stdout
