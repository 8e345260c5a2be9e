"""Data and model: where the numbers come from, what each parameter rests on, what is not known."""

from __future__ import annotations

import streamlit as st

from sandtable.app import session
from sandtable.app.formatting import MINUS, MISSING
from sandtable.app.panels import headline, plain_table, titled
from sandtable.data.parameters import Parameter, ParameterSet


def show() -> None:
    """Draw the page."""
    text, data_set = session.text(), session.data_set()
    metadata = data_set.metadata
    title = getattr(metadata.title, text.language)
    with st.container(key="model_page"):
        st.html(headline(title, note=text(f"kind_{metadata.kind}")))
        facts = [
            [text("source"), metadata.source],
            [text("licence"), metadata.licence],
            [text("as_of"), metadata.as_of],
            [text("market_size"), metadata.market_size_rule],
            [text("hash"), data_set.sha256],
        ]
        st.html(plain_table([text("provenance"), ""], facts))
        for parameters in data_set.parameter_sets.values():
            st.html(
                titled(
                    getattr(parameters.title, text.language),
                    getattr(parameters.notes, text.language),
                )
            )
            st.html(_parameter_table(parameters))
        st.html(titled(text("limits"), text("limits_caption")))
        for limit in metadata.limits:
            st.markdown(f"- {getattr(limit, text.language)}")


def _parameter_table(parameters: ParameterSet) -> str:
    text = session.text()
    named: list[tuple[str, Parameter | None]] = [
        (text("parameter_price_coefficient"), parameters.price_coefficient),
        (text("parameter_price_spread"), parameters.price_spread),
        *(
            (text("parameter_sigma", nest=nest), sigma)
            for nest, sigma in zip(parameters.nests, parameters.sigmas, strict=True)
        ),
        (text("parameter_pass_through"), parameters.customer_cash_pass_through),
    ]
    rows = [
        [
            label,
            f"{parameter.value:.6g}".replace("-", MINUS),
            MISSING
            if parameter.standard_error is None
            else f"{parameter.standard_error:.3g}".replace("-", MINUS),
            parameter.unit,
            text(parameter.grade),
            parameter.source,
        ]
        for label, parameter in named
        if parameter is not None
    ]
    columns = [
        "",
        text("value"),
        text("standard_error"),
        text("unit"),
        text("grade"),
        text("source"),
    ]
    return plain_table(columns, rows)
