"""A result as a workbook (XLSX): text stays text, numbers stay numbers, and every sheet says where it comes from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pandas as pd
import xlsxwriter

from sandtable import __version__
from sandtable.data.fed import Fed
from sandtable.scenario.compare import KPIS
from sandtable.scenario.model import FURTHER_TARGETS
from sandtable.scenario.run import Result
from sandtable.scenario.summary import change_by_firm, stage_totals, totals
from sandtable.scenario.writing import move_fields

# no cell may turn into a formula, a link or a number because of what its text looks like
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


def workbook(result: Result) -> bytes:
    """Write a result as a workbook.

    Parameters
    ----------
    result : Result
        A converged result.

    Returns
    -------
    bytes
        An XLSX file with the sheets Summary, Firms, Products, Funnel (where it is known), Levers and Provenance.
    """
    stream = BytesIO()
    with xlsxwriter.Workbook(stream, OPTIONS) as book:
        sheets = _Sheets(book)
        sheets.add("Summary", *_labelled(result, *_summary(result)))
        sheets.add("Firms", *_labelled(result, *_firms(result)))
        rows = labelled_rows(result)
        sheets.add("Products", list(rows.columns), rows.to_numpy(dtype=object).tolist())
        funnel = _funnel(result)
        if funnel[1]:
            sheets.add("Funnel", *_labelled(result, *funnel))
        sheets.add("Levers", *_levers(result))
        sheets.add("Provenance", *_provenance(result))
    return stream.getvalue()


def labelled_rows(result: Result) -> pd.DataFrame:
    """Return the rows of a result with the label of its parameters in the last column.

    Parameters
    ----------
    result : Result
        A converged result.

    Returns
    -------
    DataFrame
        `Result.rows`, with the column ``label`` where the parameters are refused or to be used with care, so that a
        row copied into another file keeps it.
    """
    label = result.parameters.label
    return result.rows if label is None else result.rows.assign(label=label.en)


class _Sheets:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._whole = book.add_format({"num_format": "#,##0"})
        self._ratio = book.add_format({"num_format": "0.00%"})

    def add(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column, self._head)
            texts = [len(str(row[place])) for row in rows if isinstance(row[place], str)]
            sheet.set_column(place, place, min(60, max(12, len(column) + 2, *texts, 0)))
        for line, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                self._write(sheet, line, place, value, str(columns[place]), str(row[0]))

    def _write(
        self, sheet: Any, line: int, place: int, value: Any, column: str, label: str
    ) -> None:
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return
        if isinstance(value, (int, float)):
            is_ratio = any(word in column or word in label for word in ("share", "conversion"))
            is_whole = abs(value) >= 1000
            sheet.write_number(
                line, place, value, self._ratio if is_ratio else self._whole if is_whole else None
            )
        else:
            sheet.write_string(line, place, str(value))


Table = tuple[list[str], list[list[Any]]]


def _labelled(result: Result, columns: list[str], rows: list[list[Any]]) -> Table:
    """Add the label of the parameters as a last column, when there is one."""
    label = result.parameters.label
    if label is None:
        return columns, rows
    return [*columns, "label"], [[*row, label.en] for row in rows]


def _summary(result: Result) -> Table:
    columns = ["indicator", "firm", "period", "baseline", "scenario", "change"]
    rows: list[list[Any]] = []
    for item in result.periods:
        baseline, scenario = totals(item, result.own_firm)
        for kpi in KPIS:
            before, after = getattr(baseline, kpi), getattr(scenario, kpi)
            change = None if before is None or after is None else after - before
            rows.append([kpi, result.own_firm, item.base.period, before, after, change])
    return columns, rows


def _firms(result: Result) -> Table:
    columns = ["firm", "period", "units_baseline", "units_scenario", "change"]
    rows: list[list[Any]] = []
    for item in result.periods:
        for firm, change in change_by_firm(item).items():
            baseline, scenario = totals(item, firm)
            rows.append([firm, item.base.period, baseline.units, scenario.units, change])
    return columns, rows


def _funnel(result: Result) -> Table:
    columns = ["stage", "firm", "period", "baseline", "scenario", "change"]
    rows: list[list[Any]] = []
    for item in result.periods:
        for stage, (before, after) in stage_totals(item, result.own_firm).items():
            rows.append([stage, result.own_firm, item.base.period, before, after, after - before])
    return columns, rows


def _levers(result: Result) -> Table:
    columns = [
        *("lever", "product", "firm", "region", "change", "value", "owner"),
        *FURTHER_TARGETS,
        *("like", "characteristics", "terms", "from", "to"),
    ]
    moves = [move_fields(move) for move in result.scenario.levers]
    return columns, [[_one_cell(move.get(column)) for column in columns] for move in moves]


def _one_cell(value: Any) -> Any:
    """Write a list or a mapping in one cell."""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return value


def _fed(one: Fed) -> str:
    """Say in one cell which definition an input of the model comes from."""
    changed = f"; differs from the file on {one.changed_rows} rows" if one.changed_rows else ""
    words = [f"{one.indicator}, version {one.version}, {one.status}, {one.file}{changed}"]
    return "; ".join([*words, f"hash {one.definition_hash}", *one.replaced])


def _provenance(result: Result) -> Table:
    metadata = result.data_set.metadata
    rows: list[list[Any]] = [
        ["scenario", result.scenario.title],
        ["question", result.scenario.question],
        ["scenario sha256", result.scenario.sha256],
        ["data set", f"{result.data_set.name} ({metadata.kind})"],
        ["data source", metadata.source],
        ["data licence", metadata.licence],
        ["data sha256", result.data_set.sha256],
        ["definitions sha256", result.data_set.definitions],
        *([f"{one.input} is", _fed(one)] for one in result.data_set.fed),
        ["money unit", metadata.money_unit],
        ["parameter set", result.parameters.name],
        ["rivals by default", str(result.scenario.rivals.default)],
        ["sandtable version", __version__],
    ]
    named = {
        "price coefficient": result.parameters.price_coefficient,
        "price spread": result.parameters.price_spread,
        "customer cash pass-through": result.parameters.customer_cash_pass_through,
        **{
            f"sigma {n}": p
            for n, p in zip(result.parameters.nests, result.parameters.sigmas, strict=True)
        },
    }
    for name, parameter in named.items():
        if parameter is not None:
            rows.append([name, parameter.value])
            rows.append([f"{name}: evidence", f"{parameter.grade}; {parameter.source}"])
    named_rivals = result.scenario.rivals.by_firm
    rows += [["rival answer", f"{firm}: {response}"] for firm, response in named_rivals]
    rows += [["note", warning] for warning in result.warnings]
    rows += [["not modelled", text] for text in result.scenario.not_modelled]
    return ["what", "value"], rows
