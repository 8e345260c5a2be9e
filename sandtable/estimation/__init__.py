"""Estimation: demand parameters from observed shares and prices, with errors, diagnosis and a verdict."""

from sandtable.data.verdicts import Finding, Rule, Verdict
from sandtable.estimation.estimating import estimate
from sandtable.estimation.result import Coefficient, Estimate
from sandtable.estimation.rules import RULES
from sandtable.estimation.spec import EstimationSpec, read_spec

__all__ = [
    "RULES",
    "Coefficient",
    "Estimate",
    "EstimationSpec",
    "Finding",
    "Rule",
    "Verdict",
    "estimate",
    "read_spec",
]
