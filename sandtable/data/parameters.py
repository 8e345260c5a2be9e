"""The parameters of a demand model: `parameters/<name>.yaml`, each number with source and grade."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from sandtable.data.metadata import BilingualText, Code, Grade, StrictModel, Text

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


class ChannelResponse(StrictModel):
    """How the spend of one media channel turns into utility: ``effect * a^slope / (a^slope + half^slope)``.

    Attributes
    ----------
    effect : Parameter
        Utility when the channel is saturated, 0 or more.
    carry_over : Parameter
        Part of the adstock ``a`` that is still at work a period later, 0 to below 1.
    half : Parameter
        Adstock at which half of the effect is reached, in money units per household in the market, above 0.
    slope : Parameter
        Steepness of the Hill curve, above 0.
    """

    effect: Parameter
    carry_over: Parameter
    half: Parameter
    slope: Parameter


class MediaResponse(StrictModel):
    """Response of demand to media, by channel, with what the fit said of its own quality."""

    channels: Annotated[dict[Text, ChannelResponse], Field(min_length=1)]
    verdict: ParameterVerdict | None = None
    diagnosis: ParameterDiagnosis | None = None


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
    media : MediaResponse or None
        Response to media spend; None where it is not known.
    dealers : Parameter or None
        Utility of one more in ``ln(1 + dealers)`` of a firm in a region; None where it is not known.
    worth : dict of str to Parameter
        What one unit more of a characteristic is worth to a customer, in money units, by its name.
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
    media: MediaResponse | None = None
    dealers: Parameter | None = None
    worth: Annotated[dict[Text, Parameter], Field(default_factory=dict)]
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

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that the set says: two sets of one name may differ."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy, some fields changed; it has a fingerprint of its own."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("fingerprint", None)
        return copied

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
