"""The JavaScript clients are never left out where that would go unnoticed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from building.node import LEAST, PROJECT, Node, NoNode, version
from tests.clients.conftest import without_node

REASON = NoNode("there is none")


def test_without_node_they_are_skipped_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="there is none"):
        without_node(REASON)


def test_in_continuous_integration_they_fail_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="there is none"):
        without_node(REASON)


def test_the_script_of_continuous_integration_says_that_it_is_that(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / ".ci", tmp_path / ".ci")
    (tmp_path / "Makefile").write_text("test:\n\t@echo CI is $$CI\n")
    said = subprocess.run(
        [tmp_path / ".ci" / "run"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, check=True
    )
    assert said.stdout == b"CI is true\n"


def test_a_program_that_is_no_node_is_passed_over(tmp_path: Path) -> None:
    broken = tmp_path / "node"
    assert version(broken) == ()
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    assert version(broken) == ()


def test_the_one_that_is_found_runs_typescript(node: Node, tmp_path: Path) -> None:
    assert version(node.program) >= LEAST
    (tmp_path / "typed.ts").write_text("const said: string = 'typed'; console.log(said);")
    said = subprocess.run([node.program, tmp_path / "typed.ts"], capture_output=True, check=True)
    assert said.stdout == b"typed\n"
