"""The numbers beside the parameters of demand that a scenario rests on, and their errors: what cash, media, dealers do.

An input is drawn only where the scenario pulls a lever that it matters to. Its standard error is that of the parameter
file (as `sandtable media estimate` leaves it), else half the assumed range of `assumed.yaml`, which the draws say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np

from sandtable.data.loading import DataSet
from sandtable.data.metadata import Grade
from sandtable.data.parameters import Parameter, ParameterSet
from sandtable.market.primitives import FloatArray
from sandtable.planning.uncertain.assumed import assumed_ranges
from sandtable.scenario.levers import terms_of
from sandtable.scenario.model import Scenario

PASS_THROUGH = "customer_cash_pass_through"
DEALER_PASS_THROUGH = "dealer_cash_pass_through"
MEDIA_FIELDS = ("effect", "carry_over", "half", "slope")
STREAM = 1  # of the random numbers, so that inputs do not follow the parameters
ALMOST_ONE = 1 - 1e-6


@dataclass(frozen=True)
class Input:
    """One number that a scenario rests on.

    Attributes
    ----------
    name : str
        ``customer_cash_pass_through``, ``media:digital:effect``, ``dealers``, ``worth:power_kw``, ``margin:Nova`` ...
    value, error : float
        The number and its standard error.
    grade : str
        Evidence of the number; of its range where that is assumed.
    source : str
    assumed : bool
        Whether the error is that of `assumed.yaml`.
    part : bool
        Whether it lies between 0 and 1; else it is above 0, and drawn in logarithms.
    """

    name: str
    value: float
    error: float
    grade: Grade
    source: str
    assumed: bool
    part: bool

    def at(self, scores: FloatArray) -> FloatArray:
        """Return its values where a standard normal has some; of a part the normal is cut off at 0 and 1."""
        from scipy.special import ndtr, ndtri

        if self.error == 0 or self.value == 0:
            return np.full(np.shape(scores), self.value)
        if not self.part:
            return np.asarray(self.value * np.exp(self.error / abs(self.value) * scores))
        low, high = ndtr(-self.value / self.error), ndtr((ALMOST_ONE - self.value) / self.error)
        return np.asarray(self.value + self.error * ndtri(low + ndtr(scores) * (high - low)))


@dataclass(frozen=True)
class InputDraws:
    """Draws of all inputs of a scenario.

    Attributes
    ----------
    inputs : tuple of Input
    values : ndarray, shape (D, I)
    """

    inputs: tuple[Input, ...]
    values: FloatArray

    def at(self, draw: int) -> dict[str, float]:
        """Return one draw by name."""
        names = (item.name for item in self.inputs)
        return dict(zip(names, self.values[draw].tolist(), strict=True))

    def some(self, draws: slice) -> InputDraws:
        """Return some of the draws."""
        return replace(self, values=self.values[draws])

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """What a reader of the intervals must know."""
        assumed = [item.name for item in self.inputs if item.assumed]
        if not assumed:
            return ()
        return (
            f"no standard error is known of {', '.join(assumed)}; the ranges of `assumed.yaml` are taken, "
            "which rest on literature or judgement.",
        )


def inputs_of(scenario: Scenario, data_set: DataSet, parameters: ParameterSet) -> tuple[Input, ...]:
    """Return the inputs that matter to the levers of a scenario.

    Parameters
    ----------
    scenario : Scenario
    data_set : DataSet
        Its known margins count where the scenario's costs are ``accounting``.
    parameters : ParameterSet
    """
    return tuple(item for item in _inputs(scenario, data_set, parameters) if item.error > 0)


def _inputs(scenario: Scenario, data_set: DataSet, parameters: ParameterSet) -> Iterator[Input]:
    levers = {move.lever for move in scenario.levers}
    if "customer_cash" in levers:
        known = parameters.customer_cash_pass_through
        yield _known(PASS_THROUGH, known, PASS_THROUGH, part=True)
    for value in sorted({_dealer_part(move) for move in scenario.levers} - {None}, key=str)[:1]:
        yield _assumed(DEALER_PASS_THROUGH, float(value or 0.0), DEALER_PASS_THROUGH, part=True)
    if "media" in levers and parameters.media is not None:
        moved = {move.channel for move in scenario.levers if move.lever == "media"}
        for channel, response in parameters.media.channels.items():
            if moved & {None, channel}:
                for field in MEDIA_FIELDS:
                    yield _known(
                        f"media:{channel}:{field}", getattr(response, field), f"media_{field}",
                        part=field == "carry_over",
                    )  # fmt: skip
    if "dealers" in levers and parameters.dealers is not None:
        yield _known("dealers", parameters.dealers, "dealers")
    for name in sorted({str(m.characteristic) for m in scenario.levers if m.lever == "spec"}):
        yield _known(f"worth:{name}", parameters.worth[name], "worth")
    if scenario.supply.costs == "accounting":
        for place, margin in enumerate(data_set.metadata.known_margins):
            yield _assumed(f"margin:{place}", margin.value, "margin", part=True)


def _dealer_part(move: Any) -> float | None:
    return terms_of(move)["pass_through"] if move.lever == "dealer_cash" else None


def _known(name: str, parameter: Parameter, kind: str, *, part: bool = False) -> Input:
    if parameter.standard_error is None:
        return _assumed(name, parameter.value, kind, part=part)
    error = parameter.standard_error
    return Input(name, parameter.value, error, parameter.grade, parameter.source, False, part)


def _assumed(name: str, value: float, kind: str, *, part: bool = False) -> Input:
    found = assumed_ranges()[kind]
    return Input(name, value, found.error(value), found.grade, found.source, True, part)


def draw_inputs(inputs: tuple[Input, ...], n_draws: int, *, seed: int) -> InputDraws:
    """Draw inputs from their errors, each by itself: an input has the same draws in every scenario.

    The first draws of many are those of few.
    """
    columns = []
    for item in inputs:
        generator = np.random.default_rng([seed, STREAM, crc32(item.name.encode())])
        columns.append(item.at(generator.standard_normal(n_draws)))
    values = np.stack(columns, axis=1) if columns else np.empty((n_draws, 0))
    return InputDraws(inputs, values)


def parameters_at(parameters: ParameterSet, values: Mapping[str, float]) -> ParameterSet:
    """Return a parameter set with some of its numbers, of demand or of inputs, at other values."""

    def at(name: str, parameter: Parameter) -> Parameter:
        if name not in values:
            return parameter
        return parameter.model_copy(update={"value": values[name]})

    update: dict[str, Any] = {
        "price_coefficient": at("price_coefficient", parameters.price_coefficient),
        PASS_THROUGH: at(PASS_THROUGH, parameters.customer_cash_pass_through),
        "sigmas": [
            at(f"sigma_{nest}", sigma)
            for nest, sigma in zip(parameters.nests, parameters.sigmas, strict=True)
        ],
        "worth": {name: at(f"worth:{name}", known) for name, known in parameters.worth.items()},
    }
    if parameters.price_spread is not None:
        update["price_spread"] = at("price_spread", parameters.price_spread)
    if parameters.dealers is not None:
        update["dealers"] = at("dealers", parameters.dealers)
    if parameters.media is not None:
        channels = {
            channel: response.model_copy(
                update={
                    field: at(f"media:{channel}:{field}", getattr(response, field))
                    for field in MEDIA_FIELDS
                }
            )
            for channel, response in parameters.media.channels.items()
        }
        update["media"] = parameters.media.model_copy(update={"channels": channels})
    return parameters.model_copy(update=update)


def scenario_at(scenario: Scenario, values: Mapping[str, float]) -> Scenario:
    """Return a scenario with the pass-through of dealer cash at another value."""
    if DEALER_PASS_THROUGH not in values:
        return scenario
    passed = values[DEALER_PASS_THROUGH]
    levers = tuple(
        replace(move, terms=tuple({**dict(move.terms), "pass_through": passed}.items()))
        if move.lever == "dealer_cash"
        else move
        for move in scenario.levers
    )
    return replace(scenario, levers=levers)


def data_at(data_set: DataSet, values: Mapping[str, float]) -> DataSet:
    """Return a data set with known margins at other values."""
    known = data_set.metadata.known_margins
    moved = [f"margin:{place}" for place in range(len(known))]
    if not values.keys() & set(moved):
        return data_set
    margins = [
        margin.model_copy(update={"value": values.get(name, margin.value)})
        for name, margin in zip(moved, known, strict=True)
    ]
    metadata = data_set.metadata.model_copy(update={"known_margins": margins})
    return replace(data_set, metadata=metadata)
