"""Where a figure of the sand-table comes from: its definition, its parts, the rows; made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from html import escape

import streamlit as st

from sandtable.app import session
from sandtable.app.dictionary import counting, drawing, links
from sandtable.app.dictionary.choosing import WANTED, Wanted
from sandtable.app.dictionary.definition_view import formula
from sandtable.app.dictionary.list_view import label_of
from sandtable.app.dictionary.writing import Figures
from sandtable.app.formatting import MISSING
from sandtable.app.guard import guarded
from sandtable.app.health.tables import Cell, Row, cards
from sandtable.app.panels import titled
from sandtable.indicators import Catalogue, catalogue
from sandtable.scenario.explained import Calibrated, Explanation, Part, SourceRows
from sandtable.scenario.explaining import explain, source_rows
from sandtable.scenario.kpis import KPI_INDICATORS
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import Result

LINKS = "kpi_links"


def listen(result: Result, item: PeriodResult, regions: tuple[str, ...], firm: str) -> None:
    """Open what a figure means when its mark is picked; nothing is computed before.

    Parameters
    ----------
    result : Result
    item : PeriodResult
        The period in view.
    regions : tuple of str
    firm : str
    """
    with st.container(key="links_place"):
        target = links.mount(key=LINKS, on_pick=_nothing)
    counting.count(KPI_INDICATORS.values())
    what, _, name = target.partition(":")
    if what == "kpi" and name in KPI_INDICATORS:
        title = session.text()(f"kpi_{name}", firm=firm)
        shown = guarded(partial(_draw, name, result, item, regions, firm))
        st.dialog(title, width="large")(shown)()
    elif target:
        _leave(what, name)


def _leave(what: str, name: str) -> None:
    """Go where a link of the dialog leads."""
    page = session.page(name if what == "page" else "indicators")
    if page is None:
        return
    if what == "find":
        st.session_state[WANTED] = Wanted(search=name, parts=True)
    st.switch_page(page, query_params={links.PARAMETER: name} if what == "indicator" else None)


def _nothing() -> None:
    """Do nothing before the run: what was picked is read in it."""


def _draw(
    name: str, result: Result, item: PeriodResult, regions: tuple[str, ...], firm: str
) -> None:
    # the dialog stands outside the page and does not know whether that is dark
    with st.container(key="dialog_dark" if session.is_dark() else "dialog_light"):
        _explain(name, result, item, regions, firm)


def _explain(
    name: str, result: Result, item: PeriodResult, regions: tuple[str, ...], firm: str
) -> None:
    text = session.text()
    found = catalogue(session.data_set().name)
    explained = explain(name, result, items=item, regions=regions, firm=firm)
    counting.count([KPI_INDICATORS[name]])
    definition = found.definition(explained.indicator.defined.code)
    st.html(
        f'<div class="meaning"><p>{escape(label_of(definition.definition, text))}</p>'
        f"{formula(found, definition, text)}</div>"
    )
    st.html(figures(explained, found))
    layers = drawing.layers_of(found, definition.code, KPI_INDICATORS, text, firm)
    way = text("lineage_title")
    st.html(titled(way, text("lineage_caption")))
    links.draw(
        key="kpi_lineage",
        drawings={"wide": drawing.wide(layers, way), "narrow": drawing.narrow(layers, way)},
    )
    if explained.calibrated:
        calibrated = st.expander(text("kpi_inputs"), key="kpi_inputs", on_change="rerun")
        if calibrated.open:
            with calibrated:
                st.html(inputs(explained))
    rows = st.expander(text("kpi_rows"), key="kpi_rows", on_change="rerun")
    if rows.open:
        with rows:
            _rows(partial(source_rows, name, result, items=item, regions=regions, firm=firm), found)
    page = session.page("indicators")
    if page is not None:
        code = definition.code
        label = text("kpi_open_definition")
        st.page_link(
            page, label=label, icon=":material/menu_book:", query_params={links.PARAMETER: code}
        )


def figures(explained: Explanation, found: Catalogue) -> str:
    """Return the figure and its parts, baseline and scenario, with the table that each part counts."""
    text, write = session.text(), session.writer()
    rows: list[Row] = []
    for depth, part in _walk(explained.indicator):
        code = part.defined.code
        one = Figures(found.definition(code), text, write)
        source = MISSING if part.leaf is None else part.leaf.table
        label = "\u2003" * depth + label_of(part.defined.label, text)
        shown = [
            MISSING if value is None else one.write(value)
            for value in (part.baseline, part.scenario)
        ]
        rows.append([Cell(label, code), *shown, source])
    when = write.period(explained.periods[-1])
    about = text("kpi_parts_caption" if explained.observed else "kpi_parts_coming", period=when)
    columns = [text("kpi_part"), text("kpi_baseline"), text("kpi_scenario"), text("lineage_tables")]
    table = cards(columns, rows, numbers=(1, 2), phone=(0, 1, 2))
    return titled(text("kpi_parts"), about) + table


def _walk(part: Part, depth: int = 0) -> Iterator[tuple[int, Part]]:
    yield depth, part
    for below in part.parts:
        yield from _walk(below, depth + 1)


def inputs(explained: Explanation) -> str:
    """Return what the market behind the figure was calibrated on."""
    text, write = session.text(), session.writer()
    rows = [_input(one) for one in explained.calibrated]
    changed = sum(one.changed_rows > 0 for one in explained.calibrated)
    caption = text("kpi_inputs_caption", count=len(rows), changed=write.count(changed))
    columns = [
        text("kpi_input"),
        text("lineage_indicator"),
        text("columns_column"),
        text("kpi_file"),
    ]
    return titled(text("kpi_inputs"), caption) + cards(columns, rows, phone=(0, 1))


def _input(one: Calibrated) -> list[str | Cell]:
    text = session.text()
    label = label_of(one.defined.label, text)
    return [label_of(one.label, text), Cell(label, one.defined.code), one.column, one.file]


def _rows(ask: Callable[[], tuple[SourceRows, ...]], found: Catalogue) -> None:
    """Draw the first rows that each part counts: of the files, and of both sides of the result."""
    text, write = session.text(), session.writer()
    for one in ask():
        label = label_of(found.definition(one.leaf).label, text)
        side = text(f"kpi_side_{one.side}")
        shown = write.count(len(one.rows))
        caption = text("kpi_rows_caption", side=side, shown=shown, count=write.count(one.count))
        st.html(titled(f"{label} \u00b7 {one.table}", caption))
        st.dataframe(one.rows, hide_index=True, height="content")
