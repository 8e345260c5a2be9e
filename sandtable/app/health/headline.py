"""May I decide on this? One sentence from parameters, base path and age of the data; the gravest comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Literal

from sandtable.app.health.age import Age, AgeState
from sandtable.app.health.judgement import Judgement
from sandtable.app.health.tables import chip
from sandtable.app.text import Text
from sandtable.forecast.judging import Grade as PathGrade
from sandtable.forecast.judging import Verdict
from sandtable.forecast.levels import Level

Fitness = Literal["fit", "care", "unfit"]
RANKS: dict[Fitness, int] = {"fit": 0, "care": 1, "unfit": 2}
CHIPS: dict[Fitness, str] = {"fit": "good", "care": "with_care", "unfit": "refuse"}
PATH_RANKS: dict[PathGrade, int] = {
    "usable": 0,
    "with_care": 1,
    "no_skill": 2,
    "too_little_history": 3,
}
OF_AGE: dict[AgeState, Fitness] = {
    "fresh": "fit",
    "ageing": "care",
    "invented": "care",
    "stale": "unfit",
    "history": "unfit",
}
TOTALS: tuple[Level, ...] = ("total_units", "own_firm_units", "own_firm_share")


@dataclass(frozen=True)
class Gate:
    """One of the three things that a decision rests on.

    Attributes
    ----------
    clause : str
        A part of the headline.
    chip : str
        Its state in a word or two.
    """

    fitness: Fitness
    clause: str
    chip: str


@dataclass(frozen=True)
class Headline:
    """The sentence, its grade in a word or two, and what it rests on."""

    fitness: Fitness
    chip: str
    sentence: str


def path_grade(verdicts: Mapping[Level, Verdict]) -> PathGrade:
    """Return the gravest verdict on the totals that a decision rests on."""
    return max((verdicts[level].grade for level in TOTALS), key=PATH_RANKS.__getitem__)


def parameter_gate(name: str, judged: Judgement, text: Text) -> Gate:
    """Say how far the parameters may be trusted."""
    if not judged.calibrated:
        return Gate(
            "unfit", text("health_parameters_lost", name=name), text("health_chip_not_calibrated")
        )
    if judged.grade == "refuse":
        key = "health_parameters_fail" if judged.fails_today else "health_parameters_refuse"
        chip = "health_chip_fails" if judged.fails_today else "health_chip_refuse"
        return Gate("unfit", text(key, name=name), text(chip))
    if judged.grade == "unjudged":
        clause = text("health_parameters_unjudged", name=name, grade=text(judged.weakest))
        return Gate("care", clause, text("health_chip_unjudged"))
    careful = judged.grade == "with_care"
    clause = text(f"health_parameters_{judged.grade}", name=name)
    return Gate("care" if careful else "fit", clause, text(f"health_chip_{judged.grade}"))


def path_gate(verdicts: Mapping[Level, Verdict] | None, text: Text) -> Gate:
    """Say how far the base path may be trusted; None: its back-test is still running."""
    if verdicts is None:
        return Gate("care", text("health_path_waiting"), text("health_chip_waiting"))
    grades = {verdicts[level].grade for level in TOTALS}
    grade: str = path_grade(verdicts)
    if grade == "no_skill" and len(grades) > 1:
        grade = "partly"
    fitness: Fitness = "fit" if grade == "usable" else "care"
    return Gate(fitness, text(f"health_path_{grade}"), text(f"health_chip_{grade}"))


def data_gate(age: Age, text: Text, *, period: str) -> Gate:
    """Say how old the data are."""
    clause = text(f"health_data_{age.state}", period=period, age=age_text(age.months, text))
    return Gate(OF_AGE[age.state], clause, text(f"health_chip_{age.state}"))


def age_text(months: int, text: Text) -> str:
    """Write an age: in months up to two years, then in years."""
    if months == 0:
        return text("health_age_none")
    if months == 1:
        return text("health_age_month")
    if months < 24:
        return text("health_age_months", count=months)
    return text("health_age_years", count=months // 12)


def headline(parameters: Gate, path: Gate, data: Gate, age: Age, text: Text) -> Headline:
    """Return the sentence; of equally grave clauses the parameters come first, then the data."""
    gates = sorted((parameters, data, path), key=lambda gate: -RANKS[gate.fitness])
    fitness = gates[0].fitness
    chip_text = text(f"health_chip_{fitness}")
    if age.state == "invented" and fitness != "unfit":
        first, second = (gate.clause for gate in gates if gate is not data)
        return Headline(fitness, chip_text, text("health_invented", first=first, second=second))
    first, second, third = (gate.clause for gate in gates)
    verdict = text(f"health_{fitness}")
    sentence = text("health_headline", verdict=verdict, first=first, second=second, third=third)
    return Headline(fitness, chip_text, sentence)


def said(headline: Headline, gates: tuple[Gate, ...], notes: tuple[str, ...], text: Text) -> str:
    """Return the headline and a cell for parameters, base path and data, each with chip and sentence, as HTML."""
    names = [text(f"health_gate_{name}") for name in ("parameters", "path", "data")]
    cells = "".join(
        f'<div><div class="l"><b>{escape(name)}</b>{chip(gate.chip, CHIPS[gate.fitness])}</div>'
        f"<p>{escape(note)}</p></div>"
        for name, gate, note in zip(names, gates, notes, strict=True)
    )
    tone = " bad" if headline.fitness == "unfit" else ""
    return (
        f'<div class="finding health{tone}" role="status">{chip(headline.chip, CHIPS[headline.fitness])}'
        f"<h1>{escape(headline.sentence)}</h1></div>"
        f'<div class="gates">{cells}</div>'
    )
