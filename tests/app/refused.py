"""A home whose data set holds a refused parameter set beside the shipped ones, and a scenario that uses it."""

from __future__ import annotations

import shutil
from pathlib import Path

from sandtable.data.loading import load_data_set
from sandtable.data.parameter_files import write_parameters
from sandtable.estimation import estimate, read_spec

ROOT = Path(__file__).parents[2]
NAME = "logit_ols"
SCENARIO = f"""\
schema: 1
title: A cut under refused parameters
data: us_autos
parameters: {NAME}
levers:
  - {{lever: list_price, product: HDACCO90, change: -5 %}}
"""


def refused_home(folder: Path) -> Path:
    """Copy `us_autos` into a folder, add the least squares estimate that its own rules refuse, and a scenario on it."""
    data = folder / "market_data" / "us_autos"
    shutil.copytree(ROOT / "market_data" / "us_autos", data)
    data_set = load_data_set(data)
    found = estimate(data_set, read_spec(data / "estimates" / f"{NAME}.yaml", data_set))
    assert found.verdict.grade == "refuse"
    write_parameters(found.to_parameter_set(), data / "parameters")
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "refused.yaml").write_text(SCENARIO, encoding="utf-8")
    return folder
