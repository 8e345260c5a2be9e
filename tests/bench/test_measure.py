"""The table says what was measured."""

import numpy as np
import pytest

from tests.bench.measure import Row, missed, peak_bytes, ratio, side_by_side


@pytest.mark.parametrize(
    ("measured", "gate", "at_least", "verdict"),
    [
        (15.0, 15.0, True, "met"),
        (14.9, 15.0, True, "missed"),
        (2.0, 2.0, False, "met"),
        (2.1, 2.0, False, "missed"),
        (7.0, None, True, "no gate"),
        (None, 15.0, True, "skipped"),
    ],
)
def test_a_row_is_held_against_its_gate(
    measured: float | None, gate: float | None, at_least: bool, verdict: str
) -> None:
    row = Row("work", measured, gate, at_least=at_least)
    assert row.verdict == verdict
    assert row.to_dict()["verdict"] == verdict


def test_times_are_taken_in_turn_after_a_warm_up() -> None:
    now, calls = [0.0], []

    def work(name: str, seconds: float) -> None:
        calls.append(name)
        now[0] += seconds

    times = side_by_side(
        {"slow": lambda: work("slow", 4.0), "quick": lambda: work("quick", 0.5)},
        rounds=5,
        enough=9.0,
        clock=lambda: now[0],
    )
    assert calls[:6] == ["slow", "quick"] * 3
    assert (times["slow"].repeats, times["quick"].repeats) == (3, 5)
    assert ratio(times, "slow", "quick") == 8.0


def test_missed_gates_are_named() -> None:
    rows = [Row("quick", 1.0, 2.0, at_least=False), Row("slow", 3.0, 2.0, at_least=False)]
    assert missed(rows) == "1 of 2 gates met. Missed: slow."
    assert missed([*rows[:1], Row("free", 1.0)]) == "1 of 1 gates met."
    assert missed([*rows[:1], Row("page")]) == "1 of 1 gates met. Skipped: page."


def test_peak_memory_counts_arrays_that_are_gone_again() -> None:
    assert 8_000_000 <= peak_bytes(lambda: np.ones(1_000_000).sum()) < 9_000_000
