"""The parameters of a demand model: `parameters/<name>.yaml`, each number with source and grade."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sandtable.data.metadata import BilingualText, Code, Grade, StrictModel, Text
from sandtable.documents import Document

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Parameter(StrictModel):
    """One number of a model, with its standard error, unit, source and grade of evidence."""

    value: Finite
    standard_error: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    unit: str
    source: Text
    grade: Grade


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
    notes: BilingualText


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
