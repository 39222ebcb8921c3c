"""What vendors are sent, word for word, to be read by people when it changes.

To accept a change: delete the file and run the test, which writes it anew and fails once.
"""

from pathlib import Path
from typing import Any

import orjson
import pytest

HERE = Path(__file__).parent


def expect(name: str, sent: Any) -> None:
    """Fail unless ``sent`` is what is written down under this name."""
    file = HERE / f"{name}.json"
    written = orjson.dumps(sent, option=orjson.OPT_INDENT_2).decode() + "\n"
    if not file.exists():
        file.write_text(written)
        pytest.fail(f"{file.name} was not there and is now: read it")
    assert orjson.loads(written) == orjson.loads(file.read_bytes())
