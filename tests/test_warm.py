"""What the harness forks is a process of its own, and its commands end as they do elsewhere."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness.warm import completed

PLAIN = {"COLUMNS": "200"}


@pytest.mark.parametrize("arguments", [("token", "--help"), ("nonsense",), ()])
def test_a_command_says_and_ends_as_one_that_was_started_afresh(arguments: tuple[str, ...]) -> None:
    forked = completed(*arguments, environment=PLAIN, timeout=20)
    fresh = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env=PLAIN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (
        fresh.returncode,
        fresh.stdout,
        fresh.stderr,
    )


def test_many_at_once_are_all_children_of_ours() -> None:
    def one(_: int) -> int:
        return completed("token", "--help", environment=PLAIN, timeout=20).returncode

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(16))) == {0}


def test_its_environment_is_what_it_was_given() -> None:
    alone = completed("web", environment=PLAIN | {"BATON_PORT": "none"}, timeout=20)
    assert alone.returncode == 1
    assert "BATON_PORT" in alone.stderr
