"""Agreement with pyblp: run both on the shipped scenarios, compare, and write ``agreement.md``.

Run it by ``make agreement``. The figures in the page are computed here, never typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyblp

import sandtable.scenario.files
import sandtable.scenario.run
from sandtable.market.market import Market
from sandtable.market.pass_through import pass_through
from sandtable.market.primitives import FloatArray
from sandtable.scenario.periods import PeriodResult
from tests.market import pyblp_peer

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).with_name("agreement.md")
SCENARIOS = (
    "us-1990-accord-minus-5",
    "us-1990-accord-minus-5-answered",
    "us-1990-ford-chrysler-merger",
)
PARAMETER_SETS = ("logit", "nested", "random_coefficient")
# largest relative difference allowed
TOLERANCES = {
    "exp(mean utility)": 1e-8,
    "shares, base": 1e-8,
    "shares, scenario": 1e-8,
    "own and cross elasticities": 1e-8,
    "diversion, outside good included": 1e-8,
    "marginal costs": 1e-8,
    "pass-through of costs": 1e-6,
    "equilibrium prices": 1e-7,
    "change of consumer surplus": 1e-6,
}
Differences = Mapping[str, float | None]


def compare(scenario_name: str, parameters: str) -> Differences:
    """Largest relative difference of each quantity; None where the scenario has no such quantity."""
    scenario, data_set = sandtable.scenario.files.read_scenario(
        ROOT / "scenarios" / f"{scenario_name}.yaml"
    )
    result = sandtable.scenario.run.run(replace(scenario, parameters=parameters), data_set)
    (item,) = result.periods
    base, after = item.base.market, item.market
    sales = data_set.tables["sales"]
    sales = sales[sales["period"] == item.base.period].set_index("product")
    observed = sales.loc[list(base.products), "units"].to_numpy() / base.market_sizes[0]

    deltas = pyblp_peer.mean_utilities(base, observed)
    before = pyblp_peer.at_given_prices(
        pyblp_peer.simulation(base, deltas=deltas, shares=observed), base.costs[0]
    )
    costs = np.asarray(before.compute_costs()[:, 0])
    prices = _prices(item, deltas, costs, before)
    peer = pyblp_peer.at_given_prices(
        pyblp_peer.simulation(after, deltas=deltas, prices=prices), costs
    )
    surplus = float((peer.compute_consumer_surpluses() - before.compute_consumer_surpluses())[0, 0])
    answered = _largest(after.prices[0], prices) if item.answer else None
    return {
        "exp(mean utility)": _largest(np.exp(base.deltas[0]), np.exp(deltas)),
        "shares, base": _largest(base.shares[0], before.product_data.shares[:, 0]),
        "shares, scenario": _largest(after.shares[0], peer.product_data.shares[:, 0]),
        # at the same prices on both sides: this is about derivatives, not about equilibrium
        **_derivatives(after, deltas),
        "marginal costs": _largest(base.costs[0], costs),
        "pass-through of costs": _pass_through(base, before),
        "equilibrium prices": answered,
        "change of consumer surplus": _largest(
            np.array([after.consumer_surplus - base.consumer_surplus]),
            np.array([surplus * base.market_sizes[0]]),
        ),
    }


def _prices(item: PeriodResult, deltas: FloatArray, costs: FloatArray, before: Any) -> FloatArray:
    """Prices of the scenario as pyblp finds them."""
    base, after = item.base.market, item.market
    if item.answer is None:
        return np.asarray(after.prices[0])
    moved = base.firms != after.firms
    if moved:  # every firm answers: the game that pyblp solves
        return np.asarray(
            before.compute_prices(
                firm_ids=np.array(after.firms),
                costs=costs,
                iteration=pyblp.Iteration("simple", {"atol": 1e-12}),
            )[:, 0]
        )
    # only the rivals answer: the own firm's prices stay where the lever put them
    responding = np.array([firm != "Honda" for firm in after.firms])
    start = after.moved(prices=np.where(responding, base.prices, after.prices))
    return pyblp_peer.answered_prices(start, deltas, costs, responding)


def _derivatives(market: Market, deltas: FloatArray) -> dict[str, float]:
    peer = pyblp_peer.at_given_prices(
        pyblp_peer.simulation(market, deltas=deltas), market.prices[0]
    )
    own, outside = market.diversion[0, :, :-1], market.diversion[0, :, -1]
    diagonal = np.diag_indices(len(outside))
    diversion = own.copy()
    diversion[diagonal] = outside  # where pyblp keeps the outside good
    return {
        "own and cross elasticities": _largest(market.elasticities[0], peer.compute_elasticities()),
        "diversion, outside good included": _largest(diversion, peer.compute_diversion_ratios()),
    }


def _pass_through(base: Market, before: Any) -> float:
    """Largest difference against the largest rate: most rates of 131 products are next to nothing."""
    game = base.game(base.costs, np.ones(len(base.products), dtype=bool))
    theirs = before.compute_passthrough()
    return float(np.abs(pass_through(game, base.prices)[0] - theirs).max() / np.abs(theirs).max())


def _largest(ours: FloatArray, theirs: FloatArray) -> float:
    return float(np.max(np.abs(ours - theirs) / np.abs(theirs)))


def page() -> str:
    """Compute all comparisons and lay them out."""
    versions = f"pyblp {pyblp.__version__}, numpy {np.__version__}"
    lines = [
        "# Agreement with pyblp",
        "",
        "Written by `make agreement`; do not edit. A test holds the same figures against the last column.",
        "",
        f"Largest relative difference over all products (or pairs of products) of 1990 in the data set `us_autos`, "
        f"between sandtable and {versions}. Both get the same observed shares, prices, parameters, nodes and weights; "
        "nothing is estimated. pyblp has one level of nests; the two-level closed forms are checked in "
        "`tests/market/test_two_levels.py`. It has no game in which only some firms answer; there its own markups are "
        "iterated for the firms that do.",
        "",
    ]
    for scenario in SCENARIOS:
        columns = [compare(scenario, parameters) for parameters in PARAMETER_SETS]
        lines += [f"## {scenario}", "", f"| | {' | '.join(PARAMETER_SETS)} | allowed |"]
        lines += ["| --- | " + "---: | " * (len(columns) + 1)]
        lines[-1] = lines[-1].rstrip()
        for quantity, tolerance in TOLERANCES.items():
            cells = [_shown(column[quantity]) for column in columns]
            lines.append(f"| {quantity} | {' | '.join(cells)} | {tolerance:.0e} |")
        lines.append("")
    return "\n".join(lines)


def _shown(difference: float | None) -> str:
    return "—" if difference is None else f"{difference:.1e}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
