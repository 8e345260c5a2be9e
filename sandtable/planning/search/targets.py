"""What a search aims at: measures of a result, and what is required of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.indicators.feeding import catalogue_of
from sandtable.planning.search.measuring import ALL, FIGURES, SCOPES, Measure
from sandtable.scenario.calendar import regions_of
from sandtable.scenario.known import Known
from sandtable.scenario.model import Scenario
from sandtable.scenario.move_faults import period_fault
from sandtable.units import parse_amount

Sense = Literal[">=", "<=", "="]
SHARES = ("share_of_sales", "conversion")
MONEY = ("revenue", "contribution_profit", "net_price", "spending")
EXAMPLE = "share_of_sales >= 8 %"
_SENSE = re.compile(r">=|<=|≥|≤|(?<=\s)=(?=\s)")
_SAME = {"≥": ">=", "≤": "<="}


@dataclass(frozen=True)
class Requirement:
    """A measure that must reach, or must not pass, a bound.

    Parameters
    ----------
    measure : Measure
    sense : str
        ``>=``, ``<=`` or ``=``.
    amount : float
        In the unit of the measure; a share is a part of one.
    against : str
        ``value``: the amount itself; ``difference``: so much more than the baseline; ``ratio``: that part of it more.

    Raises
    ------
    ValueError
        If the sense is unknown or the amount no number.
    """

    measure: Measure
    sense: Sense
    amount: float
    against: Literal["value", "difference", "ratio"] = "value"

    def __post_init__(self) -> None:
        if self.sense not in get_args(Sense):
            raise ValueError(f"the sense is '{self.sense}'; expected >=, <= or =.")
        if not np.isfinite(self.amount):
            raise ValueError(f"the amount is {self.amount}; expected a number.")

    def bound(self, baseline: float) -> float:
        """Return the bound in the unit of the measure.

        Parameters
        ----------
        baseline : float
            The measure before any lever.
        """
        if self.against == "value":
            return self.amount
        if self.against == "difference":
            return baseline + self.amount
        return baseline + abs(baseline) * self.amount

    def __str__(self) -> str:
        """Write it as it is typed."""
        if self.against == "ratio":
            shown = f"baseline {100 * self.amount:+g} %"
        elif self.against == "difference":
            part = self.measure.name in SHARES
            shown = (
                f"baseline {100 * self.amount:+g} pp" if part else f"baseline {self.amount:+,.10g}"
            )
        else:
            shown = self.measure.shown(self.amount)
        return f"{self.measure} {self.sense} {shown}"


def read_requirements(
    texts: Sequence[str],
    scenario: Scenario,
    data_set: DataSet,
    *,
    document: str = "search",
    place: str = "target",
) -> tuple[Requirement, ...]:
    """Read requirements as they are typed: ``units product=N5 >= 5,000``, ``share_of_sales >= baseline +1 pp``.

    Parameters
    ----------
    texts : sequence of str
    scenario : Scenario
    data_set : DataSet
    document, place : str
        What the faults name.

    Raises
    ------
    InputError
        With every fault of every requirement.
    """
    faults, found = [], []
    for index, text in enumerate(texts):
        try:
            found.append(_requirement(text, scenario, data_set))
        except ValueError as error:
            faults.append(Fault(document, f"{place}[{index}]", str(error)))
    if faults:
        raise InputError(faults)
    return tuple(found)


def _requirement(text: str, scenario: Scenario, data_set: DataSet) -> Requirement:
    signs = list(_SENSE.finditer(text))
    if len(signs) != 1:
        raise ValueError(f"'{text}' needs one of >=, <= and = (between spaces); e.g. {EXAMPLE}.")
    sign = signs[0]
    measure = read_measure(text[: sign.start()], scenario, data_set)
    sense: Sense = _SAME.get(sign[0], sign[0])  # type: ignore[assignment]
    right = text[sign.end() :].strip()
    if not right.startswith("baseline"):
        return Requirement(measure, sense, _value(right, measure, data_set))
    right = right.removeprefix("baseline").strip()
    if not right:
        return Requirement(measure, sense, 0.0, "difference")
    amount = parse_amount(right)
    if not amount.signed:
        raise ValueError(f"'baseline {right}' lacks its sign; write baseline +{right}.")
    if amount.unit == "%":
        return Requirement(measure, sense, amount.number / 100, "ratio")
    if amount.unit.casefold() == "pp" and measure.name in SHARES:
        return Requirement(measure, sense, amount.number / 100, "difference")
    if measure.name in SHARES:
        raise ValueError(f"'{right}' is no change of a share; write +1 pp, or +5 % of it.")
    return Requirement(measure, sense, _value(right, measure, data_set), "difference")


def _value(text: str, measure: Measure, data_set: DataSet) -> float:
    amount = parse_amount(text)
    share = measure.name in SHARES
    if amount.unit == "%":
        if not share and measure.name in FIGURES:
            raise ValueError(f"'{text}' is a part of what? Write for instance baseline +5 %.")
        return amount.number / 100
    if share and not 0 <= amount.number <= 1:
        raise ValueError(f"'{text}' is no share; write it in per cent, such as 8 %.")
    units = {"units": "vehicles"} | dict.fromkeys(MONEY, Known.of(data_set).money_unit)
    expected = units.get(measure.name, "")
    if amount.unit and amount.unit.casefold() != expected.casefold():
        wanted = expected or "no unit"
        raise ValueError(f"'{text}' carries the unit '{amount.unit}'; expected {wanted}.")
    return amount.number


def read_measure(text: str, scenario: Scenario, data_set: DataSet) -> Measure:
    """Read a measure as it is typed: ``units product=N5 region=East``.

    Raises
    ------
    ValueError
        If a name in it is unknown.
    """
    name, *pairs = shlex.split(text) or [""]
    codes = catalogue_of(data_set).definitions
    if name not in FIGURES and name not in codes:
        known = (*FIGURES, *codes) if name.startswith(("sal_", "mkt_")) else FIGURES
        raise ValueError(f"no measure is called '{name}'{did_you_mean(name, known)}")
    given: dict[str, str] = {}
    for pair in pairs:
        field, sign, value = pair.partition("=")
        if not sign or field not in SCOPES:
            hint = did_you_mean(field, SCOPES)
            raise ValueError(f"'{pair}' is not understood; write name=value{hint}")
        if field in given:
            raise ValueError(f"'{field}' stands twice; keep one of them.")
        given[field] = value
    measure = Measure(name, **given)
    require_known_measure(measure, scenario, data_set)
    return measure


def require_known_measure(measure: Measure, scenario: Scenario, data_set: DataSet) -> None:
    """Refuse a measure of something that the data set does not hold.

    Raises
    ------
    ValueError
        With a sentence.
    """
    known = Known.of(data_set)
    if measure.period is not None:
        if measure.period not in known.periods:
            raise ValueError(period_fault(measure.period, known))
        run = scenario.periods or known.observed[-1:]
        if measure.period not in run:
            raise ValueError(f"{measure.period} is not among the periods of the scenario.")
    launched = [str(move.product) for move in scenario.levers if move.lever == "launch"]
    segments = sorted(set(data_set.tables["products"]["segment"].dropna()))
    names: dict[str, Sequence[str]] = {
        "firm": [*known.firms, ALL],
        "product": [*known.firm_of, *launched],
        "segment": segments,
        "region": [*regions_of(data_set, None), *data_set.metadata.areas],
    }
    for field, among in names.items():
        given = getattr(measure, field)
        if given is not None and given not in among:
            raise ValueError(f"no {field} is called '{given}'{did_you_mean(given, among)}")
    if measure.name not in FIGURES and (measure.product or measure.segment or measure.firm == ALL):
        raise ValueError(
            f"the indicator {measure.name} is read of a firm; name a firm, region or period only."
        )
