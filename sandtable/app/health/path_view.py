"""The back-test of the base path: verdicts by level, measures, and errors by horizon against simple forecasts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from sandtable.app.formatting import MISSING, Format
from sandtable.app.health.tables import Cell, Row
from sandtable.app.text import Text
from sandtable.forecast import BackTest
from sandtable.forecast.judging import Grade, Verdict, benchmarks_of
from sandtable.forecast.levels import LEVELS, Level

FEWEST = 4  # origins below which a point is not drawn
PREFERRED: tuple[Level, ...] = ("product_units", "firm_units", "total_units")
CHIPS: dict[Grade, str] = {
    "usable": "good",
    "with_care": "with_care",
    "no_skill": "with_care",
    "too_little_history": "open",
}
Measures = Mapping[str, Any]


def default_level(found: BackTest) -> Level:
    """Return the finest level that was judged, of those that say most."""
    judged = judged_levels(found)
    return next((level for level in PREFERRED if level in judged), next(iter(judged), PREFERRED[0]))


def judged_levels(found: BackTest) -> list[Level]:
    """Return the levels that have measures."""
    present = set(found.table["level"])
    return [level for level in LEVELS if level in present]


def verdict_lines(found: BackTest, text: Text) -> list[tuple[str, str, str]]:
    """Return kind and word of the chip, and the sentence, for each level."""
    return [
        (
            CHIPS[verdict.grade],
            text(f"health_chip_{verdict.grade}"),
            getattr(verdict.sentence, text.language),
        )
        for verdict in found.verdicts.values()
    ]


def path_title(found: BackTest, text: Text) -> str:
    """Return the gate in a sentence: at how many levels the path beats simple forecasts."""
    verdicts = found.verdicts.values()
    judged = [one for one in verdicts if one.grade != "too_little_history"]
    if not judged:
        return text("health_path_none_judged", origins=len(found.origins))
    better = sum(one.grade in ("usable", "with_care") for one in judged)
    if not better:
        return text("health_path_none_better", judged=len(judged))
    return text("health_path_better", better=better, judged=len(judged))


def level_rows(found: BackTest, text: Text, write: Format) -> tuple[list[str], list[Row]]:
    """Return the measures of the path at each level, all horizons together."""
    columns = [
        text("health_level"),
        *(text(f"health_{name}") for name in ("wape", "mase", "bias", "held", "cases")),
        text("health_skill_last"),
        text("health_skill_seasonal"),
        text("health_skill_ets"),
        text("health_verdict"),
    ]
    rows: list[Row] = []
    for level, verdict in found.verdicts.items():
        measured = _by_horizon(found, level, verdict.path_method).get(0)
        skills = [verdict.skills.get(name) for name in benchmarks_of(level)]
        rows.append(
            [
                text(f"health_level_{level}"),
                *(_measures(measured, write) if measured else [MISSING] * 5),
                *(MISSING if skill is None else write.signed_percent(skill, 0) for skill in skills),
                Cell(text(f"health_chip_{verdict.grade}"), chip=CHIPS[verdict.grade]),
            ]
        )
    return columns, rows


def horizon_rows(
    found: BackTest, level: Level, text: Text, write: Format
) -> tuple[list[str], list[Row]]:
    """Return the measures of the path at one level by horizon, with the errors of the simple forecasts."""
    benchmarks = benchmarks_of(level)
    columns = [
        text("health_horizon"),
        *(text(f"health_{name}") for name in ("wape", "mase", "bias", "held", "cases")),
        *(text("health_wape_of", method=text(f"health_series_{name}")) for name in benchmarks),
        text("health_skill_best"),
    ]
    verdict = found.verdicts[level]
    path = _by_horizon(found, level, verdict.path_method)
    others = {name: _by_horizon(found, level, name) for name in benchmarks}
    rows: list[Row] = []
    for horizon in found.horizons:
        if horizon not in path:
            continue
        here = path[horizon]
        rows.append(
            [
                write.count(horizon),
                *_measures(here, write),
                *(_error(others[name].get(horizon), write) for name in benchmarks),
                _skill(here, others.get(verdict.benchmark or "", {}).get(horizon), write),
            ]
        )
    return columns, rows


def _measures(row: Measures, write: Format) -> list[str]:
    if row["origins"] < FEWEST:
        return [MISSING, MISSING, MISSING, MISSING, write.count(row["n"])]
    return [
        write.percent(row["wape"]),
        write.decimal(row["mase"], 2),
        MISSING if math.isnan(row["bias"]) else write.signed_percent(row["bias"]),
        write.percent(row["coverage_80"], 0),
        write.count(row["n"]),
    ]


def _error(row: Measures | None, write: Format) -> str:
    return MISSING if row is None or row["origins"] < FEWEST else write.percent(row["wape"])


def _skill(path: Measures, other: Measures | None, write: Format) -> str:
    """Write 1 - WAPE / WAPE of the benchmark where both forecast the same cases."""
    if other is None or path["n"] != other["n"] or path["origins"] < FEWEST:
        return MISSING
    if not other["wape"] > 0:
        return MISSING
    return write.signed_percent(1 - path["wape"] / other["wape"], 0)


def _by_horizon(found: BackTest, level: Level, method: str) -> dict[int, dict[str, Any]]:
    table = found.table
    rows = table[(table["level"] == level) & (table["method"] == method)].to_dict("records")
    return {int(row["horizon"]): cast("dict[str, Any]", row) for row in rows}


def error_lines(found: BackTest, level: Level, text: Text, write: Format) -> list[dict[str, Any]]:
    """Return the points of the chart: error by horizon, of the path first, then of the simple forecasts."""
    verdict = found.verdicts[level]
    names = [
        ("path", verdict.path_method),
        *((name, name) for name in benchmarks_of(level) if name != verdict.path_method),
    ]
    points = []
    for series, method in names:
        for horizon, row in _by_horizon(found, level, method).items():
            if horizon and row["origins"] >= FEWEST and math.isfinite(row["wape"]):
                points.append(
                    {
                        "series": series,
                        "label": text(f"health_series_{series}"),
                        "horizon": horizon,
                        "error": row["wape"],
                        "text": write.percent(row["wape"]),
                    }
                )
    return points


def horizon_title(verdict: Verdict, points: list[dict[str, Any]], text: Text, write: Format) -> str:
    """Return the finding of the chart: how far off the path and its best rival are, near and far."""
    name = text(f"health_level_{verdict.level}")
    path = [one for one in points if one["series"] == "path"]
    if not path:
        return text("health_horizon_unjudged", level=name)
    near, far = path[0], path[-1]
    ends = {"near": near["text"], "far": far["text"], "count": far["horizon"], "level": name}
    best = [one for one in points if one["series"] == verdict.benchmark]
    at = {one["horizon"]: one["text"] for one in best}
    if near["horizon"] not in at or far["horizon"] not in at:
        return text("health_horizon_alone", **ends)
    return text(
        "health_horizon_title",
        **ends,
        benchmark=text(f"health_series_{verdict.benchmark}"),
        near_other=at[near["horizon"]],
        far_other=at[far["horizon"]],
    )
