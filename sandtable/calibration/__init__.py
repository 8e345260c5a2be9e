"""Calibration: demand parameters from known numbers, and their combination with estimates."""

from sandtable.calibration.calibrating import calibrate_data_set
from sandtable.calibration.literature import LiteratureRow, read_literature
from sandtable.calibration.posterior import Posterior, combine_with_priors
from sandtable.calibration.priors import (
    PosteriorPlan,
    PosteriorSpec,
    plan_posterior,
    read_posterior_spec,
)
from sandtable.calibration.result import Calibrated
from sandtable.calibration.rules import CALIBRATION_RULES, POSTERIOR_RULES
from sandtable.calibration.spec import CalibrationSpec, read_calibration_spec

__all__ = [
    "CALIBRATION_RULES",
    "POSTERIOR_RULES",
    "Calibrated",
    "CalibrationSpec",
    "LiteratureRow",
    "Posterior",
    "PosteriorPlan",
    "PosteriorSpec",
    "calibrate_data_set",
    "combine_with_priors",
    "plan_posterior",
    "read_calibration_spec",
    "read_literature",
    "read_posterior_spec",
]
