"""Timing side by side, and what a row of the table holds."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Times:
    """Seconds of the processor over the repeats of one piece of work."""

    median: float
    fastest: float
    slowest: float
    repeats: int

    def __str__(self) -> str:
        median, fastest, slowest = (
            f"{1000 * seconds:.3g}" for seconds in (self.median, self.fastest, self.slowest)
        )
        return f"{median} ms ({fastest} .. {slowest}, n = {self.repeats})"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    work : str
        What was done.
    measured : float or None
        The ratio, or the time in ms; None when the row was skipped.
    gate : float or None
        What it is held against; None where there is no gate.
    at_least : bool
        Whether the gate is a lower bound.
    unit : str
        Printed behind both numbers.
    times : mapping of str to Times
        The times behind the number.
    remark : str
        A sentence: what was checked, or why the row was skipped.
    peak : int or None
        Bytes that the work held at most beyond its input; None when nobody looked.
    """

    work: str
    measured: float | None = None
    gate: float | None = None
    at_least: bool = True
    unit: str = "x"
    times: Mapping[str, Times] = field(default_factory=dict)
    remark: str = ""
    peak: int | None = None

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, ``no gate`` or ``skipped``."""
        if self.measured is None:
            return "skipped"
        if self.gate is None:
            return "no gate"
        met = self.measured >= self.gate if self.at_least else self.measured <= self.gate
        return "met" if met else "missed"

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return {**asdict(self), "verdict": self.verdict}


def side_by_side(
    work: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 15,
    enough: float = 6.0,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, Times]:
    """Time several pieces of work in turn, so that a busy moment of the machine hits all alike.

    Parameters
    ----------
    work : mapping of str to callable
        What to time; each is run once beforehand to warm up.
    rounds : int
        Repeats of each.
    enough : float
        Seconds after which a piece is repeated no more (but three times at least).
    clock : callable
        Seconds; by default those of the processor, which other programs disturb least.
    """
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for run in work.values():
        run()
    for done in range(rounds):
        for name, run in work.items():
            if done >= 3 and sum(seconds[name]) > enough:
                continue
            start = clock()
            run()
            seconds[name].append(clock() - start)
    return {
        name: Times(statistics.median(found), min(found), max(found), len(found))
        for name, found in seconds.items()
    }


def peak_bytes(work: Callable[[], object]) -> int:
    """Bytes that a piece of work allocates at most at one time, numpy's arrays among them."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        work()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return most - before


def missed(rows: Sequence[Row]) -> str:
    """Say which gates are missed, and what was skipped."""
    held = [row for row in rows if row.verdict in ("met", "missed")]
    lost = [row.work for row in held if row.verdict == "missed"]
    skipped = [row.work for row in rows if row.verdict == "skipped"]
    said = f"{len(held) - len(lost)} of {len(held)} gates met."
    if lost:
        said += f" Missed: {'; '.join(lost)}."
    if skipped:
        said += f" Skipped: {'; '.join(skipped)}."
    return said


def ratio(times: Mapping[str, Times], above: str, below: str) -> float:
    """Median of one piece of work over that of another."""
    return times[above].median / times[below].median
