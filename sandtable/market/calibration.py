"""Demand parameters from what a company knows: margins, own elasticities, diversion, second choices, market elasticity.

Each target is a number that the calibrated market must show; each free parameter is moved until it does. With as many
targets as parameters the targets are met exactly (one margin under a logit: the closed form of
`logit_price_coefficient`); with more, the squared relative misses are as small as they can be, and each is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sandtable.errors import ConvergenceError
from sandtable.market.demand import Demand
from sandtable.market.inversion import invert_shares
from sandtable.market.primitives import BoolArray, FloatArray, IntArray
from sandtable.market.supply import marginal_costs

TargetKind = Literal["margin", "elasticity", "diversion", "second_choice", "market_elasticity"]
EXACT = 1e-8  # relative miss below which a target counts as met

DemandBuilder = Callable[[Mapping[str, float]], Demand]


@dataclass(frozen=True)
class Target:
    """One known number.

    Parameters
    ----------
    kind : str
        ``margin``: price less cost over price, mean over `products`; ``elasticity``: own price elasticity, mean over
        `products`; ``diversion``: share of the buyers that the first of `products` loses when its price rises who go
        to `to` (all False: to the outside good); ``second_choice``: the same when it is no longer on sale, as buyers
        are asked; ``market_elasticity``: per cent change of all units for one per cent on all prices.
    value : float
        What it should be; not zero.
    products : ndarray of bool, shape (J,)
        What it is about; ignored for the market elasticity.
    to : ndarray of bool, shape (J,), optional
        Where diverted buyers go.
    weight : float
        Weight of its squared relative miss; above 0.
    by_units : bool
        Whether means are weighted by units, or each product counts once.
    among_buyers : bool
        Second choices only: share of those who would buy another product, not of all.
    """

    kind: TargetKind
    value: float
    products: BoolArray
    to: BoolArray | None = None
    weight: float = 1.0
    by_units: bool = True
    among_buyers: bool = False


@dataclass(frozen=True)
class Observed:
    """The observed market that is calibrated.

    Parameters
    ----------
    shares, prices : ndarray, shape (R, J)
        Shares of the whole market (0: not offered) and what the customer pays.
    market_sizes : ndarray, shape (R,)
    firms : ndarray of int, shape (J,)
    national : bool
        Whether firms set one price for all cells.
    """

    shares: FloatArray
    prices: FloatArray
    market_sizes: FloatArray
    firms: IntArray
    national: bool


@dataclass(frozen=True)
class Calibration:
    """What the calibration found.

    Attributes
    ----------
    values : dict
        Every parameter, free and fixed.
    shown : ndarray, shape (T,)
        What the calibrated market shows for each target.
    misses : ndarray, shape (T,)
        Relative miss of each target, ``shown / value - 1``.
    """

    values: dict[str, float]
    shown: FloatArray
    misses: FloatArray

    @property
    def exact(self) -> bool:
        """Whether every target is met."""
        return bool((np.abs(self.misses) <= EXACT).all())


def logit_price_coefficient(price: float, cost: float, firm_share: float) -> float:
    """Price coefficient of a plain logit from one known margin, in closed form.

    Parameters
    ----------
    price, cost : float
        Price and marginal cost of one product; the price above the cost.
    firm_share : float
        Share of the whole market of all products of its firm, 0 to below 1.

    Returns
    -------
    float
        ``1 / ((price - cost) * (1 - firm_share))``: under a logit all products of a firm carry one markup.

    Raises
    ------
    ValueError
        If the price is not above the cost, or the share out of range.

    Examples
    --------
    >>> logit_price_coefficient(20.0, 15.0, 0.2)
    0.25
    """
    if not price > cost:
        raise ValueError(f"price is {price} and cost {cost}; the price must lie above the cost.")
    if not 0 <= firm_share < 1:
        raise ValueError(f"firm_share is {firm_share}; it must lie in [0, 1).")
    return 1 / ((price - cost) * (1 - firm_share))


def price_coefficient_of_margin(
    build: Callable[[float], Demand], observed: Observed, target: Target, *, start: float
) -> float:
    """Price coefficient from one known margin when all customers mind price alike, in closed form.

    Parameters
    ----------
    build : callable
        Price coefficient -> `Demand` with one customer type, nested or not.
    observed : Observed
        The market.
    target : Target
        Of the kind ``margin``.
    start : float
        Any price coefficient above 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If no price coefficient above 0 gives that margin.

    Notes
    -----
    Slopes are proportional to the price coefficient, so that a margin is ``a + b / price_coefficient``: two
    evaluations tell a and b. With one price in all cells a is 0 and a plain logit gives `logit_price_coefficient`.
    """
    (once,), (twice,) = (show(build(at), observed, [target]) for at in (start, 2 * start))
    per_coefficient, constant = 2 * start * (once - twice), 2 * twice - once
    if not per_coefficient / (target.value - constant) > 0:
        raise ValueError(
            f"no price coefficient gives a margin of {target.value:g}; it must lie above {constant:g}."
        )
    return float(per_coefficient / (target.value - constant))


def calibrate(
    build: DemandBuilder,
    observed: Observed,
    targets: Sequence[Target],
    *,
    start: Mapping[str, float],
    free: Mapping[str, tuple[float, float]],
) -> Calibration:
    """Find the free parameters at which the market shows the targets.

    Parameters
    ----------
    build : callable
        Parameters by name -> `Demand`.
    observed : Observed
        The market.
    targets : sequence of Target
        At least as many as free parameters.
    start : mapping
        Every parameter; the free ones start here.
    free : mapping of str to (float, float)
        Lowest and highest value of each free parameter; the start must lie strictly between.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If there are fewer targets than free parameters, or a start lies outside its range.
    ConvergenceError
        Reason ``"calibration"`` if no parameters in range come near the targets at all.
    """
    from scipy.optimize import least_squares  # slow to import

    if len(targets) < len(free):
        raise ValueError(
            f"{len(free)} parameters are free but only {len(targets)} targets are given; "
            "fix a parameter or give another target."
        )
    for name, (low, high) in free.items():
        if not low < start[name] < high:
            raise ValueError(
                f"{name} starts at {start[name]}; it must lie between {low} and {high}."
            )
    names = list(free)
    lows, highs = (np.array([free[name][side] for name in names]) for side in (0, 1))
    roots = np.sqrt([target.weight for target in targets])
    wanted = np.array([target.value for target in targets])

    def values_at(point: FloatArray) -> dict[str, float]:
        # a point of the whole line for each range, so that the search never leaves it
        inside = lows + (highs - lows) / (1 + np.exp(-point))
        return {**start, **dict(zip(names, inside.tolist(), strict=True))}

    def misses(point: FloatArray) -> FloatArray:
        try:
            shown = show(build(values_at(point)), observed, targets)
        except (ConvergenceError, ValueError, np.linalg.LinAlgError):
            return np.full(len(targets), 1e3)
        return np.asarray(roots * (shown / wanted - 1))

    first = np.array([start[name] for name in names])
    share = (first - lows) / (highs - lows)
    solution = least_squares(
        misses, np.log(share / (1 - share)), xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=500
    )
    values = values_at(solution.x)
    if not np.isfinite(solution.cost) or solution.cost >= 1e5:
        raise ConvergenceError(
            "calibration",
            "no parameters in range reproduce the market; widen the ranges or drop a target.",
        )
    shown = show(build(values), observed, targets)
    return Calibration(values, shown, shown / wanted - 1)


def show(demand: Demand, observed: Observed, targets: Sequence[Target]) -> FloatArray:
    """Return what a market calibrated to the observed shares shows for each target, shape (T,)."""
    deltas = invert_shares(demand, observed.shares, observed.prices)
    jacobian = demand.price_jacobian(deltas, observed.prices)
    sizes, shares, prices = observed.market_sizes, observed.shares, observed.prices
    units = sizes @ shares
    # derivative of the units of each product (row) by the price of each product (column), in all cells at once
    slopes = np.einsum("r,rjl->jl", sizes, jacobian)
    with np.errstate(invalid="ignore"):
        mean_prices = (sizes @ (shares * prices)) / units
    margins: FloatArray | None = None
    shown = []
    for target in targets:
        chosen = target.products
        weights = units[chosen] if target.by_units else None
        if target.kind == "margin":
            if margins is None:
                margins = _margins(demand, deltas, observed)
            shown.append(float(np.average(margins[chosen], weights=weights)))
        elif target.kind == "elasticity":
            own = np.diagonal(slopes)[chosen] * mean_prices[chosen] / units[chosen]
            shown.append(float(np.average(own, weights=weights)))
        elif target.kind == "diversion":
            lost = int(np.flatnonzero(chosen)[0])
            column = slopes[:, lost] / slopes[lost, lost]
            to_outside = target.to is None or not target.to.any()
            shown.append(float(column.sum() if to_outside else -column[target.to].sum()))
        elif target.kind == "second_choice":
            shown.append(_second_choice(demand, deltas, observed, target))
        else:
            moved = np.einsum("r,rjl,rl->", sizes, jacobian, prices)
            shown.append(float(moved / units.sum()))
    return np.array(shown)


def _second_choice(demand: Demand, deltas: FloatArray, observed: Observed, target: Target) -> float:
    """Where the buyers of the first product go when it is no longer on sale."""
    lost = int(np.flatnonzero(target.products)[0])
    without = deltas.copy()
    without[:, lost] = -np.inf
    won = observed.market_sizes @ (demand.shares(without, observed.prices) - observed.shares)
    buyers = -float(won[lost])
    won[lost] = 0.0
    among = float(won.sum()) if target.among_buyers else buyers
    to_outside = target.to is None or not target.to.any()
    return (buyers - float(won.sum()) if to_outside else float(won[target.to].sum())) / among


def _margins(demand: Demand, deltas: FloatArray, observed: Observed) -> FloatArray:
    """Price less implied cost over price of each product, weighted over cells by units; (J,)."""
    costs = marginal_costs(
        demand,
        deltas,
        observed.prices,
        firms=observed.firms,
        market_sizes=observed.market_sizes,
        national=observed.national,
    )
    units = observed.shares * observed.market_sizes[:, None]
    ratios = np.where(units > 0, 1 - np.nan_to_num(costs) / observed.prices, 0.0)
    with np.errstate(invalid="ignore"):
        return np.asarray((ratios * units).sum(axis=0) / units.sum(axis=0))
