"""schema.graphql keeps the rules of graphql-eslint that eslint.config.js does not switch off."""

import shutil
import subprocess
from pathlib import Path

from building.node import Node


def lint(node: Node, folder: Path) -> "subprocess.CompletedProcess[str]":
    program = folder / "node_modules" / "eslint" / "bin" / "eslint.js"
    command = [node.program, program, "schema.graphql"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_schema_is_as_the_rules_want_it(node: Node, workshop: Path) -> None:
    done = lint(node, workshop)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_rules_are_asked(node: Node, workshop: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to((workshop / "node_modules").resolve())
    shutil.copy(workshop / "eslint.config.js", tmp_path)
    text = (workshop / "schema.graphql").read_text()
    spoilt = text.replace('  """Who has it."""\n', "", 1).replace("edges: [Step", "items: [Step", 1)
    (tmp_path / "schema.graphql").write_text(spoilt)
    done = lint(node, tmp_path)
    assert done.returncode == 1
    assert "require-description" in done.stdout
    assert "relay-connection-types" in done.stdout
