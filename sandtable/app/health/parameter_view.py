"""Parameter sets as tables: side by side, and one in full with its errors, diagnosis and targets."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sandtable.app.formatting import MINUS, MISSING, NO_BREAK, Format
from sandtable.app.health.implied import Implied
from sandtable.app.health.judgement import JudgedGrade, Judgement
from sandtable.app.health.tables import Cell, Row
from sandtable.app.text import Text
from sandtable.data.parameters import Parameter, ParameterDiagnosis, ParameterSet

NORMAL_95 = 1.959963984540054
TEXT_SIGNS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FINGERPRINT = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")
QUANTILES = ("p5", "p25", "p50", "p75", "p95")
RATES = ("inelastic_rate", "negative_cost_rate", "dropped_rate")
PLAIN = ("weakest_f", "over_identification_p", "conflict_p", "price_t", "clusters", *RATES)
CHIPS: dict[JudgedGrade, str] = {
    "usable": "good",
    "unjudged": "open",
    "with_care": "with_care",
    "refuse": "refuse",
}


@dataclass(frozen=True)
class Looked:
    """A parameter set with what it implies today and how far it may be trusted."""

    parameters: ParameterSet
    implied: Implied | None
    judged: Judgement


def grade_cell(judged: Judgement, text: Text) -> Cell:
    """Return the verdict as a chip."""
    if not judged.calibrated:
        return Cell(text("health_chip_not_calibrated"), chip="refuse")
    failing = judged.fails_today and judged.grade == "refuse"
    word = text("health_chip_fails") if failing else text(f"health_chip_{judged.grade}")
    return Cell(word, chip=CHIPS[judged.grade])


def comparison(sets: Sequence[Looked], text: Text, write: Format) -> tuple[list[str], list[Row]]:
    """Return all parameter sets side by side: columns and rows."""
    columns = [
        text("model"),
        text("parameter_price_coefficient"),
        text("health_spread"),
        text("health_sigmas"),
        text("health_median_elasticity"),
        text("health_inelastic"),
        text("health_negative_costs"),
        text("health_verdict"),
    ]
    rows: list[Row] = []
    for one in sets:
        parameters, implied = one.parameters, one.implied
        spread = parameters.price_spread
        sigmas = [number(sigma.value) for sigma in parameters.sigmas]
        rows.append(
            [
                Cell(getattr(parameters.title, text.language), note=parameters.name),
                number(parameters.price_coefficient.value),
                MISSING if spread is None else number(spread.value),
                f"{NO_BREAK}/ ".join(sigmas) or MISSING,
                MISSING if implied is None else write.decimal(implied.median),
                MISSING if implied is None else write.percent(implied.inelastic_rate, 0),
                MISSING if implied is None else write.percent(implied.negative_cost_rate, 0),
                grade_cell(one.judged, text),
            ]
        )
    return columns, rows


def number(value: float) -> str:
    """Write a number of any size: ``0.35``, ``1.12 × 10⁻⁵``."""
    if not math.isfinite(value):
        return MISSING
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}".replace("-", MINUS) if abs(value) < 1e3 else f"{value:,.0f}"
    digits, _, power = f"{value:.2e}".partition("e")
    digits = digits.rstrip("0").rstrip(".").replace("-", MINUS)
    return f"{digits}{NO_BREAK}×{NO_BREAK}10{str(int(power)).translate(TEXT_SIGNS)}"


def interval(parameter: Parameter, text: Text) -> str:
    """Write the 95 % interval, by the normal distribution."""
    if not parameter.standard_error:
        return MISSING
    half = NORMAL_95 * parameter.standard_error
    low, high = number(parameter.value - half), number(parameter.value + half)
    return text("health_interval", low=low, high=high)


def parameter_rows(parameters: ParameterSet, text: Text) -> tuple[list[str], list[Row]]:
    """Return every number of a parameter set with error, interval, unit, evidence and source."""
    columns = [
        text("health_parameter"),
        text("value"),
        text("standard_error"),
        text("health_interval_95"),
        text("unit"),
        text("grade"),
    ]
    spread = parameters.price_spread
    named: list[tuple[str, Parameter]] = [
        (text("parameter_price_coefficient"), parameters.price_coefficient),
        *([] if spread is None else [(text("parameter_price_spread"), spread)]),
        *(
            (text("parameter_sigma", nest=nest), sigma)
            for nest, sigma in zip(parameters.nests, parameters.sigmas, strict=True)
        ),
        (text("parameter_pass_through"), parameters.customer_cash_pass_through),
    ]
    rows: list[Row] = [
        [
            Cell(label, note=FINGERPRINT.sub(r"\1…", parameter.source)),
            number(parameter.value),
            number(parameter.standard_error) if parameter.standard_error else MISSING,
            interval(parameter, text),
            parameter.unit,
            Cell(text(parameter.grade), chip=parameter.grade),
        ]
        for label, parameter in named
    ]
    return columns, rows


def diagnosis_pairs(
    diagnosis: ParameterDiagnosis, text: Text, write: Format
) -> list[tuple[str, str]]:
    """Return what an estimate or a combination said of its own quality; what is unknown is left out."""
    numbers = diagnosis.numbers
    pairs = [(text("health_diag_method"), diagnosis.method)]
    if diagnosis.n is not None:
        pairs.append((text("health_diag_n"), write.count(diagnosis.n)))
    pairs += [
        (
            text(f"health_diag_{name}"),
            write.percent(numbers[name]) if name in RATES else number(numbers[name]),
        )
        for name in PLAIN
        if name in numbers
    ]
    for what in ("own_elasticity", "margin"):
        found = [numbers.get(f"{what}_{quantile}") for quantile in QUANTILES]
        known = [value for value in found if value is not None]
        if len(known) == len(QUANTILES):
            shown = [
                write.percent(value, 0) if what == "margin" else write.decimal(value)
                for value in known
            ]
            pairs.append((text(f"health_diag_{what}"), ", ".join(shown)))
    for family in ("conditional_f", "data_weight"):
        pairs += [
            (
                text(f"health_diag_{family}", name=name.removeprefix(f"{family}_")),
                write.percent(value, 0) if family == "data_weight" else number(value),
            )
            for name, value in sorted(numbers.items())
            if name.startswith(f"{family}_")
        ]
    return pairs


def target_rows(parameters: ParameterSet, text: Text, write: Format) -> tuple[list[str], list[Row]]:
    """Return the known numbers that a calibration was to show, and how far it missed them."""
    columns = [
        text("health_target"),
        text("health_wanted"),
        text("health_shown"),
        text("health_miss"),
    ]
    rows: list[Row] = [
        [
            Cell(
                text("health_target_of", kind=text(f"health_target_{one.kind}"), what=one.what),
                note=one.source,
            ),
            number(one.wanted),
            number(one.shown),
            write.signed_percent(one.miss),
        ]
        for one in parameters.targets
    ]
    return columns, rows


def elasticity_title(implied: Implied | None, text: Text, write: Format) -> str:
    """Return the finding of the chart of own elasticities."""
    if implied is None:
        return text("health_elasticities_lost")
    low, high = write.decimal(implied.quantile(0.25)), write.decimal(implied.quantile(0.75))
    if implied.inelastic_rate == 0:
        return text("health_elasticities", low=low, high=high)
    rate = write.percent(implied.inelastic_rate, 0)
    return text("health_elasticities_inelastic", low=low, high=high, rate=rate)


def elasticity_pairs(implied: Implied, text: Text, write: Format) -> list[tuple[str, str]]:
    """Return the figures of the chart of own elasticities."""
    parts = {0.05: "5", 0.25: "25", 0.5: "50", 0.75: "75", 0.95: "95"}
    pairs = [
        (text("health_quantile", part=part), write.decimal(implied.quantile(value), 2))
        for value, part in parts.items()
    ]
    return [
        *pairs,
        (text("health_inelastic"), write.percent(implied.inelastic_rate)),
        (text("health_negative_costs"), write.percent(implied.negative_cost_rate)),
    ]


def note(parameters: ParameterSet, text: Text) -> str:
    """Return the note of a parameter set without the reasons of its verdict, which stand beside it."""
    said: str = getattr(parameters.notes, text.language)
    for reason in parameters.verdict.reasons if parameters.verdict else []:
        said = said.replace(getattr(reason, text.language), "")
    return said.strip()
