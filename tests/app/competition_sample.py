"""Both data sets as the page on competitors asks about them: one product of each, seen from its own firm."""

from __future__ import annotations

import pytest

from sandtable.app.competition.findings import Question
from sandtable.app.competition.substitutes import Substitutes
from sandtable.app.competition.trail import trail_of
from sandtable.app.text import Language
from sandtable.app.view import firm_order, model_names
from sandtable.data.loading import DataSet
from sandtable.scenario.answers import View
from sandtable.scenario.base import base_of
from sandtable.scenario.calendar import periods_of, regions_of

PRODUCTS = {"premium_ev": "N5", "us_autos": "HDACCO90"}
LANGUAGES: tuple[Language, ...] = ("en", "zh")
languages = pytest.mark.parametrize("language", LANGUAGES)
both = pytest.mark.parametrize("data", sorted(PRODUCTS))


def question_of(data_set: DataSet, region: str | None = None) -> Question:
    """Return the question that the page asks about the product of a data set."""
    base = base_of(data_set, data_set.default_parameters, periods_of(data_set)[-1])
    table = data_set.tables["products"]
    return Question(
        product=PRODUCTS[data_set.name],
        trail=trail_of(data_set, regions_of(data_set, region), base.period),
        substitutes=Substitutes.of(View(base, region)),
        names=model_names(base),
        firms=dict(zip(table["product"], table["firm"], strict=True)),
        basis="net_price",
    )


def order_of(data_set: DataSet) -> list[str]:
    """Return the own firm and the named ones."""
    market = base_of(data_set, data_set.default_parameters, periods_of(data_set)[-1]).market
    return firm_order(market, market.units.sum(axis=0), data_set.metadata.own_firm)
