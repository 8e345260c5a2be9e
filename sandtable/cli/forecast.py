"""``sandtable backtest`` and ``sandtable forecast``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sandtable.cli.printing import Json, print_json, print_table, say

if TYPE_CHECKING:
    from sandtable.data.loading import DataSet
    from sandtable.forecast import BackTest, BasePath, LevelPath

STYLES = {
    "usable": "bold",
    "with_care": "bold yellow",
    "no_skill": "yellow",
    "too_little_history": "yellow",
}
TABLES = {"products", "sales", "market"}
LARGEST = 4  # firms shown, the own one beside them

Name = Annotated[str, typer.Argument(help="Name or folder of a data set.")]


def backtest(
    data_set: Name,
    horizon: Annotated[int, typer.Option(help="Periods ahead, 1 to 120.")] = 12,
    as_json: Json = False,
) -> None:
    """Back-test the base path from rolling origins: measures, skill, and a verdict by level."""
    from sandtable.forecast.back_testing import back_test, check_count

    loaded = _loaded(data_set)
    check_count(loaded, "--horizon", horizon)
    result = back_test(loaded, range(1, horizon + 1))
    if as_json:
        print_json(result.to_dict())
        return
    _show_back_test(result)


def forecast(
    data_set: Name,
    periods: Annotated[int, typer.Option(help="Periods ahead, 1 to 120.")] = 12,
    as_json: Json = False,
) -> None:
    """Forecast the base path: units by firm with 80 % intervals, methods and warnings."""
    from sandtable.forecast.back_testing import check_count
    from sandtable.forecast.base_paths import base_path

    loaded = _loaded(data_set)
    check_count(loaded, "--periods", periods)
    path = base_path(loaded, periods)
    if as_json:
        print_json(path.to_dict())
        return
    _show_path(path)


def _loaded(name: str) -> DataSet:
    from sandtable.data.catalogue import find_data_set
    from sandtable.indicators.feeding import load_fed

    return load_fed(find_data_set(name), tables=TABLES)


def _show_back_test(result: BackTest) -> None:
    for verdict in result.verdicts.values():
        say(f"{verdict.grade.replace('_', ' ')}: {verdict.sentence.en}", STYLES[verdict.grade])
    whole = result.table[result.table["horizon"] == 0]
    for level, rows in whole.groupby("level", sort=False):
        cells = [
            [
                f"{row['method']}{' *' if row['used'] else ''}",
                *(_number(row[name]) for name in ("wape", "mase", "bias", "coverage_80")),
                f"{row['n']:,}",
                f"{row['origins']}",
            ]
            for row in rows.to_dict("records")
        ]
        title = f"{str(level).replace('_', ' ')}, all horizons (* used)"
        columns = ["method", "WAPE", "MASE", "bias", "80 % held", "n", "origins"]
        print_table(title, columns, cells)
    if result.origins:
        say(
            f"origins {result.origins[0]} to {result.origins[-1]}, horizons "
            f"{result.horizons[0]} to {result.horizons[-1]}; --json has every horizon",
            "dim",
        )


def _number(value: float) -> str:
    return "—" if value != value else f"{value:.3f}"  # noqa: PLR0124 - only NaN differs from itself


def _show_path(path: BasePath) -> None:
    units = path.units.sum(axis=1)
    by_firm = {
        firm: units[:, [name == firm for name in path.firms]].sum(axis=1)
        for firm in sorted(set(path.firms))
    }
    largest = sorted(by_firm, key=lambda firm: (-by_firm[firm].sum(), firm))[:LARGEST]
    shown = [path.own_firm] if path.own_firm in by_firm else []
    shown += [firm for firm in largest if firm != path.own_firm]
    rows = [
        [period, f"{units[step].sum():,.0f}", *(f"{by_firm[firm][step]:,.0f}" for firm in shown)]
        for step, period in enumerate(path.periods)
    ]
    print_table("Units of the base path", ["period", "total", *shown], rows)
    levels = (path.total_units, path.own_firm_units, path.own_firm_share)
    titles = ["total units", f"{path.own_firm} units", f"{path.own_firm} share of sales"]
    cells = [
        [period, *(_interval(level, step) for level in levels)]
        for step, period in enumerate(path.periods)
    ]
    print_table("Median and 80 % interval", ["period", *titles], cells)
    for label, choice in (
        ("market size", path.market_size_method),
        ("shares", path.share_method),
    ):
        say(f"{label}: {choice.method}. {choice.reason.en}", "dim")
    for warning in path.warnings:
        say(f"warning: {warning.en}", "yellow")


def _interval(level: LevelPath, step: int) -> str:
    values = (level.median[step], level.low_80[step], level.high_80[step])
    pattern = "{:.2%}" if level.verdict.level == "own_firm_share" else "{:,.0f}"
    median, low, high = ("—" if value != value else pattern.format(value) for value in values)  # noqa: PLR0124
    return f"{median} ({low}\u2013{high})"
