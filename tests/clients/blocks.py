"""The programs in docs/subscriptions.md, each below a comment with the name of its file."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "subscriptions.md"
BLOCK = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def programs() -> dict[str, str]:
    return dict(BLOCK.findall(PAGE.read_text()))
