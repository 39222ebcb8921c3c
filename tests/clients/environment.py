"""An environment that has what examples/python needs, and nothing of ours."""

import shutil
import sys
import venv
from hashlib import sha256
from pathlib import Path

from building.commands import done
from building.node import PROJECT

REQUIREMENTS = PROJECT / "examples" / "python" / "requirements.txt"
CACHE = PROJECT / ".pip"
INSTALLING = 240.0  # seconds


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
        done(*command, cwd=PROJECT, within=INSTALLING)
        begun.rename(home)
    return home / "bin" / "python"
