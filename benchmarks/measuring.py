"""CPU taken by processes, and what a window of load comes to."""

import ctypes
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

import psutil  # type: ignore[import-untyped]


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds, user and system together."""

    server: float
    postgres: float

    def since(self, before: "Cpu") -> "Cpu":
        return Cpu(self.server - before.server, self.postgres - before.postgres)

    def __add__(self, more: "Cpu") -> "Cpu":
        return Cpu(self.server + more.server, self.postgres + more.postgres)


class Meter:
    """Reads what a server and a PostgreSQL cluster have taken so far.

    Processes of the cluster that have ended are in their parent's count, so a connection or an
    autovacuum worker that comes and goes in between is not missed.
    """

    def __init__(self, server: int, postmaster: int) -> None:
        self._server = clock_of(server)
        self._postmaster = psutil.Process(postmaster)

    def read(self) -> Cpu:
        own = self._postmaster.cpu_times()
        cluster = own.user + own.system + own.children_user + own.children_system
        for backend in self._postmaster.children():
            try:
                times = backend.cpu_times()
            except psutil.NoSuchProcess:
                continue
            cluster += times.user + times.system
        return Cpu(self._server(), cluster)


def clock_of(pid: int) -> Callable[[], float]:
    """Seconds of CPU of a process, by its own clock where there is one: the other kind ticks in
    hundredths of a second."""
    try:
        clock_getcpuclockid = ctypes.CDLL(None).clock_getcpuclockid
    except (AttributeError, OSError, TypeError):
        return lambda: sum(psutil.Process(pid).cpu_times()[:2])
    clock = ctypes.c_int()
    if clock_getcpuclockid(pid, ctypes.byref(clock)) != 0:
        raise ProcessLookupError(pid)
    return lambda: time.clock_gettime(clock.value)


@dataclass(frozen=True, slots=True)
class Window:
    """One contestant under load once. Times are seconds; CPU is per operation."""

    operations: int
    rate: float
    p50: float
    p99: float
    server: float
    postgres: float

    @classmethod
    def of(cls, latencies: Sequence[float], seconds: float, taken: Cpu) -> "Window":
        ordered, operations = sorted(latencies), len(latencies)
        return cls(
            operations,
            operations / seconds,
            at(ordered, 0.50),
            at(ordered, 0.99),
            taken.server / operations,
            taken.postgres / operations,
        )

    @classmethod
    def median(cls, windows: Sequence["Window"]) -> "Window":
        """Of each figure by itself."""
        return cls(
            sum(window.operations for window in windows),
            median(window.rate for window in windows),
            median(window.p50 for window in windows),
            median(window.p99 for window in windows),
            median(window.server for window in windows),
            median(window.postgres for window in windows),
        )


def at(ordered: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of all are not above."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
