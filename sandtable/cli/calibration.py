"""``sandtable calibrate``, ``sandtable posterior``, ``sandtable literature``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandtable.cli.estimation import STYLES
from sandtable.cli.printing import Json, print_json, print_table, say

if TYPE_CHECKING:
    from sandtable.calibration import Calibrated, Posterior
    from sandtable.data.loading import DataSet
    from sandtable.data.verdicts import Verdict

Named = Annotated[str, typer.Argument(help="Name or folder of a data set.")]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder to write the parameter set to, labelled with its verdict."),
]


def calibrate(
    data_set: Named,
    spec: Annotated[Path, typer.Option(help="Calibration spec (.yaml).")],
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Calibrate a demand model to known margins, elasticities and second choices; say what was missed."""
    from sandtable.calibration import calibrate_data_set, read_calibration_spec
    from sandtable.data.parameter_files import write_parameters

    loaded = _load(data_set)
    result = calibrate_data_set(loaded, read_calibration_spec(spec, loaded))
    written = None if out is None else write_parameters(result.to_parameter_set(), out)
    if as_json:
        print_json(result.to_dict())
        return
    _show_calibrated(result)
    if written is not None:
        print(f"Written to {written}.")  # noqa: T201


def posterior(
    data_set: Named,
    spec: Annotated[Path, typer.Option(help="Posterior spec (.yaml).")],
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Combine an estimate with priors; say how much weight each has and whether they contradict."""
    from sandtable.calibration import combine_with_priors, read_posterior_spec
    from sandtable.data.parameter_files import write_parameters

    loaded = _load(data_set)
    result = combine_with_priors(loaded, read_posterior_spec(spec, loaded))
    written = None if out is None else write_parameters(result.to_parameter_set(), out)
    if as_json:
        print_json(result.to_dict())
        return
    _show_posterior(result)
    if written is not None:
        print(f"Written to {written}.")  # noqa: T201


def literature(as_json: Json = False) -> None:
    """List what the literature says of demand for cars, and how each number was checked."""
    from sandtable.calibration import read_literature

    rows = read_literature()
    if as_json:
        print_json({"schema": 1, "rows": [row.model_dump(mode="json") for row in rows]})
        return
    print_table(
        "",
        ["name", "value", "range", "checked"],
        [
            [
                row.name,
                f"{row.value:g}",
                f"{row.low:g} to {row.high:g}",
                "yes" if row.checked else "from memory",
            ]
            for row in rows
        ],
    )
    for row in rows:
        print()  # noqa: T201
        say(f"{row.name}: {row.title.en}, {row.unit}. {row.population}.")
        say(f"{row.source}. {row.how}.", "dim")


def _load(name: str) -> DataSet:
    from sandtable.data.catalogue import find_data_set
    from sandtable.indicators.feeding import load_fed

    return load_fed(find_data_set(name), tables={"products", "sales", "market"})


def _show_verdict(verdict: Verdict) -> None:
    say(f"Verdict: {verdict.grade.replace('_', ' ')}", STYLES[verdict.grade])
    for finding in verdict.findings:
        say(f"- {finding.en} {finding.mend_en}")


def _show_calibrated(result: Calibrated) -> None:
    _show_verdict(result.verdict)
    rows = [
        [
            found.name,
            f"{found.value:.6g}",
            "" if found.standard_error is None else f"{found.standard_error:.3g}",
            "free" if found.free else "fixed",
        ]
        for found in result.parameters
    ]
    print_table("Parameters", ["", "value", "error", ""], rows)
    targets = [
        [
            f"{met.kind.replace('_', ' ')}: {met.what}",
            f"{met.wanted:.4g}",
            f"{met.shown:.4g}",
            f"{100 * met.miss:+.2f} %",
        ]
        for met in result.targets
    ]
    print_table("Targets", ["", "wanted", "shown", "miss"], targets)
    _show_facts(result.facts)
    errors = "" if result.covariance is not None else "; no errors, because the targets have none"
    say(f"{result.period}, by {result.method}{errors}", "dim")


def _show_posterior(result: Posterior) -> None:
    _show_verdict(result.verdict)
    rows = [
        [
            found.name,
            f"{found.estimated_value:.5g}",
            f"{found.estimated_error:.2g}",
            f"{found.value:.5g}",
            f"{found.standard_error:.2g}",
            f"{100 * found.data_weight:.0f} %",
        ]
        for found in result.parameters
    ]
    print_table(
        "Parameters", ["", "estimate", "error", "posterior", "error", "weight of data"], rows
    )
    priors = [
        [
            prior.what,
            f"{prior.wanted:.4g}",
            f"{prior.standard_error:.2g}",
            f"{prior.by_estimate:.4g}",
            f"{prior.by_posterior:.4g}",
        ]
        for prior in result.priors
    ]
    print_table("Priors", ["", "wanted", "error", "estimate", "posterior"], priors)
    _show_facts(result.facts)
    say(
        f"Distance of estimate and priors {result.conflict_distance:.3g} on {result.conflict_degrees} "
        f"degree(s), p {result.conflict_p:.3g}",
        "dim",
    )


def _show_facts(facts: Mapping[str, float | None]) -> None:
    known = [[name, f"{value:.4g}"] for name, value in facts.items() if value is not None]
    print_table("Facts", ["", "value"], known)
