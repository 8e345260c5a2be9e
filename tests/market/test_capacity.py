"""Capacity: complementarity, conservation, and where those go who do not get what they want."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.market.capacity import ration
from sandtable.market.market import Market
from sandtable.market.primitives import FloatArray
from tests.market.random_markets import Drawn, draw, markets_with_gaps


def rationed(market: Market, limits: FloatArray) -> tuple[FloatArray, FloatArray]:
    result = ration(market.demand, market.deltas, market.prices, market.market_sizes, limits)
    return result.units, result.shadows


@given(markets_with_gaps, st.lists(st.floats(0.05, 3.0), min_size=6, max_size=6))
def test_a_limit_holds_and_only_a_binding_one_has_a_shadow(
    drawn: Drawn, parts: list[float]
) -> None:
    market = drawn.market()
    wanted = market.units.sum(axis=0)
    limits = np.where(wanted > 0, wanted * parts, np.inf)
    units, shadows = rationed(market, limits)
    sold = units.sum(axis=0)
    assert (sold <= limits * (1 + 1e-11)).all()
    assert (shadows >= 0).all()
    binding = shadows > 0
    np.testing.assert_allclose(sold[binding], limits[binding], rtol=1e-11)


@given(markets_with_gaps)
def test_slack_limits_change_nothing_to_the_bit(drawn: Drawn) -> None:
    market = drawn.market()
    limits = market.units.sum(axis=0) * 1.0001 + 1e-6
    result = ration(market.demand, market.deltas, market.prices, market.market_sizes, limits)
    assert result.deltas is market.deltas
    np.testing.assert_array_equal(result.units, market.units)
    assert not result.binding.any()


@given(markets_with_gaps, st.floats(0.1, 0.9))
def test_who_does_not_get_a_product_takes_another_or_none(drawn: Drawn, part: float) -> None:
    market = drawn.market()
    limits = np.full(6, np.inf)
    limits[1] = part * market.units[:, 1].sum()
    units, _ = rationed(market, limits)
    change = (units - market.units).sum(axis=0)
    outside = -change.sum()
    assert (np.delete(change, 1) >= -1e-9).all()
    assert outside >= -1e-9
    assert change[1] == pytest.approx(-(1 - part) * market.units[:, 1].sum(), rel=1e-9)


def test_a_plain_logit_diverts_in_proportion_to_shares() -> None:
    market = draw(3, "logit", n_cells=1).market()
    limits = np.full(6, np.inf)
    limits[2] = 0.5 * market.units[0, 2]
    units, _ = rationed(market, limits)
    others = np.arange(6) != 2
    ratio = units[0, others] / market.units[0, others]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)


def test_the_shadow_of_a_logit_is_the_closed_form() -> None:
    market = draw(4, "logit", n_cells=1).market()
    share = market.shares[0, 0]
    limits = np.full(6, np.inf)
    limits[0] = 0.5 * market.units[0, 0]
    _, shadows = rationed(market, limits)
    half = share / 2
    assert shadows[0] == pytest.approx(np.log(share / (1 - share) * (1 - half) / half), rel=1e-10)


def test_a_limit_of_zero_takes_the_product_off_the_market() -> None:
    market = draw(5, "mixed_nested").market()
    limits = np.full(6, np.inf)
    limits[3] = 0.0
    units, shadows = rationed(market, limits)
    gone = market.moved(offered=np.broadcast_to(np.arange(6) != 3, market.prices.shape))
    np.testing.assert_array_equal(units, gone.units)
    assert np.isinf(shadows[3])


def test_a_negative_limit_is_refused() -> None:
    market = draw(5, "logit").market()
    with pytest.raises(ValueError, match="a limit must be 0 or more"):
        rationed(market, np.full(6, -1.0))
