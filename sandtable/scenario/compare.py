"""Several results side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sandtable.errors import Fault, InputError
from sandtable.scenario.run import Result
from sandtable.scenario.summary import Totals, totals

KPIS = ("units", "share_of_sales", "leads", "conversion", "revenue", "contribution_profit")


def compare(results: Sequence[tuple[str, Result]]) -> pd.DataFrame:
    """Hold results of one data set against each other.

    Parameters
    ----------
    results : sequence of (str, Result)
        A name for each result, usually its file.

    Returns
    -------
    DataFrame
        One row a result, period and firm (the own firm first), with each
        KPI ``_baseline``, ``_scenario`` and ``_change``; ``label`` says of parameters that are refused or to be used
        with care that they are, and is None for others.

    Raises
    ------
    InputError
        If the results rest on different data: their numbers could not be compared.
    """
    first_name, first = results[0]
    faults = [
        Fault(
            name,
            "data",
            f"rests on other data than {first_name}; compare scenarios of one data set.",
        )
        for name, result in results[1:]
        if result.data_set.fingerprint != first.data_set.fingerprint
    ]
    if faults:
        raise InputError(faults)
    rows = []
    for name, result in results:
        for item in result.periods:
            for firm in _firms(result):
                baseline, scenario = totals(item, firm)
                row: dict[str, object] = {
                    "scenario": name,
                    "title": result.scenario.title,
                    "parameters": result.parameters.name,
                    "label": None
                    if result.parameters.label is None
                    else result.parameters.label.en,
                    "period": item.base.period,
                    "firm": firm,
                }
                for kpi in KPIS:
                    row |= _sides(kpi, baseline, scenario)
                rows.append(row)
    return pd.DataFrame(rows)


def _firms(result: Result) -> list[str]:
    firms = sorted({firm for item in result.periods for firm in item.base.market.firms})
    return [result.own_firm, *(firm for firm in firms if firm != result.own_firm)]


def _sides(kpi: str, baseline: Totals, scenario: Totals) -> dict[str, float | None]:
    before, after = getattr(baseline, kpi), getattr(scenario, kpi)
    change = None if before is None or after is None else after - before
    return {f"{kpi}_baseline": before, f"{kpi}_scenario": after, f"{kpi}_change": change}
