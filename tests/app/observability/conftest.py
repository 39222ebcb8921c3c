"""What the tests of logging change, and how it is put back."""

import logging
import sys
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture
def restored() -> Iterator[None]:
    """The test run's own logging, afterwards."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
