"""A table of second choices: what the buyers of one product would have bought instead."""

from __future__ import annotations

from pathlib import Path

from sandtable.calibration.targets import Known, TargetSpec, destination_fault
from sandtable.data.reading import TextTable, read_table
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.units import parse_value

COLUMNS = ("from", "to", "share")
OPTIONAL = ("standard_error",)
SUM_SLACK = 1e-6


def read_second_choices(
    path: Path, spec: TargetSpec, known: Known
) -> tuple[list[TargetSpec], list[Fault]]:
    """Read a table of second choices.

    Parameters
    ----------
    path : Path
        CSV with the columns from (product), to (product, firm or outside), share and perhaps standard_error.
    spec : TargetSpec
        The target that names the table; its source, grade, weight and ``among`` hold for every row.
    known : Known
        Names of the data set.

    Returns
    -------
    targets : list of TargetSpec
        One a row.
    faults : list of Fault
        Every fault of the table, in its order.
    """
    file = path.name
    try:
        table = read_table(path.read_bytes(), file=file)
    except InputError as error:
        return [], list(error.faults)
    except OSError as error:
        return [], [Fault(file, "", f"cannot be read ({error.strerror}); check the path.")]
    faults = [*_column_faults(table), *table.faults]
    if any(name not in table.cells for name in COLUMNS):
        return [], faults
    targets: list[TargetSpec] = []
    sums: dict[str, float] = {}
    for row, line in enumerate(table.lines):
        cells = {name: cell[row].strip() for name, cell in table.cells.items()}
        values, wrong = _row(cells, spec, known)
        faults += [Fault(file, f"row {line}, column {name}", text) for name, text in wrong]
        if wrong:
            continue
        sums[cells["from"]] = sums.get(cells["from"], 0.0) + values["share"]
        targets.append(
            spec.model_copy(
                update={
                    "table": None,
                    "origin": cells["from"],
                    "to": cells["to"],
                    "value": values["share"],
                    "standard_error": values.get("standard_error", spec.standard_error),
                }
            )
        )
    faults += [
        Fault(file, "", f"the shares from '{name}' sum to {total:g}; they must sum to at most 1.")
        for name, total in sums.items()
        if total > 1 + SUM_SLACK
    ]
    return targets, faults


def _column_faults(table: TextTable) -> list[Fault]:
    wanted = (*COLUMNS, *OPTIONAL)
    faults = [
        Fault(table.file, "", f"has no column '{name}'{did_you_mean(name, table.cells)}")
        for name in COLUMNS
        if name not in table.cells
    ]
    return faults + [
        Fault(table.file, "", f"no column may be called '{name}'{did_you_mean(name, wanted)}")
        for name in table.cells
        if name not in wanted
    ]


def _row(
    cells: dict[str, str], spec: TargetSpec, known: Known
) -> tuple[dict[str, float], list[tuple[str, str]]]:
    values: dict[str, float] = {}
    wrong: list[tuple[str, str]] = []
    if cells["from"] not in known.products:
        hint = did_you_mean(cells["from"], known.products)
        wrong.append(
            ("from", f"no product sold in {known.period} is called '{cells['from']}'{hint}")
        )
    fault = destination_fault(cells["from"], cells["to"], spec.among, spec.kind, known)
    if fault is not None:
        wrong.append(("to", fault))
    for name in ("share", "standard_error"):
        text = cells.get(name, "")
        if not text and name == "standard_error":
            continue
        try:
            values[name] = parse_value(text, unit="")
        except ValueError as error:
            wrong.append((name, str(error)))
            continue
        if name == "share" and not 0 < values[name] < 1:
            wrong.append(
                (name, f"is {text}; a share lies between 0 and 1: leave out a row without buyers.")
            )
        elif values[name] <= 0:
            wrong.append((name, f"is {text}; it must be above 0."))
    return values, wrong
