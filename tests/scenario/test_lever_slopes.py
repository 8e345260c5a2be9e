"""The numbers of a run against the derivative of each lever's own formula, and their signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandtable.market.primitives import FloatArray
from sandtable.response.finance import Loan, annuity, loan_value
from sandtable.response.media import hill_slope
from sandtable.scenario.base import Base, base_of
from sandtable.scenario.dealers_open import dealers_open
from sandtable.scenario.funnel_base import funnel_table
from sandtable.scenario.model import LeverMove
from sandtable.units import Change
from tests.scenario.observed import OWN, PARAMETERS, data_set, relative, run_moves, units

SPRING = ("2026-04", "2026-05", "2026-06")
Slopes = Callable[[Base], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Smooth:
    """A lever as a function of one number x, and what x adds to utility and to the price, (R, J) each, at x = 0."""

    name: str
    move: Callable[[float], LeverMove]
    slopes: Slopes
    periods: tuple[str, ...] = ()
    step: float = 1e-4


def _inside(base: Base) -> float:
    nests = base.market.demand.nests
    return 1 - nests.sigma_inner if nests else 1.0


def _of(base: Base, *, firm: str = "", product: str = "", powertrain: str = "") -> FloatArray:
    """Return 1 for the products meant and 0 for all others, (1, J)."""
    market = base.market
    named = zip(market.products, market.firms, base.powertrains, strict=True)
    return np.array([[float(firm == f or product == p or powertrain == t) for p, f, t in named]])


def _none(base: Base) -> FloatArray:
    return np.zeros((1, len(base.market.products)))


def _media(base: Base) -> tuple[FloatArray, FloatArray]:
    """Two months of digital spend, the second of which has passed: what is left of both."""
    assert base.media is not None
    path, place = base.media.path, base.media.place
    channel, brand = path.channels.index("digital"), path.brands.index("Nova")
    rho = path.carry_over[channel]
    spent = [path.spend[place - back, :, brand, channel] * rho**back for back in (1, 2)]
    numbers = path.half[channel], path.slope[channel]
    slope = hill_slope(path.stock[place, :, brand, channel], *numbers) * path.effect[channel]
    return (slope * np.sum(spent, axis=0))[:, None] * _of(base, firm="Nova"), _none(base)


def _dealers(base: Base) -> tuple[FloatArray, FloatArray]:
    effect = base.parameters.dealers
    assert effect is not None
    now = dealers_open(base.data_set, "Nova", base.period)
    return (effect.value * now / (1 + now))[:, None] * _of(base, firm="Nova"), _none(base)


def _referrals(base: Base) -> tuple[FloatArray, FloatArray]:
    table = funnel_table(base.data_set)
    assert table is not None
    part = table.placed(
        table.referral_rates(base.period), base.market.products, base.market.regions
    )
    return np.nan_to_num(part) * _inside(base) * _of(base, firm="Nova"), _none(base)


def _dealer_rate(base: Base) -> tuple[FloatArray, FloatArray]:
    table = funnel_table(base.data_set)
    assert table is not None
    both = [table.pooled(base.period, dealer=dealer)[-1] for dealer in ("D066", None)]
    own, whole = (table.placed(c, base.market.products, base.market.regions) for c in both)
    with np.errstate(invalid="ignore"):
        part = np.nan_to_num(own / whole)
    return part * _inside(base) * _of(base, firm="Nova"), _none(base)


def _loan(base: Base) -> tuple[FloatArray, FloatArray]:
    # of the worth of a loan by its rate, at the usual one
    step = 1e-5
    worth = [loan_value(Loan(0.045 + x, 60, 0.8), 0.045) for x in (-step, step)]
    slope = 0.6 * (worth[1] - worth[0]) / (2 * step)
    return _none(base), -slope * base.market.prices * _of(base, product="N7")


SMOOTH = [
    Smooth(
        "media, one and two months later",
        lambda x: LeverMove(
            "media",
            firm="Nova",
            channel="digital",
            change=relative(x),
            first="2026-04",
            last="2026-05",
        ),
        _media,
        SPRING,
    ),
    Smooth("dealers", lambda x: LeverMove("dealers", firm="Nova", change=relative(x)), _dealers),
    Smooth(
        "stage rate",
        lambda x: LeverMove("stage_rate", firm="Nova", stage="test_drives", change=relative(x)),
        lambda base: (_inside(base) * _of(base, firm="Nova"), _none(base)),
    ),
    Smooth(
        "stage rate of one dealer",
        lambda x: LeverMove(
            "stage_rate", firm="Nova", stage="orders", dealer="D066", change=relative(x)
        ),
        _dealer_rate,
        step=1e-3,
    ),
    Smooth(
        "referrals",
        lambda x: LeverMove("referral_reward", firm="Nova", change=relative(x)),
        _referrals,
        step=1e-3,
    ),
    Smooth(
        "specification",
        lambda x: LeverMove(
            "spec",
            product="N5",
            characteristic="electric_range_km",
            change=Change("absolute", 100 * x),
        ),
        lambda base: (
            _none(base),
            -100 * base.parameters.worth["electric_range_km"].value * _of(base, product="N5"),
        ),
        step=1e-2,
    ),
    Smooth(
        "fuel price",
        lambda x: LeverMove(
            "fuel_price", powertrain="PHEV", change=relative(x), terms=(("price", 8.0),)
        ),
        lambda base: (
            _none(base),
            8.0 * 0.05 * 1_000 * annuity(0.05, 60) * _of(base, powertrain="PHEV"),
        ),
        step=1e-2,
    ),
    Smooth(
        "charging network",
        lambda x: LeverMove(
            "charging_network", powertrain="BEV", change=relative(x), terms=(("doubling", 6e3),)
        ),
        lambda base: (_none(base), -6e3 / np.log(2) * _of(base, powertrain="BEV")),
        step=1e-3,
    ),
    Smooth(
        "plate rule",
        lambda x: LeverMove("plate_rule", powertrain="PHEV", change=relative(x)),
        lambda base: (_inside(base) * _of(base, powertrain="PHEV"), _none(base)),
    ),
    Smooth(
        "tax on one powertrain",
        lambda x: LeverMove("purchase_tax", powertrain="BEV", change=relative(x)),
        lambda base: (_none(base), base.market.prices * _of(base, powertrain="BEV")),
    ),
    Smooth(
        "finance",
        lambda x: LeverMove("finance", product="N7", terms=(("rate", 0.045 + x),)),
        _loan,
    ),
]


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("lever", SMOOTH, ids=lambda lever: lever.name)
def test_a_small_move_does_what_the_formula_of_its_lever_says(
    lever: Smooth, parameters: str
) -> None:
    def sold(x: float) -> FloatArray:
        item = run_moves(lever.move(x), parameters=parameters, periods=lever.periods).periods[-1]
        return item.scenario.units

    h = lever.step
    # the error of the fourth-order difference is far below the tolerance
    seen = (8 * (sold(h) - sold(-h)) - (sold(2 * h) - sold(-2 * h))) / (12 * h)
    data = data_set("premium_ev")
    base = base_of(data, data.parameter_sets[parameters], "2026-06")
    market, demand = base.market, base.market.demand
    by_utility, by_price = lever.slopes(base)
    shape = market.prices.shape
    slope = np.einsum(
        "rjk,rk->rj",
        demand.delta_jacobian(market.deltas, market.prices),
        np.broadcast_to(by_utility, shape),
    ) + np.einsum("rjk,rk->rj", market.price_jacobian, np.broadcast_to(by_price, shape))
    expected = slope * market.market_sizes[:, None]
    np.testing.assert_allclose(seen, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())


def _fuel(x: float) -> LeverMove:
    return LeverMove("fuel_price", powertrain="PHEV", change=relative(-x), terms=(("price", 7.8),))


GOOD = {
    "media": lambda x: LeverMove("media", firm="Nova", change=relative(x)),
    "dealers": lambda x: LeverMove("dealers", firm="Nova", change=relative(x)),
    "stage_rate": lambda x: LeverMove(
        "stage_rate", firm="Nova", stage="orders", change=relative(x)
    ),
    "referral_reward": lambda x: LeverMove("referral_reward", firm="Nova", change=relative(x)),
    "spec": lambda x: LeverMove(
        "spec", product="N5", characteristic="power_kw", change=relative(x)
    ),
    "finance": lambda x: LeverMove("finance", product="N5", terms=(("rate", 0.045 * (1 - x)),)),
    "dealer_cash": lambda x: LeverMove("dealer_cash", product="N5", value=20_000 * x),
    "facelift": lambda x: LeverMove("facelift", product="N5", change=relative(x)),
    "charging_network": lambda x: LeverMove(
        "charging_network", powertrain="BEV", change=relative(x), terms=(("doubling", 6e3),)
    ),
    "plate_rule": lambda x: LeverMove("plate_rule", powertrain="BEV", change=relative(x)),
    "fuel_price": _fuel,
    "subsidy": lambda x: LeverMove("subsidy", powertrain="BEV", value=10_000 * x),
}
HELPED = {"fuel_price": "C1"}  # N5 is a BEV; cheaper fuel helps what burns it


@settings(max_examples=15)
@pytest.mark.parametrize("lever", sorted(GOOD))
@given(
    amounts=st.lists(st.floats(0.01, 0.9), min_size=2, max_size=3, unique_by=lambda x: round(x, 2)),
    parameters=st.sampled_from(PARAMETERS),
)
def test_more_of_a_good_lever_sells_more_of_what_it_is_pulled_on(
    lever: str, amounts: list[float], parameters: str
) -> None:
    product = HELPED.get(lever, "N5")
    sold = [
        units(run_moves(GOOD[lever](x), parameters=parameters), product)
        for x in (0.0, *sorted(amounts))
    ]
    assert all(less < more for less, more in pairwise(sold)), sold


def test_what_a_rival_spends_on_media_costs_the_own_firm_units() -> None:
    result = run_moves(LeverMove("media", firm="Orion", change=relative(0.5)))
    for product in OWN:
        assert units(result, product) < units(result, product, "baseline")
    assert units(result, "O3") > units(result, "O3", "baseline")
