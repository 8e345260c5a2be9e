"""Who takes whose customers: headline, findings and heat maps say what the model gives, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from competition_sample import both, languages, question_of

from sandtable.app.competition import findings, heat
from sandtable.app.competition.findings import Question
from sandtable.app.formatting import Format
from sandtable.app.text import Language, Text
from sandtable.data.loading import DataSet
from sandtable.scenario.answers import OUTSIDE


@both
def test_every_buyer_lost_goes_somewhere(data: str, data_sets: dict[str, DataSet]) -> None:
    question = question_of(data_sets[data])
    substitutes, product = question.substitutes, question.product
    parts = [*substitutes.takers(product).values(), *substitutes.own_range(product).values()]
    assert sum(parts) + substitutes.to(product, OUTSIDE) == pytest.approx(1.0)
    takers = list(substitutes.takers(product).values())
    assert takers == sorted(takers, reverse=True)
    assert question.rivals == tuple(substitutes.takers(product))[:5]


@languages
@both
def test_the_headline_tells_the_largest_move_of_a_close_rival(
    data: str, language: Language, data_sets: dict[str, DataSet]
) -> None:
    question = question_of(data_sets[data])
    write = Format(language, data_sets[data].metadata)
    said = findings.headline_of(question, Text(language), write)
    trail, last = question.trail, question.trail.periods[-1]
    moves = {
        rival: trail.share(rival, last) - trail.share(rival, str(trail.first(rival)))
        for rival in question.rivals
    }
    largest = max(moves, key=lambda rival: abs(moves[rival]))
    assert question.names[largest] in said
    assert write.percent(trail.share(largest, last)) in said
    assert question.name in said
    assert len(said) <= 130


def still(question: Question) -> Question:
    """The same question in a market that never moved."""
    trail = question.trail

    def flat(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame.copy()
        values.loc[:, :] = frame.iloc[-1].to_numpy()
        return values

    prices = {basis: flat(frame) for basis, frame in trail.prices.items()}
    return replace(question, trail=replace(trail, shares=flat(trail.shares), prices=prices))


@languages
def test_a_market_that_never_moved_is_not_told_as_a_story(
    language: Language, data_sets: dict[str, DataSet]
) -> None:
    question = still(question_of(data_sets["premium_ev"]))
    text, write = Text(language), Format(language, data_sets["premium_ev"].metadata)
    start = write.period(question.trail.periods[0])
    assert findings.headline_of(question, text, write) == text("mover_none", own="N5", start=start)
    assert findings.price_move(question, text, write) == text("price_move_none", own="N5")


def test_the_four_findings_hold_the_numbers_of_the_model(data_sets: dict[str, DataSet]) -> None:
    question = question_of(data_sets["premium_ev"])
    text, write = Text("en"), Format("en", data_sets["premium_ev"].metadata)
    takers = list(question.substitutes.takers("N5").items())[:3]
    said = findings.closest(question, text, write)
    assert f"take {100 * sum(part for _, part in takers):.0f} of 100" in said
    assert all(rival in said for rival, _ in takers)
    size = abs(question.substitutes.own_elasticity("N5"))
    assert f"{size:.1f} % more" in findings.own_answer(question, text, write)
    titled = findings.diversion_title(question, text, write)
    assert f"{100 * takers[0][1]:.0f} go to {takers[0][0]}" in titled
    worst = max(
        question.substitutes.takers("N5"),
        key=lambda rival: question.substitutes.cross_elasticity("N5", rival),
    )
    assert f"of the {worst} costs the N5" in findings.elasticity_title(question, text, write)


@languages
@both
def test_both_heat_maps_print_every_cell(
    data: str, language: Language, data_sets: dict[str, DataSet]
) -> None:
    question = question_of(data_sets[data])
    text, write = Text(language), Format(language, data_sets[data].metadata)
    table = data_sets[data].tables["products"].set_index("product")
    prices = {
        code: question.trail.price(code, question.trail.periods[-1], "net_price")
        for code in question.substitutes.products
    }
    groups = question.substitutes.chosen(question.product, dict(table["segment"]), prices)
    shown = [code for _, products in groups for code in products]
    assert len(shown) == 12
    assert question.product in shown
    assert [products == sorted(products, key=prices.__getitem__) for _, products in groups]
    crossed = heat.elasticity_map(question, groups, text, write)
    lost = heat.diversion_map(question, groups, text, write)
    assert crossed.count("own-price") == lost.count("own-price") == 12
    assert crossed.count("style=") == lost.count("style=") == 12 * 11
    assert lost.count('<td class="apart"') == 24
    assert write.decimal(question.substitutes.own_elasticity(question.product)) in crossed
    assert all(question.names[code] in lost for code in shown)


def test_the_ramp_stops_at_its_top() -> None:
    assert heat.ramp(7.0) == heat.ramp(1.0) != heat.ramp(0.9)
    assert heat.ramp(-0.1) == heat.ramp(0.0)
