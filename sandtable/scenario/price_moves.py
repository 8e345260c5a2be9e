"""Levers on what the customer pays: prices, cash, finance and lease offers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandtable.market.primitives import FloatArray
from sandtable.response.finance import Lease, Loan, lease_value, loan_value
from sandtable.scenario.base import Base
from sandtable.scenario.levers import terms_of
from sandtable.scenario.model import LeverMove
from sandtable.scenario.supply_draft import changed

PRICE_LEVERS = (
    "list_price",
    "net_price",
    "customer_cash",
    "rival_price",
    "dealer_cash",
    "finance",
    "lease",
)


def move_price(
    net_prices: FloatArray,
    list_prices: FloatArray,
    cash_kept: FloatArray,
    move: LeverMove,
    cells: tuple[NDArray[Any], ...],
    base: Base,
) -> None:
    """Apply one move to some cells of the three arrays, (R, J) each, in place.

    Parameters
    ----------
    net_prices, list_prices : ndarray
        In money units.
    cash_kept : ndarray
        What the firm pays for each vehicle beyond the fall of the net price.
    move : LeverMove
        Its lever is one of `PRICE_LEVERS`.
    cells : tuple of ndarray
        As `numpy.ix_` gives them.
    base : Base
        Its parameters hold the pass-through of customer cash.
    """
    if move.lever in ("customer_cash", "dealer_cash"):
        passed = (
            base.parameters.customer_cash_pass_through.value
            if move.lever == "customer_cash"
            else terms_of(move)["pass_through"]
        )
        cash = move.value or 0.0
        net_prices[cells] -= passed * cash
        cash_kept[cells] += (1 - passed) * cash
    elif move.lever in ("finance", "lease"):
        # the firm gives up what its customers gain
        net_prices[cells] *= 1 - offer_value(move)
    elif move.lever == "net_price":
        net_prices[cells] = changed(move, net_prices[cells])
    else:
        before = list_prices[cells]
        after = changed(move, before)
        list_prices[cells] = after
        net_prices[cells] += np.nan_to_num(after - before)


def offer_value(move: LeverMove) -> float:
    """Worth of a finance or lease offer over all customers, as a share of the net price.

    Parameters
    ----------
    move : LeverMove
        Of the lever finance or lease.

    Returns
    -------
    float
        Take-up times the worth to a customer who takes the offer; 0 at the usual terms.
    """
    terms = terms_of(move)
    months = int(terms["months"])
    if move.lever == "finance":
        loan = Loan(terms["rate"], months, terms["share_financed"])
        return terms["take_up"] * loan_value(loan, terms["usual_rate"])
    offer = Lease(terms["money_factor"], months, terms["residual"])
    usual = Lease(terms["usual_money_factor"], months, terms["usual_residual"])
    return terms["take_up"] * lease_value(offer, usual, terms["discount_rate"])
