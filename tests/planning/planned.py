"""The demonstration market with errors on its parameters, and short ways to plan on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from sandtable.data.loading import DataSet
from sandtable.data.parameters import Parameter, ParameterCovariance, ParameterSet
from sandtable.scenario.base import open_data_set
from sandtable.scenario.model import LeverMove, Rivals, Scenario
from sandtable.units import Change

DATA, OWN_FIRM = "premium_ev", "Nova"
MONTHS = ("2026-05", "2026-06", "2026-07")  # the last one is projected


def relative(amount: float) -> Change:
    return Change("relative", amount)


CUT = LeverMove("list_price", product="N5", change=relative(-0.05))
SPENDING = (
    LeverMove("media", firm="Nova", channel="digital", change=relative(0.5), last="2026-06"),
    LeverMove(
        "dealers",
        firm="Nova",
        region="Hunan",
        change=Change("absolute", 2.0),
        terms=(("cost", 4e5),),
    ),
    LeverMove(
        "spec",
        product="N5",
        characteristic="electric_range_km",
        change=Change("absolute", 50.0),
        terms=(("unit_cost", 2_000.0),),
    ),
    LeverMove("stage_rate", firm="Nova", stage="orders", change=relative(0.03)),
    LeverMove("referral_reward", firm="Nova", change=relative(0.2), terms=(("reward", 1_500.0),)),
)
data_set = cache(open_data_set)


def with_errors(
    parameters: ParameterSet, errors: Mapping[str, float], *, name: str | None = None
) -> ParameterSet:
    """Give parameters standard errors by name, relative to their values."""

    def known(key: str, parameter: Parameter) -> Parameter:
        error = errors.get(key)
        relative_error = None if error is None else error * abs(parameter.value)
        return parameter.model_copy(update={"standard_error": relative_error})

    named = {key: known(key, parameter) for key, parameter in parameters.named().items()}
    passed = known("customer_cash_pass_through", parameters.customer_cash_pass_through)
    return parameters.model_copy(
        update={
            "name": name or f"{parameters.name}_with_errors",
            "price_coefficient": named["price_coefficient"],
            "price_spread": named.get("price_spread"),
            "sigmas": [named[f"sigma_{nest}"] for nest in parameters.nests],
            "customer_cash_pass_through": passed,
        }
    )


def with_covariance(parameters: ParameterSet, correlation: float) -> ParameterSet:
    """Let the errors of the price coefficient and of the last nesting parameter move together."""
    alpha, sigma = parameters.price_coefficient, parameters.sigmas[-1]
    assert alpha.standard_error is not None
    assert sigma.standard_error is not None
    both = correlation * alpha.standard_error * sigma.standard_error
    matrix = [[alpha.standard_error**2, both], [both, sigma.standard_error**2]]
    names = ["price_coefficient", f"sigma_{parameters.nests[-1]}"]
    return parameters.model_copy(
        update={"covariance": ParameterCovariance(names=names, matrix=matrix)}
    )


ERRORS = {
    "price_coefficient": 0.1,
    "price_spread": 0.1,
    "sigma_segment": 0.2,
    "sigma_powertrain": 0.15,
}


@cache
def uncertain(kind: str = "random_coefficient", *, cash: bool = False) -> DataSet:
    """Return the demonstration market with one parameter set, which has errors, as the default."""
    loaded = data_set(DATA)
    errors = {**ERRORS, **({"customer_cash_pass_through": 0.05} if cash else {})}
    name = f"{kind}_uncertain_{'cash' if cash else 'demand'}"
    return with_parameters(with_errors(loaded.parameter_sets[kind], errors, name=name))


def with_parameters(parameters: ParameterSet) -> DataSet:
    """Return the demonstration market under one parameter set."""
    loaded = data_set(DATA)
    metadata = loaded.metadata.model_copy(update={"default_parameters": parameters.name})
    return replace(loaded, metadata=metadata, parameter_sets={parameters.name: parameters})


def scenario(
    *moves: LeverMove, months: tuple[str, ...] = (), rivals: Rivals | None = None
) -> Scenario:
    return Scenario("Test", DATA, periods=months, levers=moves, rivals=rivals or Rivals())
