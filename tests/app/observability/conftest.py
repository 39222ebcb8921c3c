"""What the tests of logging change, and how it is put back."""

import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from app.observability.logs import WARNINGS_ONLY

NAMED = ("uvicorn", "uvicorn.error", "uvicorn.access", *WARNINGS_ONLY)


@pytest.fixture
def restored() -> Iterator[None]:
    """The test run's own logging, afterwards."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    others = [logging.getLogger(name) for name in NAMED]
    levels = [each.level for each in others]
    yield
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    for each, its_level in zip(others, levels, strict=True):
        each.setLevel(its_level)
    logging.captureWarnings(False)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
