"""``sandtable lever-backtest``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say

if TYPE_CHECKING:
    from sandtable.planning.hindsight.lever_back_test import LeverBackTest

STYLES = {
    "usable": "bold",
    "with_care": "bold yellow",
    "no_skill": "yellow",
    "too_little_history": "yellow",
    "not_available": "yellow",
}
SHOWN = {"list_price": "list", "paid_price": "paid", "seen_prices": "all seen"}


def lever_backtest(
    data_set: Annotated[str, typer.Argument(help="Name or folder of a data set.")],
    parameters: Annotated[
        str | None, typer.Option(help="Parameter set; the default of the data set otherwise.")
    ] = None,
    periods: Annotated[
        int, typer.Option(help="Periods from the event on over which its effect is read, 1 to 12.")
    ] = 3,
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Replay past price events as levers: what was predicted, what was seen, and whether to believe it."""
    from sandtable.planning.hindsight.lever_back_test import lever_back_test
    from sandtable.scenario.base import open_data_set

    loaded = open_data_set(data_set, folder or ())
    result = lever_back_test(loaded, parameters=parameters, periods=periods)
    if as_json:
        print_json(result.to_dict())
        return
    _show(result)


def _show(result: LeverBackTest) -> None:
    from sandtable.planning.hindsight.past_events import NOT_REPLAYED

    for verdict in result.verdicts:
        say(f"{verdict.grade.replace('_', ' ')}: {verdict.sentence.en}", STYLES[verdict.grade])
    if result.agreements:
        _show_agreements(result)
    marks = {True: "yes", False: "no"}
    rows = [
        [
            f"{row['event']} {row['period']} {row['product']}",
            _rate(row["price_change"]),
            *(_rate(row[f"predicted_{way}"]) for way in SHOWN),
            _rate(row["seen"]),
            f"{_rate(row['low_seen_prices'])} to {_rate(row['high_seen_prices'])}",
            marks.get(row["inside_seen_prices"], "—"),
        ]
        for row in result.table.to_dict("records")
    ]
    if rows:
        columns = ["event", "price", "list", "paid", "all", "seen", "80 % (all)", "in"]
        title = (
            "Change of units against comparable products: predicted from the list price, the price as it was paid "
            "and all prices as they were seen; and what was seen"
        )
        print_table(title, columns, rows)
    for (kind, reason), count in result.left_out_counts().items():
        say(f"not replayed: {count} of kind {kind}: {NOT_REPLAYED[reason].en}.", "dim")
    for note in result.notes:
        say(note.en, "dim")


def _show_agreements(result: LeverBackTest) -> None:
    rows = [
        [
            SHOWN[one.way],
            str(one.n),
            _rate(one.bias),
            _rate(one.wape),
            f"{_number(one.slope)} ({_number(one.slope_error)})",
            _number(one.correlation),
            _rate(one.sign_hits),
            f"{_rate(one.coverage)} of {one.n_interval}",
        ]
        for one in result.agreements
    ]
    columns = ["way", "n", "bias", "WAPE", "slope", "correl.", "sign", "80 % held"]
    print_table(f"Parameters {result.parameters}, {result.periods} periods", columns, rows)


def _rate(value: float) -> str:
    return "—" if value != value else f"{value:.1%}"  # noqa: PLR0124 - only NaN differs from itself


def _number(value: float) -> str:
    return "—" if value != value else f"{value:.2f}"  # noqa: PLR0124
