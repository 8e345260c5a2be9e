"""The synthetic data set `premium_ev`: made from a seed, and written in one step."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from sandtable.errors import Fault, InputError
from sandtable.synthetic.calibration import market_of, national_own_elasticities, parameter_sets
from sandtable.synthetic.funnel import make_dealers, make_funnel
from sandtable.synthetic.history import History, make_history
from sandtable.synthetic.media import media_elasticities
from sandtable.synthetic.placing import put_in_place
from sandtable.synthetic.plan import PLAN_FOLDER, Plan, premium_ev_plan
from sandtable.synthetic.pricing import Sold, sell
from sandtable.synthetic.records import Basis, fill
from sandtable.synthetic.surroundings import (
    competitor_table,
    events_table,
    market_table,
    media_table,
    products_table,
    sales_table,
)

DEFAULT_SEED = 20260630
NAME = "premium_ev"


@dataclass(frozen=True)
class SyntheticMarket:
    """A made-up market and the truth behind it.

    Attributes
    ----------
    tables : dict of str to DataFrame
        As the data set holds them.
    parameter_sets : dict of str to dict
        As the files of `parameters` hold them.
    answer_key : dict
        Planted parameters, weak links, rules and the seed.
    costs : DataFrame
        Planted marginal cost of each product on sale in each month.
    """

    tables: Mapping[str, pd.DataFrame]
    parameter_sets: Mapping[str, Mapping[str, Any]]
    answer_key: Mapping[str, Any]
    costs: pd.DataFrame


def generate_premium_ev(seed: int = DEFAULT_SEED, *, plan: Plan | None = None) -> SyntheticMarket:
    """Make the synthetic premium electric-car market.

    Parameters
    ----------
    seed : int
        Equal seeds give equal tables; 0 or more.
    plan : Plan, optional
        By default the plan of the package; ``premium_ev_plan().small()`` for a quick one.

    Returns
    -------
    SyntheticMarket

    Examples
    --------
    >>> from sandtable.synthetic import generate_premium_ev, premium_ev_plan
    >>> market = generate_premium_ev(7, plan=premium_ev_plan().small())
    >>> sorted(market.tables)[:3]
    ['competitor_indicators', 'dealers', 'events']
    """
    plan = plan or premium_ev_plan()
    dealers = make_dealers(plan, seed)
    history = make_history(plan, seed, dealers.open_by_region)
    sold = sell(plan, history)
    tables = {
        "products": products_table(plan, history, seed),
        "market": market_table(plan, sold),
        "sales": sales_table(plan, history, sold),
        "dealers": dealers.table,
        "funnel": make_funnel(plan, dealers, sold.units, seed),
        "media": media_table(plan, history),
        "competitor_indicators": competitor_table(plan, history, sold, seed),
        "events": events_table(plan, sold),
    }
    return SyntheticMarket(
        tables,
        parameter_sets(plan, sold),
        _answer_key(plan, history, sold, seed),
        _costs_table(plan, sold),
    )


def _costs_table(plan: Plan, sold: Sold) -> pd.DataFrame:
    period, product = np.nonzero(plan.offered)
    return pd.DataFrame(
        {
            "period": np.array(plan.periods)[period],
            "product": np.array(plan.products)[product],
            "cost": np.round(sold.costs[period, product], 2),
        }
    ).sort_values(["period", "product"], ignore_index=True)


def _answer_key(plan: Plan, history: History, sold: Sold, seed: int) -> dict[str, Any]:
    market = market_of(plan, sold, len(plan.periods) - 1, plan.demand)
    margins = (market.prices - market.costs) / market.prices
    units = market.units
    own = plan.own
    elasticities = national_own_elasticities(market)
    file = plan.file
    return {
        "what": "The truth behind the synthetic data set premium_ev. Nothing here is an observation.",
        "seed": seed,
        "demand": file.demand.model_dump(),
        "media": _media_key(plan, history, sold),
        "dealers": file.dealers,
        "costs": {
            "file": "answer_key/costs.csv",
            "money": "CNY with tax included, as prices are; divide by 1 + value_added_tax for cost before tax",
            "pricing": "national Bertrand-Nash in every month; net prices are rounded to 100 CNY, so that costs "
            "implied by the tables differ from these by about 50 CNY, except in the last month",
        },
        "last_month": {
            "period": plan.periods[-1],
            "own_elasticities": {
                code: round(float(value), 4)
                for code, value in zip(plan.products, elasticities, strict=True)
            },
            "own_firm_margin": round(
                float((margins * units)[:, own].sum() / units[:, own].sum()), 4
            ),
        },
        "rules": [rule.model_dump(exclude_none=True) for rule in file.rules],
        "funnel": file.funnel.model_dump(exclude_none=True),
    }


def _media_key(plan: Plan, history: History, sold: Sold) -> dict[str, Any]:
    found = media_elasticities(plan, history.spend, history.market_sizes, sold.units)
    long_run, short_run = found.long_run.tolist(), found.short_run.tolist()
    return {
        "what": "Effect is utility within a nest at saturation, times 1 - sigma_powertrain in utility; half in CNY per "
        "household in the market. Elasticities: sales within a nest to spend, mean of the last year weighted by cars.",
        "long_run_elasticity": round(sum(long_run), 4),
        "short_run_elasticity": round(sum(short_run), 4),
        "channels": {
            name: {
                **channel.model_dump(),
                "long_run_elasticity": round(lasting, 4),
                "short_run_elasticity": round(at_once, 4),
            }
            for (name, channel), lasting, at_once in zip(
                plan.file.media.items(), long_run, short_run, strict=True
            )
        },
    }


def generate(folder: Path, seed: int = DEFAULT_SEED, *, plan: Plan | None = None) -> Path:
    """Make the data set and write it: all files or none.

    Parameters
    ----------
    folder : Path
        The folder of the data set, usually ``market_data/premium_ev``; an earlier one of that name is replaced.
    seed : int
        See `generate_premium_ev`.
    plan : Plan, optional
        See `generate_premium_ev`.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If the folder exists and holds anything but this data set, or cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and not _is_ours(folder):
        message = "exists and is not a generated data set premium_ev; choose another folder."
        raise InputError([Fault(str(folder), "", message)])
    plan = plan or premium_ev_plan()
    market = generate_premium_ev(seed, plan=plan)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as work:
            fresh = Path(work) / "fresh"
            _write(market, fresh)
            basis = Basis.of(market.tables, plan.file.own_firm)
            fill(basis, fresh / "records", fresh / "answer_key", seed)
            put_in_place(folder, fresh, Path(work) / "replaced")
    except OSError as error:
        message = f"cannot be written ({error.strerror}); check the path and its rights."
        raise InputError([Fault(str(folder), "", message)]) from error
    return folder


def _is_ours(folder: Path) -> bool:
    metadata = folder / "metadata.yaml"
    empty = folder.is_dir() and not any(folder.iterdir())
    return empty or (
        metadata.is_file() and f"\nname: {NAME}\n" in metadata.read_text(encoding="utf-8")
    )


def _write(market: SyntheticMarket, folder: Path) -> None:
    (folder / "answer_key").mkdir(parents=True)
    for name, table in market.tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    market.costs.to_csv(folder / "answer_key" / "costs.csv", index=False, lineterminator="\n")
    shutil.copyfile(PLAN_FOLDER / "metadata.yaml", folder / "metadata.yaml")
    for specs in ("estimates", "calibrations", "posteriors", "parameters"):
        shutil.copytree(PLAN_FOLDER / specs, folder / specs)
    yaml = YAML()
    yaml.width = 1000  # no wrapped lines, so that a change is one line of a diff
    for name, parameters in market.parameter_sets.items():
        yaml.dump(dict(parameters), folder / "parameters" / f"{name}.yaml")
    yaml.dump(dict(market.answer_key), folder / "answer_key.yaml")
