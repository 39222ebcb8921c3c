"""Whether what works in the background of a process still does."""

from collections.abc import Mapping
from datetime import timedelta

from app.worker.assessor import Assessor
from app.worker.carrier import Carrier
from app.worker.pulse import SILENT, Pulse


def alive(
    carrier: Carrier | None, assessor: Assessor | None, *, silent: timedelta = SILENT
) -> Mapping[str, str | None]:
    """What is wrong with the loops of those that are here, by name; None for what is well."""
    loops: dict[str, Pulse] = {}
    if carrier is not None:
        loops |= {"carrier": carrier.pulse, "lookout": carrier.lookout.pulse}
    if assessor is not None:
        loops["assessor"] = assessor.pulse
    return {
        name: f"It has not looked for work for {pulse.silence:.0f} s."
        if pulse.silence > silent.total_seconds()
        else None
        for name, pulse in loops.items()
    }
