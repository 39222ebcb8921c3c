"""Bundles the explorer's page: explorer/ and its npm packages into app/explorer/built.

`python -m building.explorer` does it when anything that it is made of has changed. What is built is
part of a wheel, and of a source distribution, but not of the repository.
"""

import fcntl
import json
import re
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from building.commands import Failed, done
from building.node import CACHE, PROJECT, Node, NoNode, find, packages

SOURCES = PROJECT / "explorer"
BUILT = PROJECT / "app" / "explorer" / "built"
BUNDLING = 120.0  # seconds


class NotBuilt(Exception):
    """Why the page could not be made."""


def examples() -> list[str]:
    """The operations that the README shows: the page opens with them."""
    blocks = re.findall(
        r"^```graphql\n(.*?)^```$", (PROJECT / "README.md").read_text(), re.M | re.S
    )
    return [block.strip() for block in blocks]


def made_of() -> str:
    """A digest of everything that the page is made of."""
    digest = sha256(json.dumps(examples()).encode())
    for source in sorted(SOURCES.iterdir()):
        digest.update(f"\0{source.name}\0".encode() + source.read_bytes())
    return digest.hexdigest()


def is_built() -> bool:
    try:
        manifest = json.loads((BUILT / "manifest.json").read_bytes())
    except OSError:
        return False
    return bool(manifest["madeOf"] == made_of())


def build() -> None:
    """Unless it is built. Whoever comes meanwhile waits. Raises NotBuilt."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "building.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if is_built():
            return
        try:
            node = find()
            bundle(node, packages(node, SOURCES / "package.json"))
        except NoNode as reason:
            raise NotBuilt(str(reason)) from None


def bundle(node: Node, modules: Path) -> None:
    """In a folder of its own first, so that an interrupted build is none."""
    with TemporaryDirectory(dir=CACHE) as folder:
        workshop = Path(shutil.copytree(SOURCES, Path(folder, "explorer")))
        (workshop / "node_modules").symlink_to(modules)
        made = Path(folder, "built")
        asked = json.dumps({"into": str(made), "examples": examples(), "madeOf": made_of()})
        try:
            done(node.program, "build.js", asked, cwd=workshop, within=BUNDLING)
        except Failed as reason:
            raise NotBuilt(str(reason)) from None
        shutil.rmtree(BUILT, ignore_errors=True)
        made.rename(BUILT)


def main() -> None:
    """The service is whole without its page: what stands in the way of that here is no failure."""
    if is_built():
        return
    say("building the page for browsers at /graphql (only once)")
    try:
        build()
    except NotBuilt as reason:
        say(f"/graphql has no page for browsers, and `make explorer` tries again: {reason}")


def say(what: str) -> None:
    sys.stderr.write(f"baton: {what}\n")


if __name__ == "__main__":
    main()
