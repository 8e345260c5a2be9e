"""The sand-table: what you move, what it does, who wins and who loses."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from sandtable.app import (
    backlog_view,
    choices,
    horizon,
    inspector,
    new_piece,
    session,
    shelf,
    strip,
)
from sandtable.app.charts import with_rows
from sandtable.app.components.board import board, board_log
from sandtable.app.describe import plain
from sandtable.app.dictionary import kpi_dialog
from sandtable.app.finding import finding
from sandtable.app.guard import callback
from sandtable.app.launches import free_code, launch_move, segments_of
from sandtable.app.models import model_table
from sandtable.app.operations import read_log
from sandtable.app.panels import headline, kpi_strip, kpis, titled, with_horizon
from sandtable.app.session import Outcome
from sandtable.app.sources import change_rows, source_rows, source_title, winners_title
from sandtable.app.state import TableState, apply_operations
from sandtable.app.view import Scope, base_list_prices, board_view
from sandtable.errors import ConvergenceError, SandtableError
from sandtable.scenario.known import Known
from sandtable.scenario.launching import launched_firms
from sandtable.scenario.model import LeverMove
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import Result
from sandtable.scenario.summary import change_by_firm, totals, volume_source

BOARD = "board"


def show() -> None:
    """Draw the page: numbers first, so that they are on screen before the rest is drawn."""
    state = session.table()
    outcome = horizon.evaluated(state.scenario)
    item = choices.period_in_view(outcome.result)
    scope = Scope.of(item.base, state.region)
    # the strip is drawn first and filled last: the figures are what the user waits for
    top = st.container(key="strip", horizontal=True, vertical_alignment="center", gap="small")
    _figures(state, item, scope, outcome)
    left, right = st.columns([968, 400], gap="medium")
    with left:
        _board(state, item, scope)
        horizon.show(state, item)
        choices.rivals(state, scope)
        _lower(state, item, scope)
        backlog_view.show(state, outcome.result)
    with right:
        inspector.show(item, state, scope)
    with top:
        strip.show(state)
    _models(state, scope)
    _warnings(outcome.result)
    kpi_dialog.listen(outcome.result, item, scope.regions, state.own_firm)


def _figures(state: TableState, item: PeriodResult, scope: Scope, outcome: Outcome) -> None:
    """Draw the finding and the KPI strip: always the same two places, so that no old one stands beside a new one."""
    text, write, error = session.text(), session.writer(), outcome.error
    baseline, after = totals(item, state.own_firm, scope.regions)
    with st.container(key="finding", horizontal=True, vertical_alignment="center"):
        if error is not None:
            _failure(error)
        elif not state.scenario.levers:
            st.html(headline(text("empty_finding"), "muted"))
            st.button(text("open_sample"), key="open_sample", on_click=shelf.open_sample)
        else:
            base = replace(item.base, list_prices=item.scenario.list_price)
            sentence = finding(
                state.scenario,
                baseline,
                after,
                state.own_firm,
                base_list_prices(base, scope),
                answered=item.answer is not None,
                text=text,
                write=write,
            )
            st.html(headline(sentence))
    cells = kpis(baseline, after, state.own_firm, text, write)
    periods = outcome.result.periods
    if len(periods) > 1:
        whole = totals(periods, state.own_firm, scope.regions)
        over = kpis(*whole, state.own_firm, text, write)
        frequency = item.base.data_set.metadata.frequency
        span = text(f"span_{frequency}", count=len(periods))
        cells = with_horizon(cells, over, write.short_period(item.base.period), span, text)
    st.html(kpi_strip(cells, stale=error is not None, asks=text("kpi_asks")))


def _failure(error: SandtableError) -> None:
    """Show what went wrong with one way out; the numbers below are the last confirmed ones."""
    text = session.text()
    if isinstance(error, ConvergenceError):
        title = text("error_title", reason=text(f"reason_{error.reason}"))
        st.html(headline(title, "bad", text("error_kept")))
        st.button(text("hold_rivals"), key="hold_rivals", on_click=choices.set_mode, args=("hold",))
    else:
        st.html(headline(text("error_title", reason=str(error)), "bad", text("error_kept")))
        st.button(text("undo"), key="undo_error", on_click=strip.undo)


def _board(state: TableState, item: PeriodResult, scope: Scope) -> None:
    text, write = session.text(), session.writer()
    with st.container(key="board_head", horizontal=True, vertical_alignment="center", gap="small"):
        title = text("board_title", period=write.period(item.base.period))
        st.html(titled(title, text("board_caption", firm=state.own_firm)), width="stretch")
        choices.region(state, item)
        if len(state.scenario.periods) < 2 and not item.base.projected:
            choices.period(state, item)
        new_piece.show_button(state, item)
        view = st.segmented_control(
            text("view"),
            ["board", "list"],
            format_func=lambda name: text(f"view_{name}"),
            key="board_view",
            default="board",
            required=True,
            label_visibility="collapsed",
        )
    shown = {**board_view(item, state, scope, text, write), "view": view or "board"}
    board(key=BOARD, view=shown, on_log=_moved_on_board)


@callback
def _moved_on_board() -> None:
    state = session.table()
    data_set = session.data_set()
    table = data_set.tables["products"]
    owners = dict(zip(table["product"].astype(str), table["firm"].astype(str), strict=True))
    owners |= launched_firms(state.scenario)
    rows = len(set(table["segment"]))
    read = read_log(board_log(BOARD), state.acknowledged, products=owners, n_rows=rows)
    if not read.operations and read.acknowledged == state.acknowledged:
        return
    base = choices.period_in_view(session.evaluate(state.scenario).result).base

    def launch(now: TableState, row: int, price: float) -> LeverMove:
        code = free_code(now, Known.of(data_set))
        return launch_move(now, segments_of(base)[row], price, base, code)

    prices = base_list_prices(base, Scope.of(base, state.region))
    session.put(
        apply_operations(
            state,
            read.operations,
            read.acknowledged,
            firms=owners,
            base_prices=prices,
            money_scale=data_set.metadata.money_scale,
            launch=launch,
        )
    )


def _lower(state: TableState, item: PeriodResult, scope: Scope) -> None:
    """Draw who wins and loses, and where the picked product's volume comes from."""
    if not state.scenario.levers:
        return
    text, write = session.text(), session.writer()
    where = text("all_regions") if state.region is None else text.name(state.region)
    about = {"period": write.period(item.base.period), "region": where}
    changes = change_by_firm(item, scope.regions)
    left, right = st.columns(2, gap="medium")
    dark = session.is_dark()
    with left:
        st.html(titled(winners_title(changes, text, write), text("winners_caption", **about)))
        st.vega_lite_chart(
            spec=with_rows(change_rows(changes, state.own_firm, text, write), dark=dark),
            key="winners",
        )
    with right:
        product = _product_in_question(state, item)
        if product is None:
            return
        source = volume_source(item, product, scope.regions)
        gain = write.signed_count(source.gain)
        caption = text("source_caption", gain=gain, product=product, **about)
        st.html(titled(source_title(source, product, text, write), caption))
        st.vega_lite_chart(
            spec=with_rows(source_rows(source, text, write), dark=dark), key="source"
        )


def _product_in_question(state: TableState, item: PeriodResult) -> str | None:
    """Return the picked product, or the first one that a lever names."""
    known = item.base.market.products
    named = [state.selected, *(move.product for move in state.scenario.levers)]
    return next((product for product in named if product in known), None)


def _models(state: TableState, scope: Scope) -> None:
    text = session.text()
    if not state.scenario.levers or len(session.data_set().parameter_sets) < 2:
        return
    with st.container(key="models"):
        st.html(titled(text("models_title"), text("models_caption")))
        if len(state.scenario.periods) > 1:
            # every model has to be calibrated in every period: only when it is asked for
            shown = st.expander(text("models_open"), key="models_open", on_change="rerun")
            if shown.open:
                with shown:
                    st.html(model_table(state, scope, choices.period_in_view))
            return
        st.html(model_table(state, scope, choices.period_in_view))


def _warnings(result: Result) -> None:
    if result.warnings:
        text = session.text()
        with st.expander(f"{text('warnings')} ({len(result.warnings)})"):
            for warning in result.warnings:
                st.caption(plain(warning))
