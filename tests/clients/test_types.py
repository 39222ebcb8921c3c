"""What the page shows is sound TypeScript, and so is what this folder runs it with."""

import subprocess
from pathlib import Path

from building.node import Node


def test_the_programs_of_the_page_pass_the_type_checker(node: Node, workshop: Path) -> None:
    checker = workshop / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [node.program, checker], cwd=workshop, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0
