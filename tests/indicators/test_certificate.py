"""The golden answers are right, each engine is held against them, and a wrong engine does not pass."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from sandtable.cli import app, run_command
from sandtable.errors import InputError
from sandtable.indicators import DuckDBEngine, catalogue
from sandtable.indicators import certificate as module
from sandtable.indicators.certificate import (
    CAPABILITIES,
    ENGINES,
    Case,
    capabilities_of,
    certificates,
    golden_cases,
    golden_faults,
)
from tests.indicators.golden_reference import answer

if TYPE_CHECKING:
    import ibis.expr.types as ir


def faults_of(engine: str) -> list[str]:
    return [said for index in range(len(golden_cases())) for said in golden_faults(engine, index)]


@pytest.mark.parametrize(
    "case", golden_cases(), ids=lambda case: f"{case.code} by {'x'.join(case.by) or 'nothing'}"
)
def test_a_golden_answer_equals_plain_arithmetic_on_the_rows(case: Case) -> None:
    expected = answer(case.code, tuple(case.by))
    stored = {tuple(row[:-1]): None if row[-1] is None else Fraction(row[-1]) for row in case.rows}
    assert stored == expected
    cells = [row[:-1] for row in case.rows]
    assert cells == sorted(cells), "cells stand in the order of their code points"


@pytest.mark.parametrize("engine", ENGINES)
def test_each_engine_gives_every_golden_answer(engine: str) -> None:
    assert faults_of(engine) == []


def test_every_shipped_indicator_is_certified() -> None:
    found = catalogue("premium_ev")
    made = certificates(found, on=dt.date(2026, 7, 1))
    assert {code: one.faults for code, one in made.items() if one.passed is not True} == {}
    one = made["sal_testdrive_rate"]
    assert (one.on, one.engine) == ("2026-07-01", "duckdb")
    assert one.definition_hash == found.definition("sal_testdrive_rate").definition_hash
    assert {"distinct", "fan_out", "zero_divisor", "time_zone"} <= set(one.needs)


def test_needs_follow_the_definition() -> None:
    found = catalogue("premium_ev")
    assert "median" in capabilities_of(found, "sal_testdrive_days_med")
    assert "median" not in capabilities_of(found, "sal_delivery_days")
    assert "cohort" in capabilities_of(found, "sal_prospect_rate_kept_90d")
    assert "whole" in capabilities_of(found, "sal_market_shr")
    assert "stock" in capabilities_of(found, "sal_stock_days")


def test_every_capability_that_any_shipped_indicator_needs_is_proven() -> None:
    found = catalogue("premium_ev")
    needed = {need for code in found.definitions for need in capabilities_of(found, code)}
    proven = {one for case in golden_cases() for one in case.proves}
    assert needed <= proven <= set(CAPABILITIES)


class Truncating(DuckDBEngine):
    """An engine that truncates means of integers, as one known engine does."""

    name = "duckdb"

    def run(self, expression: ir.Table) -> pd.DataFrame:
        frame = super().run(expression)
        for column in ("sal_order_avg",):
            if column in frame:
                frame[column] = frame[column] // 1
        return frame


class Unordered(DuckDBEngine):
    """An engine that orders by the words of a language."""

    name = "duckdb"

    def run(self, expression: ir.Table) -> pd.DataFrame:
        frame = super().run(expression)
        keys = [name for name in ("month", "region") if name in frame]
        return frame.sort_values(keys, key=lambda one: one.str.lower()) if keys else frame


class WithoutMedian(DuckDBEngine):
    """An engine that has no median."""

    name = "duckdb"
    capabilities = frozenset({"count_distinct"})


@pytest.fixture
def other_engine(monkeypatch: pytest.MonkeyPatch) -> Any:
    def take(engine: type[DuckDBEngine]) -> None:
        monkeypatch.setattr(module, "ENGINES", {"duckdb": engine})
        golden_faults.cache_clear()

    yield take
    golden_faults.cache_clear()


def test_an_engine_that_truncates_means_fails_where_a_mean_is_needed(other_engine: Any) -> None:
    other_engine(Truncating)
    made = certificates(catalogue("premium_ev"), ("sal_delivery_days", "sal_lead_cnt"))
    assert made["sal_lead_cnt"].passed is True
    assert made["sal_delivery_days"].passed is False
    said = "duckdb: sal_order_avg by month, region must be 10/3 at 2024-03, Ö, but is 3.0."
    assert said in made["sal_delivery_days"].faults


def test_an_engine_of_another_collation_fails_everywhere(other_engine: Any) -> None:
    other_engine(Unordered)
    made = certificates(catalogue("premium_ev"), ("sal_lead_cnt",))
    assert made["sal_lead_cnt"].passed is False
    assert "but has them in another order." in made["sal_lead_cnt"].faults[0]


def test_what_an_engine_cannot_do_is_not_certified(other_engine: Any) -> None:
    other_engine(WithoutMedian)
    made = certificates(catalogue("premium_ev"), ("sal_testdrive_days_med", "sal_lead_cnt"))
    assert made["sal_lead_cnt"].passed is True
    one = made["sal_testdrive_days_med"]
    assert one.passed is None
    assert one.faults == ("The engine duckdb has no median, which sal_testdrive_days_med needs.",)


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InputError, match="no engine is called 'duckbd'; did you mean 'duckdb'"):
        certificates(catalogue("premium_ev"), engine="duckbd")


def test_the_command_prints_certificates(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["indicators", "certify", "sal_lead_cnt"]
    assert run_command(lambda: app(words)) == 0
    assert "passed on duckdb" in capsys.readouterr().out
    assert run_command(lambda: app([*words, "--json"])) == 0
    (one,) = json.loads(capsys.readouterr().out)["certificates"]
    assert (one["code"], one["passed"], one["faults"]) == ("sal_lead_cnt", True, [])
