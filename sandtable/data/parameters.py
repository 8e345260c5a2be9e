"""The parameters of a demand model: `parameters/<name>.yaml`, each number with source and grade."""

from __future__ import annotations

import hashlib
from io import StringIO
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from sandtable.data.metadata import BilingualText, Code, Grade, StrictModel, Text
from sandtable.documents import Document, read_document, understand
from sandtable.errors import Fault, InputError, did_you_mean

Finite = Annotated[float, Field(allow_inf_nan=False)]
TargetKind = Literal["margin", "elasticity", "diversion", "second_choice", "market_elasticity"]


class Parameter(StrictModel):
    """One number of a model, with its standard error, unit, source and grade of evidence."""

    value: Finite
    standard_error: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    unit: str
    source: Text
    grade: Grade


class ParameterCovariance(StrictModel):
    """How the errors of estimated parameters move together.

    Attributes
    ----------
    names : list of str
        ``price_coefficient``, ``price_spread``, ``sigma_<nest>``.
    matrix : list of list of float
        Symmetric, one row and one column a name; its diagonal holds the squared standard errors.
    """

    names: Annotated[list[Text], Field(min_length=1, max_length=4)]
    matrix: Annotated[list[list[Finite]], Field(min_length=1, max_length=4)]


class ParameterVerdict(StrictModel):
    """How far an estimate may be trusted, with the reasons, shown wherever the parameters are used."""

    grade: Literal["usable", "with_care", "refuse"]
    reasons: Annotated[list[BilingualText], Field(default_factory=list)]


class ParameterTarget(StrictModel):
    """A known number that the parameters were calibrated to, and how near they come.

    Attributes
    ----------
    what : str
        What it is about: ``firm Nova``, ``N5 to the outside good``.
    wanted, shown : float
        The known number, and what the calibrated market shows.
    miss : float
        ``shown / wanted - 1``.
    """

    kind: TargetKind
    what: Text
    wanted: Finite
    shown: Finite
    miss: Finite
    source: Text


class ParameterDiagnosis(StrictModel):
    """What an estimation or a combination said of its own quality.

    Attributes
    ----------
    method : str
        ``ols``, ``2sls``, ``gmm``, ``posterior``.
    n : int or None
        Observations.
    numbers : dict of str to float
        By name: ``weakest_f``, ``over_identification_p``, ``own_elasticity_p50``, ``negative_cost_rate``.
    """

    method: Text
    n: Annotated[int, Field(ge=0)] | None = None
    numbers: dict[Text, Finite]


class ParameterSet(StrictModel):
    """A demand model with its numbers.

    Attributes
    ----------
    price_coefficient : Parameter
        Utility lost per money unit, above 0; with random coefficients, exp(mean of ln alpha).
    price_spread : Parameter or None
        Standard deviation of ln alpha over customers; only with random coefficients.
    quadrature_nodes : int
        Gauss-Hermite nodes over customers.
    sigmas : list of Parameter
        Correlation of tastes within each nest, outer first: 0 <= outer <= inner < 1.
    customer_cash_pass_through : Parameter
        The part of a cash offer that reaches the customer, 0 to 1.
    covariance : ParameterCovariance or None
        Joint covariance of the estimated parameters.
    verdict : ParameterVerdict or None
        Of an estimate, a calibration or a posterior; None for parameters from elsewhere.
    targets : list of ParameterTarget
        Of a calibration.
    diagnosis : ParameterDiagnosis or None
        Of an estimate or a posterior.
    """

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    name: Code
    title: BilingualText
    model: Literal["logit", "nested_logit", "random_coefficient"]
    nests: Annotated[list[Text], Field(max_length=2, default_factory=list)]
    price_coefficient: Parameter
    price_spread: Parameter | None = None
    quadrature_nodes: Annotated[int, Field(ge=1, le=15)] = 7
    sigmas: Annotated[list[Parameter], Field(max_length=2, default_factory=list)]
    customer_cash_pass_through: Parameter
    covariance: ParameterCovariance | None = None
    verdict: ParameterVerdict | None = None
    targets: Annotated[list[ParameterTarget], Field(default_factory=list)]
    diagnosis: ParameterDiagnosis | None = None
    notes: BilingualText

    def named(self) -> dict[str, Parameter]:
        """Parameters of demand by the names that `covariance` uses."""
        sigmas = zip(self.nests, self.sigmas, strict=False)
        named = {"price_coefficient": self.price_coefficient}
        if self.price_spread is not None:
            named["price_spread"] = self.price_spread
        return {**named, **{f"sigma_{nest}": sigma for nest, sigma in sigmas}}

    # not kept: a changed copy would take the old one with it
    @property
    def fingerprint(self) -> str:
        """Hash of all that the set says: two sets of one name may differ."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def label(self) -> BilingualText | None:
        """What must stand beside every number that rests on the parameters; None when they may be used as they are.

        Parameters that nobody judged (`verdict` is None) have no label.
        """
        verdict = self.verdict
        if verdict is None or verdict.grade == "usable":
            return None
        refused = verdict.grade == "refuse"
        said = ("refused", "不予采用") if refused else ("to be used with care", "须谨慎使用")
        en = " ".join(reason.en for reason in verdict.reasons)
        zh = "".join(reason.zh for reason in verdict.reasons)
        # built from checked texts; a dozen long reasons may be longer than one text of a file
        return BilingualText.model_construct(
            en=f"the parameters behind '{self.name}' are {said[0]}: {en}",
            zh=f"“{self.name}”所用参数{said[1]}：{zh}",
        )


def note_inconsistencies(document: Document, parameters: ParameterSet, file_stem: str) -> None:
    """Note ranges and contradictions that no single field shows, each at its own place."""
    if parameters.name != file_stem:
        document.fault(
            ("name",), f"is '{parameters.name}', but the file is '{file_stem}'; make them equal."
        )
    alpha = parameters.price_coefficient.value
    if alpha <= 0:
        document.fault(
            ("price_coefficient", "value"),
            f"is {alpha:g}; it is utility lost per money unit and must be above 0.",
        )
    passed = parameters.customer_cash_pass_through.value
    if not 0 <= passed <= 1:
        document.fault(
            ("customer_cash_pass_through", "value"), f"is {passed:g}; it must lie between 0 and 1."
        )
    _note_spread(document, parameters)
    _note_sigmas(document, parameters)
    _note_covariance(document, parameters)
    verdict = parameters.verdict
    if verdict is not None and verdict.grade != "usable" and not verdict.reasons:
        document.fault(
            ("verdict", "reasons"), f"is empty; a verdict of {verdict.grade} must say why."
        )
    for index, target in enumerate(parameters.targets):
        if abs(target.shown - target.wanted * (1 + target.miss)) > 1e-6 * abs(target.wanted):
            document.fault(
                ("targets", index, "miss"),
                f"is {target.miss:g}, but {target.shown:g} shown against {target.wanted:g} wanted "
                "is another miss; write shown / wanted - 1.",
            )


def _note_spread(document: Document, parameters: ParameterSet) -> None:
    spread = parameters.price_spread
    if parameters.model == "random_coefficient":
        if spread is None:
            document.fault(
                ("price_spread",),
                "is missing; a random_coefficient model needs the sd of ln alpha.",
            )
        elif spread.value < 0:
            document.fault(
                ("price_spread", "value"),
                f"is {spread.value:g}; a standard deviation must be at least 0.",
            )
    elif spread is not None:
        document.fault(
            ("price_spread",),
            f"has no place in a {parameters.model} model; remove it or choose random_coefficient.",
        )


def _note_sigmas(document: Document, parameters: ParameterSet) -> None:
    nests, sigmas = parameters.nests, [sigma.value for sigma in parameters.sigmas]
    if parameters.model == "logit" and nests:
        document.fault(
            ("nests",), "a logit model has no nests; remove them or choose nested_logit."
        )
    if parameters.model == "nested_logit" and not nests:
        document.fault(("nests",), "a nested_logit model needs one or two nests; name them.")
    if len(set(nests)) < len(nests):
        document.fault(("nests",), "names one column twice; keep it once.")
    if len(sigmas) != len(nests):
        document.fault(
            ("sigmas",),
            f"holds {len(sigmas)} value(s) for {len(nests)} nest(s); give one per nest.",
        )
    for index, sigma in enumerate(sigmas):
        if not 0 <= sigma < 1:
            document.fault(
                ("sigmas", index, "value"), f"is {sigma:g}; it must be at least 0 and below 1."
            )
    if len(sigmas) == 2 and sigmas[0] > sigmas[1]:
        document.fault(
            ("sigmas", 1, "value"),
            f"is {sigmas[1]:g}, below {sigmas[0]:g} of the outer nest; "
            "products that share the inner nest must be at least as alike.",
        )


def _note_covariance(document: Document, parameters: ParameterSet) -> None:
    covariance = parameters.covariance
    if covariance is None:
        return
    known, names = parameters.named(), covariance.names
    for index, name in enumerate(names):
        place = ("covariance", "names", index)
        if name not in known:
            document.fault(place, f"no parameter is called '{name}'{did_you_mean(name, known)}")
        elif name in names[:index]:
            document.fault(place, f"'{name}' stands twice; keep it once.")
    lengths = [len(covariance.matrix), *(len(row) for row in covariance.matrix)]
    if any(length != len(names) for length in lengths):
        document.fault(
            ("covariance", "matrix"),
            f"must have {len(names)} row(s) and column(s), one a name, in their order.",
        )
        return
    matrix = np.array(covariance.matrix, dtype=np.float64)
    variances = np.diag(matrix)
    if (variances < 0).any():
        document.fault(("covariance", "matrix"), "holds a variance below 0.")
        return
    scale = np.sqrt(np.outer(variances, variances)) + np.finfo(np.float64).tiny
    if (np.abs(matrix - matrix.T) > 1e-8 * scale).any():
        document.fault(("covariance", "matrix"), "is not symmetric; copy it as it was estimated.")
    elif np.linalg.eigvalsh(matrix / scale).min() < -1e-8:
        document.fault(("covariance", "matrix"), "is no covariance (it has a negative eigenvalue).")
    for name, variance in zip(names, variances.tolist(), strict=True):
        error = known[name].standard_error if name in known else None
        if error is not None and abs(error**2 - variance) > 1e-6 * max(error**2, variance):
            document.fault(
                ("covariance", "matrix"),
                f"gives '{name}' a variance of {variance:g}, but its standard_error is {error:g} "
                f"(squared {error**2:g}); make them equal.",
            )


def read_parameters(path: Path) -> ParameterSet:
    """Read one parameter set from a file that need not stand in a data set.

    Raises
    ------
    InputError
        With all faults of the file.
    """
    document = read_document(path)
    parameters = understand(document, ParameterSet)
    if parameters is not None:
        note_inconsistencies(document, parameters, path.stem)
    document.finish()
    assert parameters is not None
    return parameters


def write_parameters(parameters: ParameterSet, folder: Path) -> Path:
    """Write a parameter set as ``<name>.yaml`` into a folder of parameter sets.

    Parameters
    ----------
    parameters : ParameterSet
    folder : Path
        Usually ``market_data/<data set>/parameters``; made if it is not there.

    Returns
    -------
    Path
        The file, which `sandtable.data.load_data_set` reads.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    from ruamel.yaml import YAML

    values = parameters.model_dump(mode="json", by_alias=True, exclude_none=True)
    if not values["targets"]:
        del values["targets"]
    yaml = YAML()
    yaml.width = 1000  # no wrapped lines, so that a change is one line of a diff
    text = StringIO()
    yaml.dump(values, text)
    path = Path(folder) / f"{parameters.name}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.getvalue(), encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"cannot be written ({error.strerror}); check the path and its rights."
        raise InputError([Fault(str(path), "", message)]) from error
    return path
