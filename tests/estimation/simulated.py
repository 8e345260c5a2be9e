"""A small market with known parameters: prices in equilibrium, so that they answer what the data do not show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sandtable.data import BilingualText, DataSet, Metadata, Parameter, ParameterSet
from sandtable.market.demand import Demand
from sandtable.market.equilibrium import equilibrium
from sandtable.market.game import PricingGame
from sandtable.market.primitives import Nests, Tastes

TEXT = {"en": "Made for a test", "zh": "测试用"}
N_FIRMS, PER_FIRM = 4, 3
BETA, CONSTANT = 1.0, 1.0


@dataclass(frozen=True)
class Truth:
    alpha: float = 0.8
    spread: float = 0.4
    sigmas: tuple[float, ...] = ()
    n_regions: int = 40


def simulate(seed: int, truth: Truth) -> DataSet:
    """Make regions of one period, each a market of its own with its own prices, costs and tastes."""
    random = np.random.default_rng(seed)
    n_products = N_FIRMS * PER_FIRM
    shape = (truth.n_regions, n_products)
    x, shifter, wish = random.uniform(0, 1.5, shape), random.uniform(0, 2, shape), 0.3
    xi = wish * random.normal(size=shape)
    unseen = 0.15 * random.normal(size=shape) + 0.4 * xi
    costs = 1.5 + 0.5 * x + shifter + unseen
    offered = random.uniform(size=shape) < 0.8
    offered[:, :2] = True
    nest = np.arange(n_products) % 3
    outer = np.where(nest < 2, 0, 1)
    nests = None
    if len(truth.sigmas) == 1:
        nests = Nests.one_level(nest, truth.sigmas[0])
    elif len(truth.sigmas) == 2:
        nests = Nests(outer, nest, *truth.sigmas)
    demand = Demand(Tastes.lognormal(truth.alpha, truth.spread, 7), nests)
    deltas = np.where(offered, CONSTANT + BETA * x + xi, -np.inf)
    firms = np.repeat(np.arange(N_FIRMS), PER_FIRM)
    game = PricingGame(
        demand=demand,
        deltas=deltas,
        market_sizes=np.ones(truth.n_regions),
        costs=costs,
        firms=firms,
        responding=np.ones(n_products, dtype=bool),
        national=False,
    )
    prices = equilibrium(game, costs + 1.5, tolerance=1e-8).require()
    shares = demand.shares(deltas, prices)
    return data_set_of(
        pd.DataFrame(
            {
                "product": [f"P{j:02d}" for j in range(n_products)],
                "name": [f"P{j:02d}" for j in range(n_products)],
                "brand": [f"F{f}" for f in firms],
                "firm": [f"F{f}" for f in firms],
                "segment": [f"G{g}" for g in outer],
                "powertrain": [f"H{h}" for h in nest],
            }
        ),
        {"units": 1e6 * shares, "net_price": prices, "list_price": prices, "x": x, "w": shifter},
        offered,
        1e6,
    )


def data_set_of(
    products: pd.DataFrame, wide: dict[str, np.ndarray], offered: np.ndarray, size: float
) -> DataSet:
    """Put arrays (regions x products) into the tables of a data set with one period."""
    region, product = np.nonzero(offered)
    names = np.array([f"R{r:03d}" for r in range(len(offered))])
    sales = pd.DataFrame(
        {
            "period": "2020",
            "region": names[region],
            "product": products["product"].to_numpy()[product],
            **{name: values[region, product] for name, values in wide.items()},
        }
    )
    market = pd.DataFrame({"period": "2020", "region": names, "market_size": size})
    tables = {"products": products, "sales": sales, "market": market}
    logit = parameters()
    return DataSet(
        "simulated", Path("simulated"), metadata(), tables, {"logit": logit}, "0" * 64, ()
    )


def metadata() -> Metadata:
    number = {"table": "sales", "unit": "", "label": TEXT}
    return Metadata.model_validate(
        {
            "schema": 1,
            "name": "simulated",
            "title": TEXT,
            "kind": "synthetic",
            "source": "tests",
            "licence": "MIT",
            "retrieved": "2026-01-01",
            "as_of": "2020",
            "currency": "CNY",
            "money_unit": "CNY",
            "price_step": 0.1,
            "frequency": "year",
            "own_firm": "F0",
            "nests": ["segment", "powertrain"],
            "pricing": "regional",
            "market_size_rule": "all",
            "price_bands": [0.0, 5.0],
            "default_parameters": "logit",
            "limits": [TEXT],
            "columns": {},
            "attributes": {"x": number, "w": number},
        }
    )


def parameters() -> ParameterSet:
    one = Parameter(value=0.5, unit="utility per CNY", source="tests", grade="judgement")
    return ParameterSet.model_validate(
        {
            "schema": 1,
            "name": "logit",
            "title": BilingualText(**TEXT),
            "model": "logit",
            "price_coefficient": one,
            "customer_cash_pass_through": one,
            "notes": BilingualText(**TEXT),
        }
    )
