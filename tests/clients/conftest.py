"""Real clients of other makers, against real web processes."""

import os
import shutil
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from building.node import PROJECT, Node, NoNode, find, packages
from tests.clients import blocks
from tests.clients.consumer import Begin, Consumer, consumer, program
from tests.harness.web import SECRET

HERE = Path(__file__).parent


def without_node(reason: NoNode) -> NoReturn:
    """Continuous integration promises these tests: there, what is missing is a failure."""
    if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        pytest.fail(str(reason), pytrace=False)
    pytest.skip(str(reason))


@pytest.fixture(scope="session")
def node() -> Node:
    try:
        return find()
    except NoNode as reason:
        without_node(reason)


@pytest.fixture(scope="session")
def workshop(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's programs, those of this folder, and the packages they import."""
    try:
        modules = packages(node, HERE / "package.json")
    except NoNode as reason:
        without_node(reason)
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "node_modules").symlink_to(modules)
    for name, text in blocks.programs().items():
        (folder / name).write_text(text)
    for source in (
        PROJECT / "schema.graphql",
        *HERE.glob("*.json"),
        HERE / "eslint.config.js",
        *(HERE / "programs").iterdir(),
    ):
        if source.is_file():
            shutil.copy(source, folder)
    return folder


@pytest.fixture
def begin(node: Node, workshop: Path) -> Begin:
    def run(
        follower: str, url: str, tokens: str, *, folder: Path | None = None, **asked: Any
    ) -> AbstractAsyncContextManager[Consumer]:
        asked |= {"transport": follower, "url": f"{url}/graphql", "tokens": tokens}
        return consumer(folder or workshop, program(node, follower), **asked)

    return run


@pytest.fixture(scope="module")
def settings(dsn: str) -> dict[str, str]:
    return {"database_url": dsn, "auth_secret": SECRET, "link_base": "https://desk.example"}
