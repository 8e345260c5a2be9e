"""The back-test of levers: past events replayed, what was predicted against what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.data.metadata import BilingualText
from sandtable.data.parameters import ParameterSet
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.planning.hindsight import lever_wording as wording
from sandtable.planning.hindsight.lever_measures import Agreement, agreement
from sandtable.planning.hindsight.past_events import (
    NOT_REPLAYED,
    PastEvent,
    events_table,
    history_of,
    levers_of,
)
from sandtable.planning.hindsight.replaying import WAYS, Replay, Replayer, Way

Grade = Literal["usable", "with_care", "no_skill", "too_little_history", "not_available"]
FEWEST_EVENTS = 8
PERIODS, LONGEST = 3, 12
COVERED_AT_LEAST = 0.8
MOST_BIAS = 0.02
QUIET = ("slope", "error", "low", "high")
COLUMNS = (
    "event",
    "period",
    "lever",
    "product",
    "firm",
    "price_change",
    "periods",
    "comparables",
    "units_before",
    "seen",
    *(f"{name}_{way}" for way in WAYS for name in ("predicted", "low", "high", "inside")),
)
Progress = Callable[[int, int], bool | None]


@dataclass(frozen=True)
class LeverVerdict:
    """What the events say of one way of predicting."""

    way: Way
    grade: Grade
    sentence: BilingualText


@dataclass(frozen=True)
class LeverBackTest:
    """What the replay of past events found.

    Attributes
    ----------
    parameters : str
        Name of the parameter set.
    same_periods : bool
        Whether the parameters were estimated on sales of the same periods.
    table : DataFrame
        One row an event. ``seen``, ``predicted``, ``low`` and ``high`` are changes of units against comparable
        products, as rates; ``inside`` is None without an interval.
    agreements : tuple of Agreement
    verdicts : tuple of LeverVerdict
        One for each way, or one when nothing is available.
    left_out : DataFrame
        event, kind, reason: what was not replayed.
    notes : tuple of BilingualText
        What a reader of the numbers must know.
    quiet_slope : tuple of float or None
        Slope, error and 95 % interval of seen against predicted changes of products without an event: below 1, prices
        follow demand or the parameters are too steep.
    """

    data_set: str
    sha256: str
    parameters: str
    periods: int
    same_periods: bool
    table: pd.DataFrame
    agreements: tuple[Agreement, ...]
    verdicts: tuple[LeverVerdict, ...]
    left_out: pd.DataFrame
    notes: tuple[BilingualText, ...]
    quiet_slope: tuple[float, float, float, float] | None

    def left_out_counts(self) -> dict[tuple[str, str], int]:
        """Count what was not replayed, by kind and reason."""
        pairs = zip(self.left_out["kind"], self.left_out["reason"], strict=True)
        return dict(sorted(Counter(pairs).items()))

    def to_dict(self) -> dict[str, Any]:
        """Return the whole as plain values, for JSON; what is unknown is None."""
        counts = self.left_out_counts()
        return {
            "schema": 1,
            "data_set": self.data_set,
            "sha256": self.sha256,
            "parameters": self.parameters,
            "periods": self.periods,
            "same_periods": self.same_periods,
            "verdicts": [
                {"way": one.way, "grade": one.grade, "sentence": one.sentence.model_dump()}
                for one in self.verdicts
            ],
            "agreements": [_plain(asdict(one)) for one in self.agreements],
            "events": [_plain(row) for row in self.table.to_dict("records")],
            "left_out": self.left_out.to_dict("records"),
            "left_out_reasons": {reason: NOT_REPLAYED[reason].model_dump() for _, reason in counts},
            "quiet_slope": (
                None
                if self.quiet_slope is None
                else _plain(dict(zip(QUIET, self.quiet_slope, strict=True)))
            ),
            "notes": [one.model_dump() for one in self.notes],
        }


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row as JSON knows it; None for a number that is not finite."""
    unknown = {name for name, one in row.items() if isinstance(one, float) and not np.isfinite(one)}
    return {str(name): None if name in unknown else one for name, one in row.items()}


def lever_back_test(
    data_set: DataSet,
    *,
    parameters: str | None = None,
    periods: int = PERIODS,
    events: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> LeverBackTest:
    """Replay the past events of a data set that levers can express.

    Parameters
    ----------
    data_set : DataSet
        As `open_data_set` loads it.
    parameters : str, optional
        Name of a parameter set; the default of the data set otherwise.
    periods : int
        Periods from the event on over which its effect is read, 1 to 12.
    events : DataFrame, optional
        event, period, kind, product; the table of the data set otherwise.
    progress : callable, optional
        Called with the events done and all of them; False stops.

    Raises
    ------
    InputError
        If the parameter set is unknown or the periods out of range.
    KeyboardInterrupt
        If `progress` returns False.
    """
    chosen = _parameters(data_set, parameters, periods)
    events = events_table(data_set) if events is None else events
    if events is None:
        verdict = LeverVerdict(WAYS[0], "not_available", wording.NO_EVENTS)
        return _result(data_set, chosen, periods, [], [], (verdict,))
    history = history_of(data_set, events)
    found, left_out = levers_of(history, events, data_set.metadata.own_firm)
    replayer = Replayer(data_set, chosen, history)
    replays = _replayed(replayer, found, periods, progress)
    missed = [event for event in found if event.code not in replays]
    left_out += [(event.code, "price", "no_comparables") for event in missed]
    kept = list(replays.values())
    rows = [
        _row(one, history.periods[one.event.base + 1], history.firms[one.event.column])
        for one in kept
    ]
    agreements = tuple(agreement(kept, way) for way in WAYS)
    verdicts = tuple(judge(one) for one in agreements)
    return _result(
        data_set,
        chosen,
        periods,
        rows,
        left_out,
        verdicts,
        agreements,
        replayer.quiet_slope(periods),
    )


def _replayed(
    replayer: Replayer, events: Sequence[PastEvent], periods: int, progress: Progress | None
) -> dict[str, Replay]:
    """Replay events, by their code; those without comparable products are missing."""
    replays = {}
    for number, event in enumerate(events, start=1):
        one = replayer.replay(event, periods)
        if one is not None:
            replays[event.code] = one
        if progress is not None and progress(number, len(events)) is False:
            raise KeyboardInterrupt
    return replays


def _result(
    data_set: DataSet,
    parameters: ParameterSet,
    periods: int,
    rows: list[dict[str, Any]],
    left_out: list[tuple[str, str, str]],
    verdicts: tuple[LeverVerdict, ...],
    agreements: tuple[Agreement, ...] = (),
    quiet: tuple[float, float, float, float] | None = None,
) -> LeverBackTest:
    same = any(one.grade == "estimated" for one in parameters.named().values())
    return LeverBackTest(
        data_set=data_set.name,
        sha256=data_set.sha256,
        parameters=parameters.name,
        periods=periods,
        same_periods=same,
        table=pd.DataFrame(rows, columns=list(COLUMNS)),
        agreements=agreements,
        verdicts=verdicts,
        left_out=pd.DataFrame(left_out, columns=["event", "kind", "reason"]),
        notes=() if quiet is None else wording.notes(same, quiet),
        quiet_slope=quiet,
    )


def _row(one: Replay, period: str, firm: str) -> dict[str, Any]:
    """Return one event of the table; changes as rates of units."""
    row: dict[str, Any] = {
        "event": one.event.code,
        "period": period,
        "lever": one.event.move.lever,
        "product": one.event.move.product,
        "firm": firm,
        "price_change": one.event.change,
        "periods": one.length,
        "comparables": one.comparables,
        "units_before": one.units,
        "seen": float(np.expm1(one.seen)),
    }
    for way in WAYS:
        predicted, width = one.predicted[way], one.half_widths[way]
        row[f"predicted_{way}"] = float(np.expm1(predicted))
        row[f"low_{way}"] = float(np.expm1(predicted - width))
        row[f"high_{way}"] = float(np.expm1(predicted + width))
        known = np.isfinite(width)
        row[f"inside_{way}"] = bool(abs(one.seen - predicted) <= width) if known else None
    return row


def judge(found: Agreement) -> LeverVerdict:
    """Say how far the predictions of one way have come true."""
    grade: Grade
    if found.n < FEWEST_EVENTS or not np.isfinite(found.slope_low):
        grade, words = "too_little_history", wording.TOO_FEW
    elif not found.slope_low > 0:
        grade, words = "no_skill", wording.NO_DIRECTION
    elif not found.wape < 1:
        grade, words = "no_skill", wording.NO_SKILL
    elif not found.slope_low <= 1 <= found.slope_high:
        grade, words = "with_care", wording.OTHER_SIZE
    elif not found.coverage_high >= COVERED_AT_LEAST or found.n_interval < FEWEST_EVENTS:
        grade, words = "with_care", wording.NOT_COVERED
    elif abs(found.bias) > MOST_BIAS:
        grade, words = "with_care", wording.BIASED
    else:
        grade, words = "usable", wording.SKILL
    return LeverVerdict(found.way, grade, wording.filled(words, found, FEWEST_EVENTS))


def _parameters(data_set: DataSet, name: str | None, periods: int) -> ParameterSet:
    faults = []
    if not 1 <= periods <= LONGEST:
        message = f"is {periods}; write a number of periods from 1 to {LONGEST}."
        faults.append(Fault(data_set.name, "--periods", message))
    known = data_set.parameter_sets
    if name is not None and name not in known:
        message = f"there is no parameter set '{name}'{did_you_mean(name, list(known))}"
        faults.append(Fault(data_set.name, "--parameters", message))
    if faults:
        raise InputError(faults)
    return known[name or data_set.metadata.default_parameters]
