"""Make .venv hold what pyproject.toml and constraints.txt say. Called by the Makefile.

Several makes may start at once, say `make serve` in one terminal and `make demo` in the next: the
first installs, the others wait for it.
"""

import fcntl
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
SOURCES = (ROOT / "pyproject.toml", ROOT / "constraints.txt")
STAMP = ENVIRONMENT / ".installed"
"""Written last, so an interrupted installation has none. Holds the checkout's path, because the
programs of an environment name their interpreter by path: a copied or moved one is made anew."""


def main() -> None:
    with SOURCES[0].open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        sound = whole()
        if sound and not outdated():
            return
        STAMP.unlink(missing_ok=True)
        if not sound:
            create()
        install()
        STAMP.write_text(f"{ROOT}\n")


def whole() -> bool:
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == f"{ROOT}\n"


def outdated() -> bool:
    return any(source.stat().st_mtime > STAMP.stat().st_mtime for source in SOURCES)


def create() -> None:
    say(f"making .venv with Python {sys.version.split()[0]}")
    if ENVIRONMENT.is_symlink():
        sys.exit(f"{ENVIRONMENT} is a link to somewhere else; remove it, then try again.")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    venv.create(ENVIRONMENT, symlinks=True, with_pip=True)


def install() -> None:
    say("installing the pinned dependencies into .venv (under a minute, and only once)")
    command = ["-m", "pip", "install", "--quiet", "-c", "constraints.txt", "-e", ".[test]"]
    done = subprocess.run([PYTHON, *command], cwd=ROOT, check=False)  # noqa: S603
    if done.returncode != 0:
        sys.exit("The dependencies could not be installed; pip says why above.")


def say(what: str) -> None:
    sys.stderr.write(f"baton: {what}\n")


if __name__ == "__main__":
    main()
