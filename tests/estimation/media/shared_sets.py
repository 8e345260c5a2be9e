"""Media response sets that their authors simulated, read where they are at hand; never kept here."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from sandtable.estimation.media import ResponseFit
from sandtable.market.primitives import FloatArray


def shared_folder() -> Path:
    """Where the sets are: below SANDTABLE_SHARED_DATA, or beside the repository."""
    beside = Path(__file__).resolve().parents[4] / "shared" / "data"
    return Path(os.environ.get("SANDTABLE_SHARED_DATA", beside)) / "mmm_simulated"


@dataclass(frozen=True)
class MediaSet:
    """Outcome of G units over T weeks, spend by channel, controls; `held` is kept from the fit."""

    outcome: FloatArray
    spend: FloatArray
    channels: tuple[str, ...]
    effects: tuple[str, ...]
    held: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
    controls: dict[str, FloatArray] = field(default_factory=dict)

    @property
    def known(self) -> FloatArray:
        """The outcome without what is held."""
        return np.asarray(np.where(self.held, np.nan, self.outcome))


def blocks(n_units: int, n_periods: int, length: int, seed: int) -> FloatArray:
    """Hold back one in five blocks of weeks of each unit."""
    random = np.random.default_rng(seed)
    n_blocks = -(-n_periods // length)
    drawn = random.uniform(size=(n_units, n_blocks)) < 0.2
    return np.asarray(np.repeat(drawn, length, axis=1)[:, :n_periods])


def meridian(name: str, channels: list[str], controls: list[str], seed: int) -> MediaSet:
    """One of the sets by geography: sales and spend a head; blocks of 13 weeks held."""
    table = pd.read_csv(shared_folder() / name)
    wide = {
        column: table.pivot(index="geo", columns="time", values=column).to_numpy(np.float64)
        for column in ["conversions", "population", *controls, *[f"{c}_spend" for c in channels]]
    }
    heads = wide["population"]
    spend = np.stack([wide[f"{channel}_spend"] / heads for channel in channels], axis=2)
    outcome = wide["conversions"] / heads
    kept = {name: wide[name] / wide[name].std() for name in controls}
    held = blocks(*outcome.shape, 13, seed)
    return MediaSet(outcome, spend, tuple(channels), ("unit", "period"), held.astype(bool), kept)


def robyn(seed: int) -> MediaSet:
    """One country by week: a trend, the seasons of the year, competitors; blocks of four weeks held."""
    table = pd.read_csv(shared_folder() / "robyn_weekly.csv", parse_dates=["DATE"])
    names = ["tv_S", "ooh_S", "print_S", "search_S", "facebook_S"]
    spend = table[names].to_numpy(np.float64)[None] / 1e3
    weeks = np.arange(len(table), dtype=np.float64)
    controls = {"trend": weeks / len(weeks)}
    controls["competitors"] = table["competitor_sales_B"].to_numpy(np.float64) / 1e6
    for wave in (1, 2, 3):
        turn = 2 * np.pi * wave * weeks / (365.25 / 7)
        controls |= {f"sine{wave}": np.sin(turn), f"cosine{wave}": np.cos(turn)}
    outcome = np.log(table["revenue"].to_numpy(np.float64))[None]
    held = blocks(1, len(weeks), 4, seed).astype(bool)
    wide = {name: values[None] for name, values in controls.items()}
    return MediaSet(outcome, spend, tuple(names), (), held, wide)


def held_errors(data: MediaSet, fit: ResponseFit | None) -> dict[str, float]:
    """Root mean squared error of held outcomes: no media, spend as it is, carried and saturated as fitted."""
    features: dict[str, FloatArray | None] = {
        "none": None,
        "linear": data.spend,
    }
    if fit is not None:
        worth = fit.worth(np.swapaxes(data.spend, 0, 1), data.spend[:, 0])
        features["fitted"] = np.swapaxes(worth, 0, 1).sum(axis=2, keepdims=True)
    return {name: _error(data, values) for name, values in features.items()}


def _error(data: MediaSet, media: FloatArray | None) -> float:
    """Effects, controls (and coefficients of media) by least squares on what is known; the fitted worth is taken as it is."""
    n_units, n_periods = data.outcome.shape
    unit, period = np.indices(data.outcome.shape).reshape(2, -1)
    columns = [np.ones((unit.size, 1))]
    columns += [np.eye(n_units)[unit]] if "unit" in data.effects else []
    columns += [np.eye(n_periods)[period]] if "period" in data.effects else []
    columns += [values.reshape(-1, 1) for values in data.controls.values()]
    outcome = data.outcome.ravel()
    if media is not None and media.shape[2] == 1:
        outcome = outcome - media.ravel()
    elif media is not None:
        columns.append(media.reshape(unit.size, -1))
    every, known = np.hstack(columns), ~data.held.ravel()
    found = np.linalg.lstsq(every[known], outcome[known], rcond=None)[0]
    return float(np.sqrt(np.mean((outcome - every @ found)[~known] ** 2)))
