"""Simulated media panels with a known truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandtable.estimation.media.panel import ResponsePanel
from sandtable.estimation.media.priors import Range
from sandtable.estimation.media.shape import Shape, signals_of
from sandtable.market.primitives import FloatArray

CHANNELS = ("television", "digital", "search", "outdoor", "social", "events")
CARRY_OVERS = (0.65, 0.40, 0.20, 0.60, 0.50, 0.30)
SLOPES = (1.5, 1.0, 0.8, 1.2, 1.0, 1.3)
MIX = (0.34, 0.24, 0.14, 0.12, 0.10, 0.06)
DEALERS = 0.16


@dataclass(frozen=True)
class Simulated:
    """A panel and the truth behind it."""

    panel: ResponsePanel
    truth: Shape


def spend_of(
    random: np.random.Generator, n_periods: int, n_units: int, n_channels: int
) -> FloatArray:
    """Spend per household with a level by unit, a slow wave, and flights that start and stop."""
    level = np.exp(random.normal(0, 0.5, (1, n_units, 1)))
    flights = np.exp(random.normal(0, 0.6, (n_periods, n_units, n_channels)))
    on = random.uniform(size=flights.shape) > 0.12
    wave = 1 + 0.2 * np.sin(np.arange(n_periods) / 6)[:, None, None]
    mix = np.array(MIX[:n_channels])
    return np.asarray(300 * mix * level * wave * flights * on)


def errors_of(
    random: np.random.Generator, n_periods: int, n_series: int, spread: float, memory: float
) -> FloatArray:
    """Stationary first-order autoregressive errors, (T, S)."""
    errors = np.empty((n_periods, n_series))
    errors[0] = random.normal(0, spread, n_series)
    fresh = spread * np.sqrt(1 - memory**2)
    for period in range(1, n_periods):
        errors[period] = memory * errors[period - 1] + random.normal(0, fresh, n_series)
    return errors


def simulate(
    seed: int,
    *,
    n_brands: int = 6,
    n_regions: int = 12,
    n_periods: int = 36,
    products: int = 3,
    n_channels: int = 6,
    elasticity: float = 0.24,
    spread: float = 0.05,
    memory: float = 0.7,
    draw: bool = False,
) -> Simulated:
    """A market as the fit sees it: mean utilities of products of brands, launched at different times.

    Parameters
    ----------
    elasticity : float
        Long-run, of all media; 0 for media that do nothing.
    draw : bool
        Draw carry-over and slope from about their priors instead of taking the fixed ones.
    """
    random = np.random.default_rng(seed)
    n_units = n_brands * n_regions
    spend = spend_of(random, n_periods, n_units, n_channels)
    carry = np.array(CARRY_OVERS[:n_channels])
    slopes = np.array(SLOPES[:n_channels])
    if draw:
        odds = np.log(carry / (1 - carry)) + random.normal(0, 0.5, n_channels)
        carry = 1 / (1 + np.exp(-odds))
        slopes = np.exp(random.normal(0, 0.25, n_channels))
    stocks = np.array([np.median(column[column > 0]) for column in np.moveaxis(spend, 2, 0)])
    halves = stocks / (1 - carry) * np.exp(random.normal(0, 0.3, n_channels))
    part = np.array(MIX[:n_channels]) / sum(MIX[:n_channels])
    unit = Shape(np.ones(n_channels), carry, halves, slopes)
    steep = signals_of(unit.point, spend, spend[0]).long_run.mean(axis=(0, 1))
    effects = elasticity * part * np.exp(random.normal(0, 0.3, n_channels)) / steep
    truth = Shape(np.maximum(effects, 1e-300), carry, halves, slopes)
    worth = signals_of(truth.point, spend, spend[0]).worth
    return Simulated(_panel(random, spend, worth, n_regions, products, spread, memory), truth)


def _panel(
    random: np.random.Generator,
    spend: FloatArray,
    worth: FloatArray,
    n_regions: int,
    products: int,
    spread: float,
    memory: float,
) -> ResponsePanel:
    n_periods, n_units, n_channels = spend.shape
    n_products = n_units // n_regions * products
    launched = np.where(
        random.uniform(size=n_products) < 0.7, 0, random.integers(1, 24, n_products)
    )
    period, product, region = np.nonzero(
        (np.arange(n_periods)[:, None] >= launched)[:, :, None] & np.ones(n_regions, dtype=bool)
    )
    unit = product // products * n_regions + region
    series = product * n_regions + region
    errors = errors_of(random, n_periods, n_products * n_regions, spread, memory)
    dealers = np.log1p(random.poisson(4, n_regions) + np.arange(n_periods)[:, None] // 7)
    own = np.where(product < products, dealers[period, region], 0.0)
    outcome = (
        random.normal(0, 0.5, (n_products, n_regions))[product, region]
        + random.normal(0, 0.3, (n_products, n_periods))[product, period]
        + random.normal(0, 0.2, (n_regions, n_periods))[region, period]
        + worth[period, unit]
        + DEALERS * own
        + errors[period, series]
    )
    dealers_prior = Range(low=0.04, high=0.6, source="test", grade="judgement")
    return ResponsePanel(
        CHANNELS[:n_channels],
        "month",
        spend,
        spend[0],
        np.full((n_periods, n_units), 1 / (n_periods * n_units)),
        outcome,
        unit,
        period,
        (series, product * n_periods + period, region * n_periods + period),
        series,
        unit,
        {},
        {"dealers": (own, dealers_prior)},
    )
