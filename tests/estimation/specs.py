"""Estimation specs for tests, in short."""

from typing import Any

from sandtable.estimation import EstimationSpec

SUMS = [
    {"name": "own_firm_characteristics", "of": ["constant", "hpwt", "air", "mpd"]},
    {"name": "rival_characteristics", "of": ["constant", "hpwt", "air", "mpd"]},
]


def spec_of(**fields: Any) -> EstimationSpec:
    """Build a spec: by default a plain logit of us_autos by least squares with classical errors."""
    base = {
        "schema": 1,
        "name": "tried",
        "title": {"en": "Tried", "zh": "试"},
        "data": "us_autos",
        "model": "logit",
        "method": "ols",
        "characteristics": ["hpwt", "air", "mpd", "space"],
    }
    if not {"errors", "clusters"} & set(fields):
        base["errors"] = "classical"
    return EstimationSpec.model_validate({**base, **fields})


def simulated_spec(**fields: Any) -> EstimationSpec:
    """Build a spec for a simulated market: two-stage least squares with its cost shifter and rivals' sums."""
    base = {
        "data": "simulated",
        "method": "2sls",
        "characteristics": ["x"],
        "cost_shifters": ["w"],
        "instruments": [
            "cost_shifters",
            "counts_by_nest",
            {"name": "rival_characteristics", "of": ["x", "w"], "within": "powertrain"},
            {"name": "rival_characteristics", "of": ["x", "w"], "within": "segment"},
        ],
        "errors": "robust",
    }
    return spec_of(**{**base, **fields})
