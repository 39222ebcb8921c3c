"""One server for the tests of a file that need nothing special of it."""

from collections.abc import Iterator

import pytest

from tests.app.graphql.served import Served


@pytest.fixture(scope="module")
def running() -> Iterator[Served]:
    with Served() as server:
        yield server


@pytest.fixture
def server(running: Served) -> Served:
    """With nothing noted yet."""
    running.log.clear()
    running.observed.said.clear()
    return running
