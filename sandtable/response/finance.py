"""Finance and lease offers as money off the price: the present value of what the customer saves."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Loan:
    """Terms of a loan.

    Parameters
    ----------
    rate : float
        Annual percentage rate as a share, compounded monthly: 0.045 for 4.5 %; above -1.
    months : int
        Number of monthly payments, 1 or more.
    share_financed : float
        Part of the price that is borrowed, 0 to 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    rate: float
    months: int
    share_financed: float

    def __post_init__(self) -> None:
        _check_rate(self.rate)
        _check_months(self.months)
        if not 0 <= self.share_financed <= 1:
            raise ValueError(f"share_financed is {self.share_financed:g}; it must lie in 0 to 1.")


@dataclass(frozen=True)
class Lease:
    """Terms of a lease.

    Parameters
    ----------
    money_factor : float
        Monthly charge on price plus residual; about the annual rate over 24; 0 or more.
    months : int
        Number of monthly payments, 1 or more.
    residual : float
        What the car is set to be worth at the end, as a share of the price, 0 to 1.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    money_factor: float
    months: int
    residual: float

    def __post_init__(self) -> None:
        _check_months(self.months)
        if not 0 <= self.money_factor < math.inf:
            raise ValueError(f"money_factor is {self.money_factor:g}; it must be 0 or more.")
        if not 0 <= self.residual <= 1:
            raise ValueError(f"residual is {self.residual:g}; it must lie in 0 to 1.")


def _check_rate(rate: float) -> None:
    if not -1 < rate < math.inf:
        raise ValueError(f"rate is {rate:g}; it must be above -1.")


def _check_months(months: int) -> None:
    if months < 1:
        raise ValueError(f"months is {months}; it must be 1 or more.")


def annuity(rate: float, months: int) -> float:
    """Present value of one money unit paid at the end of each month.

    Parameters
    ----------
    rate : float
        Annual rate as a share, compounded monthly, above -1.
    months : int
        Number of payments.

    Returns
    -------
    float
        Between 0 and (for rates of 0 or more) the number of months.

    Examples
    --------
    >>> round(annuity(0.045, 60), 3)
    53.639
    """
    monthly = rate / 12
    # near a rate of 0 the closed form loses its digits
    return months if abs(monthly) < 1e-12 else -math.expm1(-months * math.log1p(monthly)) / monthly


def fuel_cost(
    price: float, litres: float, distance: float, years: int, discount_rate: float
) -> float:
    """Present value of the fuel that a car burns over the years.

    Parameters
    ----------
    price : float
        Of a litre, in money units; a change of it gives the change of the cost.
    litres : float
        For 100 km.
    distance : float
        Kilometres a year.
    years : int
        1 or more; paid month by month.
    discount_rate : float
        A year, compounded monthly, 0 or more.

    Examples
    --------
    >>> fuel_cost(8.0, 5.0, 10_000.0, 2, 0.0)
    8000.0
    """
    return price * litres / 100 * distance / 12 * annuity(discount_rate, 12 * years)


def loan_value(offer: Loan, usual_rate: float) -> float:
    """Worth of a loan to a customer who would else borrow at the usual rate, as a share of the price.

    Parameters
    ----------
    offer : Loan
        What the firm offers.
    usual_rate : float
        Annual rate that the customer pays elsewhere; the payments are discounted at it.

    Returns
    -------
    float
        Price reduction of equal worth; 0 when the offer is the usual rate, negative when it is dearer.

    Notes
    -----
    ``share_financed * (1 - annuity(usual) / annuity(offer))``: the loan is worth what is borrowed less the present
    value of its payments.

    Examples
    --------
    >>> round(loan_value(Loan(0.0, 60, 0.8), 0.045), 3)
    0.085
    """
    _check_rate(usual_rate)
    if offer.rate == usual_rate:
        return 0.0
    paid = annuity(usual_rate, offer.months) / annuity(offer.rate, offer.months)
    return offer.share_financed * (1 - paid)


def lease_payment(terms: Lease) -> float:
    """Monthly payment of a lease as a share of the price.

    Notes
    -----
    ``(1 - residual) / months + (1 + residual) * money_factor``.
    """
    return (1 - terms.residual) / terms.months + (1 + terms.residual) * terms.money_factor


def lease_value(offer: Lease, usual: Lease, discount_rate: float) -> float:
    """Worth of a lease offer against the usual one, as a share of the price.

    Parameters
    ----------
    offer, usual : Lease
        Of equal length.
    discount_rate : float
        Annual rate at which the customer discounts payments.

    Returns
    -------
    float
        Present value of the payments saved; the car goes back at the end of both.

    Raises
    ------
    ValueError
        If the two differ in length: then they are not the same use of the car.
    """
    if offer.months != usual.months:
        raise ValueError(
            f"the offer runs {offer.months} months and the usual lease {usual.months}; "
            "compare leases of equal length."
        )
    _check_rate(discount_rate)
    saved = lease_payment(usual) - lease_payment(offer)
    return saved * annuity(discount_rate, offer.months)
