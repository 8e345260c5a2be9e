"""``sandtable attribute``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sandtable.cli.indicators import Folders
from sandtable.cli.printing import Json, print_json, print_table, say
from sandtable.cli.scenarios import ScenarioFile
from sandtable.cli.tornado import MeasureName, check_measure, shown
from sandtable.cli.uncertainty import NAMES, ParameterName, under

if TYPE_CHECKING:
    from sandtable.market.primitives import FloatArray
    from sandtable.planning.why.attribution import Attribution

FEW = 5  # interactions and regions that are printed


def attribute(
    file: ScenarioFile,
    measure: MeasureName = "units",
    parameters: ParameterName = None,
    as_json: Json = False,
    folder: Folders = None,
) -> None:
    """Divide the change of a scenario among its levers; the bars sum to the change."""
    from sandtable.planning.why.attribution import attribute as divided
    from sandtable.planning.why.attribution import bars_of_draws
    from sandtable.scenario.files import read_scenario

    check_measure(measure, "attribute")
    scenario, data_set = read_scenario(file, folder or ())
    found = divided(under(scenario, data_set, parameters, "attribute"), data_set)
    drawn = bars_of_draws(found)
    if as_json:
        print_json(_described(found, drawn))
        return
    _show(found, drawn, measure)


def _described(found: Attribution, drawn: FloatArray | None) -> dict[str, object]:
    from sandtable.planning.measures import MEASURES

    def named(values: FloatArray) -> dict[str, float]:
        return dict(zip(MEASURES, values.tolist(), strict=True))

    owen, pairs = found.owen(), found.interactions()
    table = found.table().astype(object)
    bars = table.where(table.notna(), None).to_dict(orient="records")
    for place, bar in enumerate(bars):
        bar["group"] = found.groups[place]
        bar["owen"] = None if owen is None else named(owen[place])
        if drawn is not None:
            bar["low_80"], bar["high_80"] = (
                named(np.quantile(drawn[:, place], level, axis=0)) for level in (0.1, 0.9)
            )
    periods = [item.base.period for item in found.result.periods]
    return {
        "schema": 1,
        "scenario": found.result.scenario.to_dict(),
        "data_fingerprint": found.result.data_set.fingerprint,
        "parameters": found.result.parameters.name,
        "exact": found.exact,
        "baseline": named(found.baseline),
        "total": named(found.total),
        "bars": bars,
        "interactions": None if pairs is None else pairs.to_dict(orient="records"),
        "periods": _parts(periods, found.months),
        "regions": _parts(found.region_names, found.regions),
        "draws": 0 if drawn is None else len(drawn),
    }


def _parts(names: list[str] | tuple[str, ...], bars: FloatArray) -> list[dict[str, object]]:
    from sandtable.planning.measures import MEASURES

    return [
        {"name": name, **{measure: part[:, at].tolist() for at, measure in enumerate(MEASURES)}}
        for name, part in zip(names, bars, strict=True)
    ]


def _show(found: Attribution, drawn: FloatArray | None, measure: str) -> None:
    from sandtable.planning.measures import MEASURES

    at = MEASURES.index(measure)
    say(
        f"{NAMES[measure]} of {found.result.own_firm} change by {shown(found.total[at], measure)}; "
        f"parameters '{found.result.parameters.name}'."
    )
    names = [_name(found, place) for place in range(len(found.levers))]
    columns, rows = ["", "group", "bar"], []
    if drawn is not None:
        columns += ["10 %", "90 %"]
        low, high = np.quantile(drawn[:, :, at], [0.1, 0.9], axis=0)
    elif not found.exact:
        columns += ["±"]
    for place, name in enumerate(names):
        row = [name, found.groups[place], shown(found.bars[place, at], measure)]
        if drawn is not None:
            row += [shown(low[place], measure), shown(high[place], measure)]
        elif not found.exact:
            row.append(shown(found.errors[place, at], measure).removeprefix("+"))
        rows.append(row)
    print_table("Bars; they sum to the change", columns, rows)
    _show_groups(found, measure, at)
    pairs = found.interactions()
    if pairs is not None and len(pairs):
        ordered = pairs.sort_values(measure, key=abs, ascending=False).head(FEW)
        lines = [
            [f"{names[row['first']]} + {names[row['second']]}", shown(row[measure], measure)]
            for row in ordered.to_dict(orient="records")
        ]
        print_table("What pairs add beyond each alone", ["", NAMES[measure]], lines)
    regions = found.regions[:, :, at].sum(axis=1)
    widest = np.argsort(-np.abs(regions))[:FEW]
    lines = [[found.region_names[place], shown(regions[place], measure)] for place in widest]
    print_table("Where most of it happens", ["", NAMES[measure]], lines)


def _show_groups(found: Attribution, measure: str, at: int) -> None:
    owen = found.owen()
    if owen is None:
        say("More than 12 levers: bars are means over drawn orders, and groups are not divided.")
        return
    names = list(dict.fromkeys(found.groups))
    if len(names) < 2:
        return
    sums = [
        sum(owen[place, at] for place, group in enumerate(found.groups) if group == name)
        for name in names
    ]
    rows = [[name, shown(value, measure)] for name, value in zip(names, sums, strict=True)]
    print_table("By group, each pulled as one", ["", NAMES[measure]], rows)


def _name(found: Attribution, place: int) -> str:
    move = found.levers[place]
    target = [move.product or move.firm, move.channel, move.stage, move.region, move.first]
    return " ".join([move.lever, *(one for one in target if one)])
