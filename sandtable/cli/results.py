"""How the command line shows a result: one table for one period, the sum and a line a period for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandtable.cli.printing import print_table, say
from sandtable.cli.result_parts import (
    kpi_cells,
    show_levers,
    show_queues,
    show_regions,
    show_stages,
)

if TYPE_CHECKING:
    from sandtable.scenario.run import Result

FIRMS_SHOWN = 8
BY_PERIOD = ("units", "share_of_sales", "contribution_profit")


def show_result(result: Result) -> None:
    """Print what a scenario asks, does and rests on."""
    from sandtable.scenario.compare import KPIS
    from sandtable.scenario.summary import change_by_firm, totals

    scenario, metadata = result.scenario, result.data_set.metadata
    say(scenario.title, "bold")
    if scenario.question:
        say(scenario.question)
    say(
        f"{result.data_set.name} ({metadata.kind}), parameters {result.parameters.name}, "
        f"money in {metadata.money_unit}",
        "dim",
    )
    for one in result.data_set.fed:
        if one.replaced:
            say(f"{one.input} is {one.indicator}: {' '.join(one.replaced)}", "dim")
    periods = [item.base.period for item in result.periods]
    span = periods[0] if len(periods) == 1 else f"{periods[0]} to {periods[-1]} together"
    baseline, after = totals(result.periods, result.own_firm)
    rows = [
        [kpi.replace("_", " "), *kpi_cells(getattr(baseline, kpi), getattr(after, kpi), kpi)]
        for kpi in KPIS
    ]
    print_table(f"{result.own_firm}, {span}", ["", "baseline", "scenario", "change"], rows)
    show_levers(result)
    if len(periods) > 1:
        _show_periods(result)
    show_regions(result)
    show_stages(result)
    changes = [pair for pair in change_by_firm(result.periods).items() if round(pair[1])]
    if changes:
        largest = sorted(changes, key=lambda pair: -abs(pair[1]))[:FIRMS_SHOWN]
        shown = sorted(largest, key=lambda pair: -pair[1])
        print_table("Who wins, who loses", ["firm", "units"], [[f, f"{v:+,.0f}"] for f, v in shown])
    show_queues(result)
    for warning in result.warnings:
        say(f"note: {warning}", "yellow")


def _show_periods(result: Result) -> None:
    from sandtable.scenario.summary import totals

    lines = []
    for item in result.periods:
        before, after = totals(item, result.own_firm)
        cells = [kpi_cells(getattr(before, kpi), getattr(after, kpi), kpi) for kpi in BY_PERIOD]
        lines.append(
            [item.base.period, *(cell for _, now, change in cells for cell in (now, change))]
        )
    columns = ["period", "units", "change", "share", "change", "profit", "change"]
    print_table(f"{result.own_firm}, period by period", columns, lines)
