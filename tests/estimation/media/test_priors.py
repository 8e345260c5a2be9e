"""Priors: one strict file, its faults as sentences, and what it turns into."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sandtable.errors import InputError
from sandtable.estimation.media import read_priors
from sandtable.estimation.media.priors import PRIORS_FILE, MediaPriors, beliefs_of
from sandtable.estimation.media.response import fit_panel
from tests.estimation.media.simulated import simulate


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = PRIORS_FILE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "priors.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def said(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_priors(path, ["television", "digital"])
    return [str(fault).removeprefix(f"{path}, ") for fault in caught.value.faults]


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ("channel_low: 0.2", "channel_low: 1.5"),
        ("value: 0.24", "value: 0.7"),
    )
    path.write_text(
        path.read_text(encoding="utf-8")
        + "channels:\n  televison:\n    carry_over: {low: 0.1, high: 0.2, source: test, grade: judgement}\n",
        encoding="utf-8",
    )
    assert said(path) == [
        "all_media_elasticity.value: is 0.7; it must lie between 0.02 and 0.6.",
        "all_media_elasticity.channel_low: and channel_high must lie on both sides of 1; they are factors.",
        "channels.televison: no channel is called 'televison'; did you mean 'television'?",
    ]


def test_a_range_upside_down_is_a_fault(tmp_path: Path) -> None:
    path = changed(tmp_path, ("slope:\n  low: 0.6", "slope:\n  low: 2.6"))
    assert said(path) == ["slope.high: is 1.7; it must be above low, 2.6."]


def test_every_period_length_needs_a_row_for_all_other_channels(tmp_path: Path) -> None:
    path = changed(
        tmp_path, ("frequency: month\n    words: []", "frequency: month\n    words: [x]")
    )
    assert said(path) == [
        "carry_over: has no row with empty words for 'month'; add one for all other channels."
    ]


def test_the_name_of_a_channel_chooses_its_carry_over() -> None:
    priors = read_priors()
    assert priors.carry_over_of("tv_S", "week").high == 0.8
    assert priors.carry_over_of("Brand TV", "month").low == 0.35
    assert priors.carry_over_of("searching", "month").source == "Judgement: wide"
    assert priors.carry_over_of("search", "month").high == 0.45
    assert priors.carry_over_of("search", "quarter").high == pytest.approx(0.45**3)


def priors_with(**channels: object) -> MediaPriors:
    return MediaPriors.model_validate(
        {**read_priors().model_dump(by_alias=True), "channels": channels}
    )


def test_what_is_known_of_one_channel_moves_that_channel() -> None:
    simulated = simulate(4, n_brands=2, n_regions=2, n_periods=14, spread=0.5)
    known = {"low": 0.29, "high": 0.31, "source": "an experiment", "grade": "experiment"}
    priors = priors_with(digital={"effect": known, "half": {**known, "low": 29, "high": 31}})
    fit = fit_panel(simulated.panel, priors)
    numbers = {(one.channel, one.quantity): one for one in fit.numbers}
    effect, half = numbers["digital", "effect"], numbers["digital", "half"]
    assert 0.28 < effect.value < 0.32
    assert effect.grade == "experiment"
    assert effect.source == "an experiment"
    assert 28 < half.value < 32
    assert numbers["search", "effect"].grade != "experiment"


def test_priors_that_name_an_unknown_channel_are_refused() -> None:
    known = {"low": 0.29, "high": 0.31, "source": "test", "grade": "judgement"}
    priors = priors_with(televison={"slope": known})
    with pytest.raises(InputError, match=r"priors, channels\.televison: no channel is called"):
        fit_panel(simulate(1, n_brands=2, n_regions=2).panel, priors)


def test_the_prior_of_all_effects_together_is_the_published_elasticity() -> None:
    panel = simulate(1).panel
    beliefs = beliefs_of(
        read_priors(),
        channels=panel.channels,
        spend=panel.spend,
        frequency="month",
        elasticity_of_utility=1.25,
    )
    effects = np.exp(beliefs.start[::4])
    # at half saturation with slope 1
    assert 1.25 * effects.sum() / 4 == pytest.approx(0.24)


def test_every_shipped_prior_has_a_source_and_a_grade() -> None:
    priors = read_priors()
    rows = [priors.all_media_elasticity, priors.half, priors.slope, priors.dealers]
    for row in [*rows, *priors.carry_over]:
        assert len(row.source) > 10
        assert row.grade in ("literature", "judgement")
