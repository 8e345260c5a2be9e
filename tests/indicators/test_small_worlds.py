"""On drawn worlds with gaps and zero divisors each indicator still equals its reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sandtable.indicators import compute_with
from tests.indicators.references import RECIPES, reference
from tests.indicators.small_world import engine_on, small_frames
from tests.indicators.world import World

GRAINS = [("month",), ("region", "month"), ("dealer", "month"), ("model", "channel"), ()]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("by", GRAINS, ids=" x ".join)
def test_every_indicator_equals_its_reference_where_cells_are_empty(
    tmp_path: Path, by: tuple[str, ...], seed: int
) -> None:
    frames = small_frames(seed)
    found, engine = engine_on(tmp_path, frames)
    world = World(frames, "Nova", engine.metadata.price_bands, 1.0, pd.Timestamp(engine.end))
    missing = 0
    for code in sorted(RECIPES):
        if set(by) - set(found.definitions[code].dimensions):
            continue
        answer, expected = compute_with(found, engine, [code], by=by), reference(world, code, by)
        assert answer[list(by)].to_numpy().tolist() == expected[list(by)].to_numpy().tolist(), code
        np.testing.assert_allclose(
            answer[code], expected[code], rtol=1e-12, atol=0, equal_nan=True, err_msg=code
        )
        missing += int(answer[code].isna().sum())
    engine.close()
    assert missing > 0 or by in ((), ("month",)), "a world without a zero divisor tests nothing"


def test_indicators_asked_together_equal_those_asked_alone(tmp_path: Path) -> None:
    found, engine = engine_on(tmp_path, small_frames(3))
    codes = ["sal_lead_cnt", "sal_testdrive_rate", "sal_delivery_cnt", "sal_response_hrs"]
    together = compute_with(found, engine, codes, by=["dealer", "month"])
    for code in codes:
        alone = compute_with(found, engine, [code], by=["dealer", "month"])
        both = alone.merge(together, on=["dealer", "month"], suffixes=("", "_together"))
        assert len(both) == len(alone) > 0
        np.testing.assert_array_equal(both[code], both[f"{code}_together"])
    engine.close()
