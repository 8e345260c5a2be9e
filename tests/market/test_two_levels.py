"""Two-level nesting against the closed forms written out by hand (Verboven 1996; Brenkers and Verboven 2006).

pyblp has one level of nests only, so this stands in for it. Nothing here uses the package's own formulas.
"""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sandtable.market.demand import Demand
from sandtable.market.inversion import logit_inversion
from sandtable.market.primitives import FloatArray, Nests, Tastes
from sandtable.market.supply import marginal_costs
from sandtable.market.welfare import consumer_surplus

OUTER = [0, 0, 0, 0, 1, 1, 1]
INNER = [0, 0, 1, 1, 2, 2, 3]
ALPHA = 0.8

sigmas = st.tuples(st.floats(0, 0.9), st.floats(0, 0.9)).map(sorted)
utilities = st.lists(st.floats(-4, 4), min_size=7, max_size=7)


def by_hand(values: list[float], outer: float, inner: float) -> tuple[list[float], float]:
    """Shares and the logarithm of the denominator, product by product."""
    nest = {
        h: (1 - inner)
        * math.log(
            sum(math.exp(v / (1 - inner)) for v, i in zip(values, INNER, strict=True) if i == h)
        )
        for h in set(INNER)
    }
    group_of = dict(zip(INNER, OUTER, strict=True))
    group = {
        g: (1 - outer)
        * math.log(sum(math.exp(nest[h] / (1 - outer)) for h in nest if group_of[h] == g))
        for g in set(OUTER)
    }
    total = math.log(1 + sum(math.exp(value) for value in group.values()))
    shares = [
        math.exp((v - nest[h]) / (1 - inner))
        * math.exp((nest[h] - group[g]) / (1 - outer))
        * math.exp(group[g] - total)
        for v, h, g in zip(values, INNER, OUTER, strict=True)
    ]
    return shares, total


def derivatives_by_hand(shares: list[float], outer: float, inner: float) -> FloatArray:
    """Derivative of share j by price l, one pair at a time."""
    slopes = np.empty((7, 7))
    in_nest = {h: sum(s for s, i in zip(shares, INNER, strict=True) if i == h) for h in INNER}
    in_group = {g: sum(s for s, i in zip(shares, OUTER, strict=True) if i == g) for g in OUTER}
    for j in range(7):
        for k in range(7):
            term = -shares[j]
            if OUTER[j] == OUTER[k]:
                term -= outer / (1 - outer) * shares[j] / in_group[OUTER[j]]
            if INNER[j] == INNER[k]:
                term -= (1 / (1 - inner) - 1 / (1 - outer)) * shares[j] / in_nest[INNER[j]]
            if j == k:
                term += 1 / (1 - inner)
            slopes[j, k] = -ALPHA * shares[k] * term
    return slopes


def demand(outer: float, inner: float) -> Demand:
    return Demand(Tastes.common(ALPHA), Nests(np.array(OUTER), np.array(INNER), outer, inner))


@given(utilities, sigmas)
def test_shares_and_surplus_are_the_closed_form(values: list[float], pair: list[float]) -> None:
    prices = np.arange(1.0, 8.0)[None]
    deltas = np.array([values]) + ALPHA * prices
    shares, total = by_hand(values, *pair)
    model = demand(*pair)
    np.testing.assert_allclose(model.shares(deltas, prices)[0], shares, rtol=1e-10)
    surplus = consumer_surplus(model, deltas, prices, np.array([100.0]))
    np.testing.assert_allclose(surplus, 100 * total / ALPHA, rtol=1e-10)


@given(utilities, sigmas)
def test_price_derivatives_are_the_closed_form(values: list[float], pair: list[float]) -> None:
    prices = np.arange(1.0, 8.0)[None]
    shares, _ = by_hand(values, *pair)
    jacobian = demand(*pair).price_jacobian(np.array([values]) + ALPHA * prices, prices)
    expected = derivatives_by_hand(shares, *pair)
    np.testing.assert_allclose(jacobian[0], expected, rtol=1e-8, atol=1e-15)


@given(utilities, sigmas)
def test_the_inversion_is_the_closed_form(values: list[float], pair: list[float]) -> None:
    shares, _ = by_hand(values, *pair)
    nests = demand(*pair).nests
    np.testing.assert_allclose(
        logit_inversion(np.array([shares]), nests)[0], values, rtol=1e-9, atol=1e-9
    )


@given(utilities, sigmas)
def test_costs_solve_the_first_order_conditions_by_hand(
    values: list[float], pair: list[float]
) -> None:
    prices = np.arange(1.0, 8.0)
    firms = np.array([0, 1, 0, 1, 1, 0, 2])
    shares, _ = by_hand(values, *pair)
    slopes = derivatives_by_hand(shares, *pair)
    costs = marginal_costs(
        demand(*pair),
        np.array([values]) + ALPHA * prices,
        prices[None],
        firms=firms,
        market_sizes=np.ones(1),
        national=False,
    )[0]
    for j in range(7):
        won = sum((prices[k] - costs[k]) * slopes[k, j] for k in range(7) if firms[k] == firms[j])
        assert math.isclose(won, -shares[j], rel_tol=1e-8)
