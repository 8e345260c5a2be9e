"""Finance offers: the documented example, closed forms, and what a dearer or longer loan is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandtable.response.finance import (
    Lease,
    Loan,
    annuity,
    lease_payment,
    lease_value,
    loan_value,
)

rates = st.floats(0.0, 0.3)
months = st.integers(1, 120)
shares = st.floats(0.01, 1.0)


def test_the_documented_example() -> None:
    value = loan_value(Loan(0.0, 60, 0.8), 0.045)
    assert value == pytest.approx(0.0848, abs=5e-4)


@given(rates, months)
def test_an_annuity_is_the_sum_of_its_payments(rate: float, n: int) -> None:
    summed = sum((1 + rate / 12) ** -month for month in range(1, n + 1))
    assert annuity(rate, n) == pytest.approx(summed, rel=1e-9)


@given(rates, months, shares)
def test_the_usual_rate_is_worth_exactly_nothing(rate: float, n: int, share: float) -> None:
    assert loan_value(Loan(rate, n, share), rate) == 0.0


@given(rates, st.floats(0.001, 0.3), months, shares)
def test_a_cheaper_loan_is_worth_more(rate: float, more: float, n: int, share: float) -> None:
    cheap, dear = (loan_value(Loan(r, n, share), 0.1) for r in (rate, rate + more))
    assert cheap > dear
    assert cheap < share


@given(st.floats(0.01, 0.2), st.integers(2, 100), shares)
def test_a_free_loan_is_worth_more_the_longer_it_runs(rate: float, n: int, share: float) -> None:
    assert loan_value(Loan(0.0, n, share), rate) < loan_value(Loan(0.0, n + 1, share), rate)


@given(rates, months, shares)
def test_worth_is_the_discounted_sum_of_payments_saved(rate: float, n: int, share: float) -> None:
    usual = 0.06
    payments = [share / annuity(r, n) for r in (usual, rate)]
    saved = sum((payments[0] - payments[1]) / (1 + usual / 12) ** m for m in range(1, n + 1))
    assert loan_value(Loan(rate, n, share), usual) == pytest.approx(saved, abs=1e-9)


def test_a_lease_payment_is_depreciation_and_rent() -> None:
    assert lease_payment(Lease(0.001, 36, 0.55)) == pytest.approx(0.45 / 36 + 1.55 * 0.001)


@given(st.floats(0, 0.005), st.floats(0.2, 0.7), months, rates)
def test_the_usual_lease_is_worth_nothing_and_a_better_one_more(
    factor: float, residual: float, n: int, rate: float
) -> None:
    usual = Lease(factor, n, residual)
    assert lease_value(usual, usual, rate) == 0.0
    assert lease_value(Lease(factor, n, residual + 0.05), usual, rate) != 0
    assert lease_value(Lease(factor / 2, n, residual), usual, rate) >= 0.0


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Loan(-1.0, 60, 0.8), "rate is -1; it must be above -1"),
        (lambda: Loan(0.0, 0, 0.8), "months is 0; it must be 1 or more"),
        (lambda: Loan(0.0, 60, 1.2), "share_financed is 1.2; it must lie in 0 to 1"),
        (lambda: Lease(-0.1, 36, 0.5), "money_factor is -0.1; it must be 0 or more"),
        (lambda: Lease(0.1, 36, 1.5), "residual is 1.5; it must lie in 0 to 1"),
        (lambda: lease_value(Lease(0, 36, 0.5), Lease(0, 24, 0.5), 0.0), "leases of equal length"),
    ],
)
def test_terms_out_of_range_are_refused(make: object, sentence: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=sentence):
        make()
