"""A data set as a panel for the fit: mean utilities of its products, spend per household, dealers, effects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.data.media_cells import MediaCells, media_cells
from sandtable.data.parameters import ParameterSet
from sandtable.errors import Fault, InputError
from sandtable.estimation.columns import period_numbers
from sandtable.estimation.mean_utilities import demand_at, filled_prices
from sandtable.estimation.media.panel import FEWEST_PERIODS, ResponsePanel
from sandtable.estimation.media.priors import MediaPriors
from sandtable.estimation.sample import Sample, make_sample
from sandtable.estimation.spec import EstimationSpec
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import FloatArray, IntArray

SALES_TABLES = ("products", "sales", "market")
TABLES = (*SALES_TABLES, "media", "dealers")


def cells_with_media(data_set: DataSet) -> MediaCells:
    """Return the spend of a data set.

    Raises
    ------
    InputError
        If it has no media table, a channel is never spent on, or its periods do not follow each other.
    """
    cells = media_cells(data_set)
    if cells is None:
        message = (
            "has no media table, so that there is no spend to learn from; add media.csv with the columns period, "
            "region, brand, channel and spend."
        )
        raise InputError([Fault(f"data set '{data_set.name}'", "", message)])
    faults = [
        Fault("media.csv", "channel", f"nothing is ever spent on '{channel}'; leave it out.")
        for place, channel in enumerate(cells.channels)
        if not cells.spend[:, :, :, place].any()
    ]
    numbers = period_numbers(pd.Series(cells.periods)).to_numpy(dtype=np.float64)
    gaps = np.flatnonzero(np.diff(numbers) != 1)
    if gaps.size:
        message = (
            f"'{cells.periods[gaps[0]]}' is followed by '{cells.periods[gaps[0] + 1]}'; what spend leaves behind can "
            "only be told when periods follow each other. Add the missing ones."
        )
        faults.append(Fault("market.csv", "period", message))
    if len(cells.periods) < FEWEST_PERIODS:
        message = f"{len(cells.periods)} period(s) are too few; give at least {FEWEST_PERIODS}."
        faults.append(Fault("market.csv", "period", message))
    # 0 / 0 is no spend per household
    if not np.isfinite(cells.per_household).all():
        message = "a region has no market size in some period; spend per household cannot be told."
        faults.append(Fault("market.csv", "market_size", message))
    if faults:
        raise InputError(faults)
    return cells


def sample_of(data_set: DataSet, parameters: ParameterSet) -> Sample:
    """Return the sales of a data set as observations, grouped as a parameter set nests products."""
    spec = EstimationSpec.model_validate(
        {
            "schema": 1,
            "name": "media",
            "title": {"en": "Media response", "zh": "媒体响应"},
            "data": data_set.name,
            "model": parameters.model,
            "method": "ols",
            "nests": parameters.nests,
        }
    )
    return make_sample(data_set, spec)


def mean_utilities(
    sample: Sample, parameters: ParameterSet, brands: IntArray, regions: IntArray, n_brands: int
) -> tuple[FloatArray, FloatArray]:
    """Invert the observed shares, and tell what attraction is worth in cars.

    Parameters
    ----------
    brands, regions : ndarray of int, shape (N,)
        Of each observation; brand -1: none that spends.

    Returns
    -------
    deltas : ndarray, shape (N,)
        Mean utilities without price.
    worth : ndarray, shape (T, R, B)
        Cars that one unit of utility more on all products of a brand sells, in the cell.

    Raises
    ------
    ConvergenceError
        Reason ``"inversion"``.
    """
    spread = 0.0 if parameters.price_spread is None else parameters.price_spread.value
    sigmas = [sigma.value for sigma in parameters.sigmas]
    theta = np.array([np.log(parameters.price_coefficient.value), spread, *sigmas])
    deltas = np.empty(len(sample))
    worth = np.zeros((int(sample.codes("period").max()) + 1, int(regions.max()) + 1, n_brands))
    for batch in sample.batches:
        demand = demand_at(batch, theta, parameters.quadrature_nodes)
        prices = filled_prices(batch, sample.prices)
        found = invert_shares(demand, batch.wide(sample.shares, 0.0), prices)
        batch.long(found, deltas)
        jacobian = demand.delta_jacobian(found, prices)
        columns = batch.rows.max(axis=0)  # some row of each product: its brand is that of all
        member = (brands[columns][:, None] == np.arange(n_brands)).astype(np.float64)
        gained = np.einsum("rjk,jb,kb->rb", jacobian, member, member, optimize=True)
        cells = batch.rows.max(axis=1)
        worth[batch.periods, regions[cells]] = gained * batch.market_sizes[:, None]
    return deltas, worth


def market_panel(
    data_set: DataSet, parameters: ParameterSet, priors: MediaPriors
) -> tuple[ResponsePanel, MediaCells]:
    """Lay out a data set under a parameter set: units are brands by regions, effects are all pairs.

    Raises
    ------
    InputError
        If the data set cannot be used.
    ConvergenceError
        Reason ``"inversion"``.
    """
    cells = cells_with_media(data_set)
    sample = sample_of(data_set, parameters)
    n_regions, n_brands = len(cells.regions), len(cells.brands)
    regions = _places(cells.regions, sample.rows["region"])
    brands = _places(cells.brands, sample.rows["brand"])
    periods = _places(cells.periods, sample.rows["period"])
    units = np.where(brands >= 0, brands * n_regions + regions, -1)
    deltas, worth = mean_utilities(sample, parameters, brands, regions, n_brands)
    sold = float(sample.rows["units"].to_numpy(dtype=np.float64)[units >= 0].sum())
    seen = np.unique(periods)
    weights = np.zeros((len(cells.periods), n_brands * n_regions))
    weights[seen] = np.swapaxes(worth, 1, 2).reshape(len(seen), -1) / sold
    spend = np.swapaxes(cells.per_household, 1, 2).reshape(
        len(cells.periods), n_brands * n_regions, -1
    )
    dealers = _dealers(data_set, sample, cells)
    panel = ResponsePanel(
        channels=cells.channels,
        frequency=data_set.metadata.frequency,
        spend=spend,
        past=spend[0],
        weights=weights,
        outcomes=deltas,
        units=units,
        periods=periods,
        effects=(
            sample.codes("product * region"),
            sample.codes("product * period"),
            sample.codes("region * period"),
        ),
        series=sample.codes("product * region"),
        clusters=sample.codes("brand * region"),
        controls={},
        positives={} if dealers is None else {"dealers": (dealers, priors.dealers)},
    )
    return panel, cells


def _places(known: Sequence[str], values: pd.Series) -> IntArray:
    return np.asarray(pd.Index(known).get_indexer(pd.Index(values)), dtype=np.int64)


def _dealers(data_set: DataSet, sample: Sample, cells: MediaCells) -> FloatArray | None:
    """Return ln(1 + dealers open of the firm) of each observation; None where they never change."""
    table = data_set.tables.get("dealers")
    if table is None:
        return None
    # of firms that are not in the table nothing is known; a constant is absorbed
    counts = open_dealers(data_set, cells.periods, cells.regions)
    columns = np.zeros(len(sample))
    firms = sample.rows["firm"].to_numpy()
    periods = _places(cells.periods, sample.rows["period"])
    regions = _places(cells.regions, sample.rows["region"])
    for firm, opened in counts.items():
        rows = firms == firm
        columns[rows] = np.log1p(opened[periods[rows], regions[rows]])
    by_series = pd.Series(columns).groupby(sample.codes("product * region"))
    moves = (by_series.max() - by_series.min()).max()
    return columns if moves > 0 else None


def open_dealers(
    data_set: DataSet, periods: Sequence[str], regions: Sequence[str]
) -> dict[str, FloatArray]:
    """Count the dealers of each firm of the dealers table that are open, (T, R) a firm."""
    table = data_set.tables["dealers"]
    owners = data_set.tables["products"].drop_duplicates("brand").set_index("brand")["firm"]
    firms = table["brand"].map(owners).to_numpy()
    places = _places(regions, table["region"])
    times = period_numbers(pd.Series(list(periods))).to_numpy(dtype=np.float64)
    opened = _moments(table, "opened", -np.inf)
    closed = _moments(table, "closed", np.inf)
    there = (opened <= times[:, None]) & (times[:, None] < closed)
    counts = {}
    for firm in dict.fromkeys(firms):
        found = np.zeros((len(times), len(regions)))
        mine = np.flatnonzero(firms == firm)
        np.add.at(found.T, places[mine], there[:, mine].T.astype(np.float64))
        counts[str(firm)] = found
    return counts


def _moments(table: pd.DataFrame, column: str, missing: float) -> FloatArray:
    """When dealers opened or closed, numbered as periods are; `missing` where the table does not say."""
    if column not in table:
        return np.full(len(table), missing)
    numbers = period_numbers(table[column]).to_numpy(dtype=np.float64)
    return np.asarray(np.where(np.isnan(numbers), missing, numbers))
