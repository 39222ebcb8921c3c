"""The garbage of others, which is not to be taken for a test's own."""

import gc
import sys
import warnings


def collect_quietly() -> None:
    """What earlier tests have left for the collector, libraries' connections say, is collected
    without a word: else it is told to whichever test happens to collect next."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect()
    finally:
        sys.unraisablehook = hook
