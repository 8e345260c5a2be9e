"""The browser's share kernel against a plain reference and against the model, number by number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page
from scipy.special import logsumexp

from sandtable.app.components.board import FOLDER
from sandtable.app.view import share_kernel
from sandtable.data.loading import DataSet
from sandtable.scenario.model import Scenario
from sandtable.scenario.run import run

pytestmark = pytest.mark.e2e

FloatArray = NDArray[np.float64]
KERNEL_SOURCE = (FOLDER / "kernel.js").read_text(encoding="utf-8")


def reference_units(kernel: dict[str, Any], changes: dict[int, float]) -> FloatArray:
    """Two-level nested logit with a random price coefficient, written for reading, not for speed."""
    n_products = len(kernel["outer"])
    inner_scale, outer_scale = 1 - kernel["sigma_inner"], 1 - kernel["sigma_outer"]
    nests: dict[int, dict[int, list[int]]] = {}
    for product in range(n_products):
        outer = nests.setdefault(kernel["outer"][product], {})
        outer.setdefault(kernel["inner"][product], []).append(product)
    units = np.zeros(n_products)
    for region, size in enumerate(kernel["market_sizes"]):
        deltas = np.array([-np.inf if v is None else v for v in kernel["deltas"][region]])
        prices = np.array(kernel["prices"][region], dtype=float)
        for product, change in changes.items():
            prices[product] += change
        for alpha, weight in zip(kernel["alphas"], kernel["weights"], strict=True):
            utilities = deltas - alpha * prices
            units += size * weight * _shares(utilities, nests, inner_scale, outer_scale)
    return units


def _shares(
    utilities: FloatArray,
    nests: dict[int, dict[int, list[int]]],
    inner_scale: float,
    outer_scale: float,
) -> FloatArray:
    log_inner = {
        (h, g): logsumexp(utilities[products] / inner_scale)
        for h, groups in nests.items()
        for g, products in groups.items()
    }
    log_outer = {
        h: logsumexp([log_inner[h, g] * inner_scale / outer_scale for g in groups])
        for h, groups in nests.items()
    }
    log_all = logsumexp([0.0, *(outer_scale * value for value in log_outer.values())])
    shares = np.zeros(len(utilities))
    for h, groups in nests.items():
        for g, products in groups.items():
            if not np.isfinite(log_inner[h, g]):
                continue
            shares[products] = np.exp(
                utilities[products] / inner_scale
                - log_inner[h, g]
                + log_inner[h, g] * inner_scale / outer_scale
                - log_outer[h]
                + outer_scale * log_outer[h]
                - log_all
            )
    return shares


def random_market(seed: int) -> tuple[dict[str, Any], dict[int, float]]:
    """Draw a market: nests, absent products, and in every third one extreme utilities."""
    draw = np.random.default_rng(seed)
    n_products, n_regions, n_nodes = (
        int(draw.integers(*ends)) for ends in ((1, 40), (1, 5), (1, 8))
    )
    spread = 400.0 if seed % 3 == 0 else 2.0
    sigma_outer = float(draw.uniform(0, 0.8))
    deltas = draw.normal(3.0, spread, (n_regions, n_products))
    absent = draw.random((n_regions, n_products)) < 0.2
    weights = draw.random(n_nodes)
    outer = draw.integers(0, 4, n_products)
    kernel = {
        "alphas": draw.lognormal(np.log(1.6e-5), 0.5, n_nodes).tolist(),
        "weights": (weights / weights.sum()).tolist(),
        "sigma_outer": sigma_outer,
        "sigma_inner": float(draw.uniform(sigma_outer, 0.9)),
        "outer": outer.tolist(),
        "inner": draw.integers(0, 3, n_products).tolist(),
        "deltas": [
            [None if gone else float(value) for value, gone in zip(row, lost, strict=True)]
            for row, lost in zip(deltas, absent, strict=True)
        ],
        "prices": draw.uniform(1e5, 5e5, (n_regions, n_products)).tolist(),
        "market_sizes": draw.uniform(1e3, 1e6, n_regions).tolist(),
    }
    moved = draw.choice(n_products, min(3, n_products), replace=False)
    return kernel, {int(product): float(draw.normal(0, 3e4)) for product in moved}


@pytest.fixture
def kernel_page(open_page: Callable[..., Page]) -> Page:
    page = open_page()
    page.add_script_tag(content=KERNEL_SOURCE)
    return page


def browser_units(page: Page, kernel: dict[str, Any], changes: dict[int, float]) -> FloatArray:
    script = "([kernel, changes]) => Array.from(kernelUnits(kernel, changes))"
    return np.array(page.evaluate(script, [kernel, {str(k): v for k, v in changes.items()}]))


def test_the_browser_agrees_with_the_reference_in_fifty_random_markets(kernel_page: Page) -> None:
    for seed in range(50):
        kernel, changes = random_market(seed)
        for moved in ({}, changes):
            np.testing.assert_allclose(
                browser_units(kernel_page, kernel, moved),
                reference_units(kernel, moved),
                rtol=1e-10,
                atol=1e-280,
                err_msg=f"market {seed}, {len(moved)} prices moved",
            )


def test_a_product_that_is_not_offered_sells_nothing_and_an_empty_nest_is_no_fault(
    kernel_page: Page,
) -> None:
    kernel, _ = random_market(1)
    kernel["deltas"] = [[None] * len(row) for row in kernel["deltas"]]
    assert browser_units(kernel_page, kernel, {0: -1e4}).tolist() == [0.0] * len(kernel["outer"])


def test_a_null_price_of_an_absent_product_is_never_read(kernel_page: Page) -> None:
    kernel, _ = random_market(2)
    kernel["deltas"][0][0] = None
    before = browser_units(kernel_page, kernel, {})
    kernel["prices"][0][0] = None
    np.testing.assert_array_equal(browser_units(kernel_page, kernel, {}), before)


def test_three_hundred_products_are_previewed_within_a_frame(kernel_page: Page) -> None:
    draw = np.random.default_rng(5)
    kernel = {
        "alphas": [1.2e-5, 1.4e-5, 1.6e-5, 1.8e-5, 2.0e-5],
        "weights": [0.2] * 5,
        "sigma_outer": 0.3,
        "sigma_inner": 0.6,
        "outer": draw.integers(0, 5, 300).tolist(),
        "inner": draw.integers(0, 4, 300).tolist(),
        "deltas": draw.normal(0, 1, (31, 300)).tolist(),
        "prices": draw.uniform(1e5, 5e5, (31, 300)).tolist(),
        "market_sizes": [1e5] * 31,
    }
    median = kernel_page.evaluate(
        """kernel => {
          const times = Array.from({ length: 41 }, (_, index) => {
            const start = performance.now();
            kernelUnits(kernel, { 7: -1000 * index });
            return performance.now() - start;
          });
          return times.sort((a, b) => a - b)[20];
        }""",
        kernel,
    )
    assert median < 1000 / 60


def test_kernels_are_remembered_by_hash_and_the_oldest_is_forgotten(kernel_page: Page) -> None:
    held = kernel_page.evaluate(
        """() => {
          for (let index = 0; index <= MAXIMUM_KERNELS; index += 1) rememberKernel(`k${index}`, {});
          return [...kernelsByHash.keys()];
        }"""
    )
    assert held == [f"k{index}" for index in range(1, len(held) + 1)]


@pytest.mark.parametrize("data", ["premium_ev", "us_autos"])
@pytest.mark.parametrize("parameters", ["logit", "nested", "random_coefficient"])
def test_the_browser_agrees_with_the_model_of_each_data_set(
    kernel_page: Page, data_sets: dict[str, DataSet], data: str, parameters: str
) -> None:
    data_set = data_sets[data]
    market = run(Scenario("", data, parameters=parameters), data_set).periods[-1].base.market
    scale, rows = data_set.metadata.money_scale, list(range(len(market.regions)))
    kernel = {
        **share_kernel(market, rows, scale),
        "prices": (market.prices * scale).tolist(),
    }
    moved = {0: -0.05, len(market.products) // 2: 0.08}
    for changes in ({}, moved):
        prices = market.prices.copy()
        steps = {}
        for product, ratio in changes.items():
            step = ratio * float(np.nanmean(market.prices[:, product]))
            prices[:, product] += step
            steps[product] = step * scale
        np.testing.assert_allclose(
            browser_units(kernel_page, kernel, steps),
            market.moved(prices=prices).units.sum(axis=0),
            rtol=1e-9,
        )
