"""Instruments, built by name from the observations: what moves price and is no part of taste."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sandtable.estimation.columns import CONSTANT
from sandtable.estimation.sample import Sample
from sandtable.estimation.spec import Instrument
from sandtable.market.primitives import FloatArray, IntArray


@dataclass(frozen=True)
class InstrumentColumns:
    """Columns with names, shape (N, L)."""

    names: tuple[str, ...]
    values: FloatArray


def build_instruments(sample: Sample) -> InstrumentColumns:
    """Build the instruments that the spec of a sample names, in its order.

    Returns
    -------
    InstrumentColumns
        Without ``optimal``, which needs a first estimate and is built there.
    """
    names: list[str] = []
    columns = [np.empty((len(sample), 0))]
    for instrument in sample.spec.instruments:
        if instrument.name == "optimal":
            continue
        built = _BUILDERS[instrument.name](sample, instrument)
        names += built.names
        columns.append(built.values)
    return InstrumentColumns(tuple(names), np.column_stack(columns))


def _group_sums(values: FloatArray, codes: IntArray) -> FloatArray:
    """Sum of each column over the rows of the same code, shape (N, L)."""
    sums = np.zeros((int(codes.max()) + 1, values.shape[1]))
    np.add.at(sums, codes, values)
    return np.asarray(sums[codes])


def _crossed(sample: Sample, *groups: IntArray) -> IntArray:
    keys = pd.DataFrame({"cell": sample.cells, **{str(i): g for i, g in enumerate(groups)}})
    return np.asarray(keys.groupby(list(keys.columns)).ngroup(), dtype=np.int64)


def _summed(instrument: Instrument, sample: Sample) -> tuple[list[str], FloatArray, list[IntArray]]:
    names = instrument.of or [CONSTANT, *sample.spec.characteristics]
    within = [sample.codes(instrument.within)] if instrument.within else []
    return names, sample.numbers(names), within


def _own_firm(sample: Sample, instrument: Instrument) -> InstrumentColumns:
    """Sums over the other products of the firm in the cell: Berry, Levinsohn and Pakes (1995)."""
    names, values, within = _summed(instrument, sample)
    firm = _crossed(sample, sample.codes("firm"), *within)
    return InstrumentColumns(
        _labels("own_firm", names, instrument), _group_sums(values, firm) - values
    )


def _rivals(sample: Sample, instrument: Instrument) -> InstrumentColumns:
    """Sums over the products of all other firms in the cell: Berry, Levinsohn and Pakes (1995)."""
    names, values, within = _summed(instrument, sample)
    everybody = _group_sums(values, _crossed(sample, *within))
    firm = _group_sums(values, _crossed(sample, sample.codes("firm"), *within))
    return InstrumentColumns(_labels("rivals", names, instrument), everybody - firm)


def _labels(prefix: str, names: list[str], instrument: Instrument) -> tuple[str, ...]:
    within = f" within {instrument.within}" if instrument.within else ""
    return tuple(f"{prefix}: {name}{within}" for name in names)


def _counts(sample: Sample, instrument: Instrument) -> InstrumentColumns:
    """Products of the own firm and of rivals in each nest of the product: Verboven (1996)."""
    names, columns = [], []
    ones = np.ones((len(sample), 1))
    for level, codes in zip(sample.spec.nests, sample.nest_codes, strict=True):
        everybody = _group_sums(ones, _crossed(sample, codes))
        firm = _group_sums(ones, _crossed(sample, codes, sample.codes("firm")))
        names += [f"{instrument.name}: own firm, {level}", f"{instrument.name}: rivals, {level}"]
        columns += [firm - 1, everybody - firm]
    return InstrumentColumns(tuple(names), np.column_stack(columns))


def _cost_shifters(sample: Sample, instrument: Instrument) -> InstrumentColumns:
    names = sample.spec.cost_shifters
    labels = tuple(f"{instrument.name}: {name}" for name in names)
    return InstrumentColumns(labels, sample.numbers(names))


def _other_region_prices(sample: Sample, instrument: Instrument) -> InstrumentColumns:
    """Mean price of the same product in the other regions of the period: Hausman (1996).

    A product sold in one region only gets the mean of its own prices, which the product effect takes out again.
    """
    same = sample.rows.groupby(["period", "product"])["price"]
    total = same.transform("sum").to_numpy(dtype=np.float64)
    count = same.transform("count").to_numpy(dtype=np.float64)
    own_mean = sample.rows.groupby("product")["price"].transform("mean").to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        others = np.where(count > 1, (total - sample.prices) / (count - 1), own_mean)
    return InstrumentColumns((instrument.name,), others[:, None])


def _differentiation(
    sample: Sample, instrument: Instrument, transform: Callable[[FloatArray, float], FloatArray]
) -> InstrumentColumns:
    """Closeness to the firm's other products and to rivals: Gandhi and Houde (2019)."""
    names, values, within = _summed(instrument, sample)
    names, values = (names, values) if instrument.of else (names[1:], values[:, 1:])
    firm = sample.codes("firm")
    markets = _crossed(sample, *within)
    order = np.argsort(markets, kind="stable")
    blocks = np.split(order, np.flatnonzero(np.diff(markets[order])) + 1)
    found = np.zeros((len(sample), 2 * len(names)))
    for place in range(len(names)):
        deviation = _spread_of_differences([values[block, place] for block in blocks])
        for block in blocks:
            near = transform(values[block, place][:, None] - values[block, place], deviation)
            np.fill_diagonal(near, 0.0)
            same = firm[block][:, None] == firm[block]
            found[block, 2 * place] = np.where(same, near, 0.0).sum(axis=1)
            found[block, 2 * place + 1] = np.where(same, 0.0, near).sum(axis=1)
    labels = [f"{instrument.name}, {who}: {name}" for name in names for who in ("own", "rivals")]
    return InstrumentColumns(tuple(labels), found)


def _spread_of_differences(markets: list[FloatArray]) -> float:
    """Standard deviation of the differences between all pairs of one market: what counts as close."""
    squares = sum(2 * (len(x) * float(x @ x) - float(x.sum()) ** 2) for x in markets)
    pairs = sum(len(x) * (len(x) - 1) for x in markets)
    return float(np.sqrt(max(squares, 0.0) / max(pairs, 1)))


def _local(sample: Sample, instrument: Instrument) -> InstrumentColumns:
    """How many products are close."""
    return _differentiation(
        sample, instrument, lambda gaps, deviation: (np.abs(gaps) < deviation).astype(np.float64)
    )


def _quadratic(sample: Sample, instrument: Instrument) -> InstrumentColumns:
    """Sum of squared differences."""
    return _differentiation(sample, instrument, lambda gaps, _: gaps**2)


_BUILDERS: dict[str, Callable[[Sample, Instrument], InstrumentColumns]] = {
    "rival_characteristics": _rivals,
    "own_firm_characteristics": _own_firm,
    "counts_by_nest": _counts,
    "cost_shifters": _cost_shifters,
    "other_region_prices": _other_region_prices,
    "differentiation_local": _local,
    "differentiation_quadratic": _quadratic,
}
