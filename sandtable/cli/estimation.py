"""``sandtable estimate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandtable.cli.printing import Json, print_json, print_table, say

if TYPE_CHECKING:
    from sandtable.estimation import Estimate

STYLES = {"usable": "bold", "with_care": "bold yellow", "refuse": "bold red"}


def estimate(
    data_set: Annotated[str, typer.Argument(help="Name or folder of a data set.")],
    spec: Annotated[Path, typer.Option(help="Estimation spec (.yaml).")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write the parameter set to, labelled with its verdict."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Estimate a demand model: coefficients, diagnosis, and a verdict with reasons."""
    from sandtable.data.catalogue import find_data_set
    from sandtable.data.parameter_files import write_parameters
    from sandtable.estimation import estimate as run_estimate
    from sandtable.estimation import read_spec
    from sandtable.indicators.feeding import load_fed

    loaded = load_fed(find_data_set(data_set))
    result = run_estimate(loaded, read_spec(spec, loaded))
    written = None if out is None else write_parameters(result.to_parameter_set(), out)
    if as_json:
        print_json(result.to_dict())
        return
    _show(result)
    if written is not None:
        print(f"Written to {written}.")  # noqa: T201


def _show(result: Estimate) -> None:
    diagnosis = result.diagnosis
    say(f"Verdict: {result.verdict.grade.replace('_', ' ')}", STYLES[result.verdict.grade])
    for finding in result.verdict.findings:
        say(f"- {finding.en} {finding.mend_en}")
    rows = [
        [
            item.name,
            f"{item.value:.6g}",
            f"{item.standard_error:.3g}",
            f"{item.interval[0]:.4g} to {item.interval[1]:.4g}",
        ]
        for item in result.coefficients
    ]
    print_table("Coefficients", ["", "value", "error", "95 % interval"], rows)
    stages = [
        [stage.variable, f"{stage.f_statistic:.4g}", f"{stage.conditional_f:.4g}"]
        for stage in diagnosis.first_stages
    ]
    if stages:
        print_table("First stages", ["endogenous variable", "F", "conditional F"], stages)
    facts = [[name, f"{value:.4g}"] for name, value in diagnosis.facts.items() if value is not None]
    print_table("Diagnosis", ["", "value"], facts)
    quantiles = [[name, f"{value:.3g}"] for name, value in diagnosis.own_elasticities.items()]
    print_table("Own price elasticities", ["quantile", "value"], quantiles)
    say(
        f"{diagnosis.n_observations:,} observations in {diagnosis.n_cells:,} cells, "
        f"{diagnosis.n_products:,} products",
        "dim",
    )
