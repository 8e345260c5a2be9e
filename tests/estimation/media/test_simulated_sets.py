"""Media sets simulated by others: better than no media where media matter, plausible everywhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from sandtable.estimation.media import ResponseFit, fit_response
from tests.estimation.media.shared_sets import (
    MediaSet,
    held_errors,
    meridian,
    robyn,
    shared_folder,
)

pytestmark = pytest.mark.skipif(
    not shared_folder().is_dir(),
    reason="mmm_simulated is not at hand (set SANDTABLE_SHARED_DATA to the folder that holds it)",
)
SETS: dict[str, Callable[[int], MediaSet]] = {
    "all channels": partial(
        meridian,
        "meridian_geo_all_channels.csv",
        [f"Channel{place}" for place in range(5)],
        ["competitor_sales_control", "sentiment_score_control", "Promo"],
    ),
    "full funnel": partial(
        meridian,
        "meridian_geo_full_funnel.csv",
        ["AwarenessVideo", "PerformanceDisplay", "PerformanceNative"],
        ["GenericGQV_control"],
    ),
    "robyn": robyn,
}
SEEDS = range(1, 11)


def fitted(name: str, seed: int) -> tuple[MediaSet, ResponseFit]:
    data = SETS[name](seed)
    fit = fit_response(
        data.known,
        data.spend,
        channels=data.channels,
        controls=data.controls,
        effects=data.effects,
        logarithm=name == "robyn",
    )
    return data, fit


@pytest.mark.parametrize("name", SETS)
def test_what_is_found_is_plausible(name: str) -> None:
    fit = fitted(name, 1)[1]
    last = fit.elasticities.iloc[-1]
    assert 0 < last["short_run"] < last["long_run"] < 0.3
    assert (fit.shape.carry_overs < 0.95).all()
    assert fit.verdict.grade != "refuse"


@pytest.mark.parametrize("name", SETS)
def test_held_weeks_are_foretold_no_worse_than_without_media(name: str) -> None:
    ratios = []
    for seed in SEEDS:
        errors = held_errors(*fitted(name, seed))
        ratios.append([errors["fitted"] / errors["none"], errors["fitted"] / errors["linear"]])
    to_none, to_linear = np.mean(ratios, axis=0)
    wins = [int((np.array(column) < 1).sum()) for column in zip(*ratios, strict=True)]
    print(f"{name}: to none {to_none:.4f}, {wins[0]} of 10; to linear {to_linear:.4f}, {wins[1]}")  # noqa: T201
    assert to_none < 1.005
    if name == "full funnel":  # the one set whose media stand well above its noise
        assert wins == [10, 10]
        assert to_none < 0.95
        assert to_linear < 0.98
