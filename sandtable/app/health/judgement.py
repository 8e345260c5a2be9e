"""How far a parameter set may be trusted: its own verdict, and the same rules held against what it implies today."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from sandtable.app.health.implied import Implied
from sandtable.data.metadata import BilingualText, Grade
from sandtable.data.parameters import ParameterSet
from sandtable.data.verdicts import Rule, judge_by

JudgedGrade = Literal["usable", "unjudged", "with_care", "refuse"]
RANKS: dict[JudgedGrade, int] = {"usable": 0, "unjudged": 1, "with_care": 2, "refuse": 3}
EVIDENCE: tuple[Grade, ...] = ("experiment", "estimated", "literature", "judgement")


@dataclass(frozen=True)
class Reason:
    """Why parameters are refused or to be used with care, and what usually mends it, where a rule says so."""

    said: BilingualText
    mend: BilingualText | None
    refuses: bool


@dataclass(frozen=True)
class Judgement:
    """The gravest of the stored verdict and today's checks.

    Attributes
    ----------
    grade : str
        ``unjudged``: no verdict came with the parameters, and today's checks find nothing.
    stored : bool
        Whether a verdict came with the parameters.
    fails_today : bool
        Whether today's checks are graver than the stored verdict.
    calibrated : bool
        Whether the parameters give back the observed market at all.
    reasons : tuple of Reason
        Those of the verdict and what today's checks add; those that refuse come first.
    weakest : str
        The weakest grade of evidence among the parameters of demand.
    """

    grade: JudgedGrade
    stored: bool
    fails_today: bool
    calibrated: bool
    reasons: tuple[Reason, ...]
    weakest: Grade


def judgement(parameters: ParameterSet, implied: Implied | None) -> Judgement:
    """Judge a parameter set.

    Parameters
    ----------
    parameters : ParameterSet
    implied : Implied or None
        What it implies on the observed market; None when it cannot give it back.
    """
    verdict = parameters.verdict
    stored: JudgedGrade = "unjudged" if verdict is None else verdict.grade
    reasons = [] if verdict is None else [_reason(said) for said in verdict.reasons]
    known = {fact for said in (verdict.reasons if verdict else []) for fact in _facts_of(said)}
    today: JudgedGrade = "refuse" if implied is None else "usable"
    if implied is not None:
        rules = [rule for rule in _implied_rules() if rule.fact in implied.facts]
        found = judge_by(rules, implied.facts, rates=("inelastic_rate", "negative_cost_rate"))
        today = found.grade
        reasons += [
            Reason(
                BilingualText(en=one.en, zh=one.zh),
                BilingualText(en=one.mend_en, zh=one.mend_zh),
                one.grade == "refuse",
            )
            for one in found.findings
            if one.fact not in known
        ]
    return Judgement(
        grade=max(stored, today, key=RANKS.__getitem__),
        stored=verdict is not None,
        fails_today=RANKS[today] > RANKS[stored],
        calibrated=implied is not None,
        reasons=tuple(sorted(reasons, key=lambda reason: not reason.refuses)),
        weakest=max((one.grade for one in parameters.named().values()), key=EVIDENCE.index),
    )


def _reason(said: BilingualText) -> Reason:
    rule = next(_rules_that_say(said), None)
    mend = None if rule is None else BilingualText(en=rule.mend_en, zh=rule.mend_zh)
    return Reason(said, mend, rule is not None and rule.grade == "refuse")


def _facts_of(said: BilingualText) -> set[str]:
    return {rule.fact for rule in _rules_that_say(said)}


def _rules_that_say(said: BilingualText) -> Iterator[Rule]:
    """Find the rules behind a sentence: a parameter set keeps what was said, not what mends it."""
    return (rule for rule, pattern in _patterns() if pattern.fullmatch(said.en))


@cache
def _patterns() -> tuple[tuple[Rule, re.Pattern[str]], ...]:
    from sandtable.calibration.rules import CALIBRATION_RULES, POSTERIOR_RULES
    from sandtable.estimation.rules import RULES

    rules = (*RULES, *CALIBRATION_RULES, *POSTERIOR_RULES)
    slots = re.compile(r"\\\{(?:value|threshold)\\\}")
    return tuple((rule, re.compile(slots.sub(r"[^,:;()]+?", re.escape(rule.en)))) for rule in rules)


@cache
def _implied_rules() -> tuple[Rule, ...]:
    """Return the rules of a calibration: they speak of products and regions, as today's checks do."""
    from sandtable.calibration.rules import CALIBRATION_RULES

    return CALIBRATION_RULES
