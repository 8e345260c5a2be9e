"""Parameter sets of the synthetic market: the planted one, and simpler models with the same elasticity."""

from __future__ import annotations

from typing import Any

import numpy as np

from sandtable.market.demand import Demand
from sandtable.market.market import Market
from sandtable.market.primitives import FloatArray, Tastes
from sandtable.synthetic.plan import Plan
from sandtable.synthetic.pricing import Sold

REFERENCE = "N5"
PLANTED = "Planted by the generator; see answer_key.yaml"
CASH = {
    "value": 0.85,
    "unit": "share of the offer",
    "source": "Busse, Silva-Risso and Zettelmeyer (2006), from memory: 70 to 90 per cent; 0.8 to 0.9 taken",
    "grade": "literature",
}

JUDGED_WORTH = (
    "A round number of the author's judgement about willingness to pay; it rests on no study"
)
WORTH = {
    "electric_range_km": (60.0, "CNY per km"),
    "power_kw": (150.0, "CNY per kW"),
}


def market_of(plan: Plan, sold: Sold, period: int, demand: Demand) -> Market:
    """Calibrate one month of the tables under a demand; products that are not on sale are left at share 0."""
    prices = np.where(np.isnan(sold.net_prices[period]), plan.list_prices, sold.net_prices[period])
    sizes = sold.market_sizes[period]
    return Market.calibrate(
        products=plan.products,
        firms=plan.firms,
        regions=plan.regions,
        demand=demand,
        shares=np.nan_to_num(sold.units[period]) / sizes[:, None],
        prices=prices,
        market_sizes=sizes,
        national=True,
    )


def national_own_elasticities(market: Market) -> FloatArray:
    """Own elasticity of the units over all regions when a price moves by 1 % everywhere, shape (J,)."""
    slopes = np.einsum("r,rjj->rj", market.market_sizes, market.price_jacobian)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((slopes * market.prices).sum(axis=0) / market.units.sum(axis=0))


def parameter_sets(plan: Plan, sold: Sold) -> dict[str, dict[str, Any]]:
    """Return the three parameter sets as they are written to files."""
    truth = plan.file.demand
    place = plan.products.index(REFERENCE)
    target = float(
        national_own_elasticities(market_of(plan, sold, len(plan.periods) - 1, plan.demand))[place]
    )
    nests = plan.nests(truth.sigma_segment, truth.sigma_powertrain)
    same = f"Calibrated: own elasticity of {REFERENCE} in {plan.periods[-1]} as in random_coefficient, {target:.2f}"
    sigmas = [
        _parameter(truth.sigma_segment, "correlation within a segment", PLANTED),
        _parameter(truth.sigma_powertrain, "correlation within a powertrain of a segment", PLANTED),
    ]
    planted = {
        **_head(
            "random_coefficient", "Random price coefficient (planted)", "随机价格系数（预设真值）"
        ),
        "nests": ["segment", "powertrain"],
        "price_coefficient": _parameter(truth.price_coefficient, "utility per CNY", PLANTED),
        "price_spread": _parameter(truth.price_spread, "standard deviation of ln alpha", PLANTED),
        "quadrature_nodes": truth.quadrature_nodes,
        "sigmas": sigmas,
        **_responses(plan, truth.sigma_powertrain),
        "notes": {
            "en": "The truth of this invented market: customers differ in how much they mind price; powertrains "
            "nest in segments.",
            "zh": "该虚构市场的真值：顾客对价格的敏感程度不同；动力类型嵌套在细分市场之内。",
        },
    }
    nested = {
        **_head("nested", "Two-level nested logit", "两层嵌套 Logit", "nested_logit"),
        "nests": ["segment", "powertrain"],
        "price_coefficient": _parameter(
            _alpha_for(plan, sold, target, Demand(Tastes.common(1e-5), nests)),
            "utility per CNY",
            same,
        ),
        "sigmas": sigmas,
        **_responses(plan, truth.sigma_powertrain),
        "notes": {
            "en": "All customers mind price alike; own elasticities grow in step with price.",
            "zh": "所有顾客对价格同样敏感；自身弹性与价格成正比。",
        },
    }
    logit = {
        **_head("logit", "Plain logit", "普通 Logit", "logit"),
        "price_coefficient": _parameter(
            _alpha_for(plan, sold, target, Demand(Tastes.common(1e-5))), "utility per CNY", same
        ),
        **_responses(plan, 0.0),
        "notes": {
            "en": "No nests, one customer: sales go to rivals in proportion to their share. For comparison only.",
            "zh": "无嵌套、单一顾客：销量按份额流向对手。仅供比较。",
        },
    }
    return {"random_coefficient": planted, "nested": nested, "logit": logit}


def _responses(plan: Plan, sigma_powertrain: float) -> dict[str, Any]:
    """What customers do about cash, media, dealers and characteristics; media and dealers act within the nest."""
    scale = 1 - sigma_powertrain
    channels = {
        name: {
            "effect": _parameter(_scaled(channel.effect, scale), "utility at saturation", PLANTED),
            "carry_over": _parameter(
                channel.carry_over, "share carried to the next month", PLANTED
            ),
            "half": _parameter(channel.half, "CNY per household in the market", PLANTED),
            "slope": _parameter(channel.slope, "steepness of the Hill curve", PLANTED),
        }
        for name, channel in plan.file.media.items()
    }
    return {
        "customer_cash_pass_through": CASH,
        "media": {"channels": channels},
        "dealers": _parameter(
            _scaled(plan.file.dealers, scale), "utility per unit of ln(1 + dealers)", PLANTED
        ),
        "worth": {
            name: _parameter(value, unit, JUDGED_WORTH) for name, (value, unit) in WORTH.items()
        },
    }


def _scaled(value: float, scale: float) -> float:
    return round(value * scale, 12)  # no 0.23400000000000004 in a file that people read


def _alpha_for(plan: Plan, sold: Sold, target: float, demand: Demand) -> float:
    """Price coefficient at which the reference has the target elasticity: with one customer it is proportional."""
    market = market_of(plan, sold, len(plan.periods) - 1, demand)
    elasticity = national_own_elasticities(market)[plan.products.index(REFERENCE)]
    return float(demand.tastes.price_coefficients[0] * target / elasticity)


def _head(name: str, en: str, zh: str, model: str = "random_coefficient") -> dict[str, Any]:
    return {"schema": 1, "name": name, "title": {"en": en, "zh": zh}, "model": model}


def _parameter(value: float, unit: str, source: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "source": source, "grade": "judgement"}
