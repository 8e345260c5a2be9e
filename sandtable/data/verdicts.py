"""Verdicts: facts held against written rules, so that parameters are usable, to be used with care, or refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from sandtable.data.metadata import BilingualText
from sandtable.data.parameters import ParameterVerdict

VerdictGrade = Literal["usable", "with_care", "refuse"]
RANKS: Mapping[VerdictGrade, int] = {"usable": 0, "with_care": 1, "refuse": 2}
WORDS: Mapping[VerdictGrade, tuple[str, str]] = {
    "usable": ("usable", "可用"),
    "with_care": ("to be used with care", "谨慎使用"),
    "refuse": ("refused; do not use it for decisions", "不予采用，请勿用于决策"),
}


@dataclass(frozen=True)
class Rule:
    """One rule: a fact beyond a threshold earns a grade.

    Attributes
    ----------
    fact : str
        Name of a fact.
    sign : str
        ``<`` or ``>`` (strictly), or ``>=``.
    grade : str
        ``with_care`` or ``refuse``.
    en, zh : str
        What is wrong; ``{value}`` and ``{threshold}`` are filled in.
    mend_en, mend_zh : str
        What usually mends it.
    """

    fact: str
    sign: Literal["<", ">", ">=", "<="]
    threshold: float
    grade: Literal["with_care", "refuse"]
    en: str
    zh: str
    mend_en: str
    mend_zh: str

    def broken(self, value: float) -> bool:
        """Whether the fact is beyond the threshold."""
        if self.sign == "<":
            return value < self.threshold
        if self.sign == "<=":
            return value <= self.threshold
        return value >= self.threshold if self.sign == ">=" else value > self.threshold


@dataclass(frozen=True)
class Finding:
    """One rule that was broken, as sentences."""

    fact: str
    value: float
    grade: Literal["with_care", "refuse"]
    en: str
    zh: str
    mend_en: str
    mend_zh: str


@dataclass(frozen=True)
class Verdict:
    """The worst grade of all findings, and the findings."""

    grade: VerdictGrade
    findings: tuple[Finding, ...]

    def to_parameter_verdict(self) -> ParameterVerdict:
        """Return the verdict as a parameter set holds it."""
        reasons = [BilingualText(en=one.en, zh=one.zh) for one in self.findings]
        return ParameterVerdict(grade=self.grade, reasons=reasons)

    def said(self, en: str, zh: str) -> BilingualText:
        """Close a note on how parameters came about with how far they may be trusted, and why."""
        word_en, word_zh = WORDS[self.grade]
        why_en = " ".join(finding.en for finding in self.findings)
        why_zh = "".join(finding.zh for finding in self.findings)
        return BilingualText(
            en=f"{en}; {word_en}. {why_en}".strip(), zh=f"{zh}；{word_zh}。{why_zh}"
        )


def judge_by(
    rules: Collection[Rule], facts: Mapping[str, float | None], *, rates: Collection[str] = ()
) -> Verdict:
    """Hold facts against rules.

    Parameters
    ----------
    rules : collection of Rule
        In the order in which findings are told; of one fact, the graver rule first.
    facts : mapping of str to float or None
        None: does not apply; its rules are skipped.
    rates : collection of str
        Facts that are shown in per cent.

    Returns
    -------
    Verdict
        At most one finding a fact, the gravest.

    Raises
    ------
    KeyError
        If a fact that a rule needs is not among the facts at all.
    """
    findings: list[Finding] = []
    for rule in rules:
        value = facts[rule.fact]
        seen = any(finding.fact == rule.fact for finding in findings)
        if value is None or seen or not rule.broken(value):
            continue
        shown = f"{100 * value:.1f} %" if rule.fact in rates else f"{value:.3g}"
        slots = {"value": shown, "threshold": f"{rule.threshold:g}"}
        findings.append(
            Finding(
                rule.fact,
                value,
                rule.grade,
                rule.en.format_map(slots),
                rule.zh.format_map(slots),
                rule.mend_en,
                rule.mend_zh,
            )
        )
    grade: VerdictGrade = max(
        (finding.grade for finding in findings), key=RANKS.__getitem__, default="usable"
    )
    return Verdict(grade, tuple(findings))
