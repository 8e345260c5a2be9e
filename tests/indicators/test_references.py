"""Each of the 42 equals an independent pandas reference, cell by cell, at every grain it allows."""

from __future__ import annotations

import numpy as np
import pytest

from sandtable.errors import InputError
from sandtable.indicators import Catalogue, DuckDBEngine, compute_with
from tests.indicators.references import RECIPES, reference
from tests.indicators.world import World

GRAINS = [
    ("month",),
    pytest.param(("region", "month"), marks=pytest.mark.slow),
    pytest.param(("dealer", "month"), marks=pytest.mark.slow),
    pytest.param(("model", "channel"), marks=pytest.mark.slow),
    (),
    pytest.param(("price_band", "month"), marks=pytest.mark.slow),
]
Shipped = tuple[Catalogue, DuckDBEngine]


def test_the_catalogue_holds_the_42_headlines_and_a_reference_for_each(shipped: Shipped) -> None:
    assert len(shipped[0].headlines) == 42
    assert set(RECIPES) == set(shipped[0].headlines)


@pytest.mark.parametrize("by", GRAINS, ids=" x ".join)
@pytest.mark.parametrize("code", sorted(RECIPES))
def test_an_indicator_equals_its_reference_in_every_cell(
    shipped: Shipped, world: World, code: str, by: tuple[str, ...]
) -> None:
    catalogue, engine = shipped
    refused = [one for one in by if one not in catalogue.definitions[code].dimensions]
    if refused:
        with pytest.raises(
            InputError, match=f"{code} is not defined by {refused[0]}; it is defined by"
        ):
            compute_with(catalogue, engine, [code], by=by)
        return
    found = compute_with(catalogue, engine, [code], by=by)
    expected = reference(world, code, by)
    assert len(expected) > 0
    assert found[list(by)].to_numpy().tolist() == expected[list(by)].to_numpy().tolist()
    np.testing.assert_allclose(found[code], expected[code], rtol=1e-12, atol=0, equal_nan=True)
