"""Does a parameter set hold together? Ranges and contradictions that no single field shows."""

from __future__ import annotations

import numpy as np

from sandtable.data.parameters import ParameterSet
from sandtable.documents import Document
from sandtable.errors import did_you_mean


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
    _note_responses(document, parameters)
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


def _note_responses(document: Document, parameters: ParameterSet) -> None:
    channels = {} if parameters.media is None else parameters.media.channels
    for name, channel in channels.items():
        carry_over = channel.carry_over.value
        if not 0 <= carry_over < 1:
            document.fault(
                ("media", "channels", name, "carry_over", "value"),
                f"is {carry_over:g}; it must be at least 0 and below 1.",
            )
        if channel.effect.value < 0:
            document.fault(
                ("media", "channels", name, "effect", "value"),
                f"is {channel.effect.value:g}; it must be at least 0.",
            )
        for field in ("half", "slope"):
            value = getattr(channel, field).value
            if value <= 0:
                document.fault(
                    ("media", "channels", name, field, "value"),
                    f"is {value:g}; it must be above 0.",
                )
    if parameters.dealers is not None and parameters.dealers.value < 0:
        document.fault(
            ("dealers", "value"), f"is {parameters.dealers.value:g}; it must be at least 0."
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
