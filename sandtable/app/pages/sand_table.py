"""The sand-table: what you move, what it does, who wins and who loses."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import streamlit as st

from sandtable.app import inspector, session, shelf
from sandtable.app.charts import with_rows
from sandtable.app.components.board import board, board_log
from sandtable.app.describe import describe
from sandtable.app.finding import finding
from sandtable.app.formatting import MISSING
from sandtable.app.models import model_table
from sandtable.app.operations import read_log
from sandtable.app.panels import headline, kpi_strip, kpis, titled
from sandtable.app.sources import change_rows, source_rows, source_title, winners_title
from sandtable.app.state import TableState, apply_operations
from sandtable.app.view import Scope, base_list_prices, board_view
from sandtable.errors import ConvergenceError, SandtableError
from sandtable.scenario.base import base_of, open_parameters, periods_of
from sandtable.scenario.model import ResponseMode, Rivals
from sandtable.scenario.run import PeriodResult, Result
from sandtable.scenario.summary import change_by_firm, totals, volume_source

BOARD = "board"
EVERYWHERE = "*"


def show() -> None:
    """Draw the page: numbers first, so that they are on screen before the rest is drawn."""
    state = session.table()
    outcome = session.evaluate(state.scenario)
    item = _period(outcome.result)
    scope = Scope.of(item.base, state.region)
    with st.container(key="strip", horizontal=True, vertical_alignment="center", gap="small"):
        _strip(state)
    with st.container(key="finding", horizontal=True, vertical_alignment="center"):
        _finding(state, item, scope, outcome.error)
    baseline, after = totals(item, state.own_firm, scope.regions)
    text, write = session.text(), session.writer()
    cells = kpis(baseline, after, state.own_firm, text, write)
    st.html(kpi_strip(cells, stale=outcome.error is not None))
    left, right = st.columns([968, 400], gap="medium")
    with left:
        _board(state, item, scope)
        _rivals(state, scope)
        _lower(state, item, scope)
    with right:
        inspector.show(item, state, scope)
    _models(state, scope)
    _warnings(outcome.result)


def _period(result: Result) -> PeriodResult:
    """Return the period in view: the chosen one when the scenario runs several, else its only one."""
    wanted = st.session_state.get("period_in_view")
    return next((item for item in result.periods if item.base.period == wanted), result.periods[-1])


def _strip(state: TableState) -> None:
    text = session.text()
    count = len(state.scenario.levers)
    label = (
        text("no_changes")
        if not count
        else text("changes_one" if count == 1 else "changes_many", count=count)
    )
    st.markdown(f":small[**{_plain(state.scenario.title or text('untitled'))}**]", width="content")
    st.caption(text("revision", number=state.revision), width="content")
    changes = st.popover(
        label, disabled=not count, type="tertiary", key="changes", on_change="rerun"
    )
    if changes.open:
        with changes:
            _changes(state)
    st.space("stretch")
    st.button(
        "",
        icon=":material/undo:",
        help=text("undo"),
        key="undo",
        disabled=not state.past,
        on_click=_undo,
    )
    st.button(
        "",
        icon=":material/redo:",
        help=text("redo"),
        key="redo",
        disabled=not state.future,
        on_click=_redo,
    )
    st.button(
        "",
        icon=":material/restart_alt:",
        help=text("reset"),
        key="reset",
        disabled=not count,
        on_click=_reset,
    )
    opened = st.popover(text("open"), key="open", on_change="rerun")
    if opened.open:
        with opened:
            shelf.open_panel(state.scenario.data, text)
    save = st.popover(
        text("save"),
        key="save",
        on_change="rerun",
        type="secondary" if state.is_saved else "primary",
    )
    if save.open:
        with save:
            shelf.save_panel(state.scenario, text)
    export = st.popover(text("export"), key="export", on_change="rerun")
    if export.open:
        with export:
            shelf.export_panel(session.evaluate(state.scenario).result, text)


def _plain(name: str) -> str:
    """Keep Markdown from reading a name."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|~:$<>" else sign for sign in name)


def _changes(state: TableState) -> None:
    text, write = session.text(), session.writer()
    for place, move in enumerate(state.scenario.levers):
        with st.container(horizontal=True, vertical_alignment="center", key=f"change_{place}"):
            st.markdown(_plain(describe(move, text, write)), width="stretch")
            st.button(
                "",
                icon=":material/close:",
                help=text("remove"),
                key=f"remove_{place}",
                on_click=_remove,
                args=(move.key,),
                type="tertiary",
            )


def _remove(key: tuple[str | None, ...]) -> None:
    state = session.table()
    session.put(state.changed(state.scenario.without_lever(key)))


def _undo() -> None:
    session.put(session.table().undone())


def _redo() -> None:
    session.put(session.table().redone())


def _reset() -> None:
    session.put(session.table().reset())


def _finding(
    state: TableState, item: PeriodResult, scope: Scope, error: SandtableError | None
) -> None:
    text, write = session.text(), session.writer()
    if error is not None:
        _failure(error)
        return
    baseline, after = totals(item, state.own_firm, scope.regions)
    prices = base_list_prices(replace(item.base, list_prices=item.scenario.list_price), scope)
    sentence = finding(
        state.scenario,
        baseline,
        after,
        state.own_firm,
        prices,
        answered=item.answer is not None,
        text=text,
        write=write,
    )
    st.html(headline(sentence, "plain" if state.scenario.levers else "muted"))
    if not state.scenario.levers:
        st.button(text("open_sample"), key="open_sample", on_click=shelf.open_sample)


def _failure(error: SandtableError) -> None:
    """Show what went wrong with one way out; the numbers below are the last confirmed ones."""
    text = session.text()
    if isinstance(error, ConvergenceError):
        title = text("error_title", reason=text(f"reason_{error.reason}"))
        st.html(headline(title, "bad", text("error_kept")))
        st.button(text("hold_rivals"), key="hold_rivals", on_click=_set_mode, args=("hold",))
    else:
        st.html(headline(text("error_title", reason=str(error)), "bad", text("error_kept")))
        st.button(text("undo"), key="undo_error", on_click=_undo)


def _board(state: TableState, item: PeriodResult, scope: Scope) -> None:
    text, write = session.text(), session.writer()
    with st.container(key="board_head", horizontal=True, vertical_alignment="center", gap="small"):
        title = text("board_title", period=write.period(item.base.period))
        st.html(titled(title, text("board_caption", firm=state.own_firm)), width="stretch")
        _choose_region(state, item)
        _choose_period(state, item)
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


def _moved_on_board() -> None:
    state = session.table()
    data_set = session.data_set()
    table = data_set.tables["products"]
    owners = dict(zip(table["product"].astype(str), table["firm"].astype(str), strict=True))
    read = read_log(board_log(BOARD), state.acknowledged, products=owners)
    if not read.operations and read.acknowledged == state.acknowledged:
        return
    period = (state.scenario.periods or periods_of(data_set)[-1:])[-1]
    base = base_of(data_set, open_parameters(state.scenario, data_set), period)
    prices = base_list_prices(base, Scope.of(base, state.region))
    session.put(
        apply_operations(
            state,
            read.operations,
            read.acknowledged,
            firms=owners,
            base_prices=prices,
            money_scale=data_set.metadata.money_scale,
        )
    )


def _choose_region(state: TableState, item: PeriodResult) -> None:
    text = session.text()
    regions = item.base.market.regions
    if len(regions) == 1:
        return
    areas = session.data_set().metadata.areas
    options = [EVERYWHERE]
    for area, inside in areas.items():
        options += [area, *(region for region in inside if region in regions)]
    options += [region for region in regions if region not in options]
    st.session_state["region"] = state.region or EVERYWHERE
    st.selectbox(
        text("region"),
        options,
        key="region",
        format_func=lambda name: (
            text("all_regions")
            if name == EVERYWHERE
            else text.name(name)
            if name in areas
            else f"\u2003{text.name(name)}"
        ),
        on_change=_set_region,
        label_visibility="collapsed",
        width=150,
    )


def _set_region() -> None:
    region = st.session_state["region"]
    session.put(replace(session.table(), region=None if region == EVERYWHERE else region))


def _choose_period(state: TableState, item: PeriodResult) -> None:
    several = len(state.scenario.periods) > 1
    options = state.scenario.periods if several else periods_of(session.data_set())
    st.session_state["period"] = item.base.period
    st.selectbox(
        session.text()("period"),
        list(reversed(options)),
        key="period",
        format_func=session.writer().period,
        on_change=_set_period,
        label_visibility="collapsed",
        width=130,
    )


def _set_period() -> None:
    """Look at another period: of the result when the scenario runs several, of the data otherwise."""
    state = session.table()
    period = st.session_state["period"]
    if len(state.scenario.periods) > 1:
        st.session_state["period_in_view"] = period
    else:
        session.put(state.changed(replace(state.scenario, periods=(period,))))


def _choose_parameters(state: TableState) -> None:
    data_set = session.data_set()
    text = session.text()
    st.session_state["parameters"] = open_parameters(state.scenario, data_set).name
    st.selectbox(
        text("parameters"),
        list(data_set.parameter_sets),
        key="parameters",
        format_func=lambda name: getattr(data_set.parameter_sets[name].title, text.language),
        on_change=_set_parameters,
        label_visibility="collapsed",
        width=190,
    )


def _set_parameters() -> None:
    state = session.table()
    session.put(state.changed(replace(state.scenario, parameters=st.session_state["parameters"])))


def _rivals(state: TableState, scope: Scope) -> None:
    text = session.text()
    with st.container(key="rivals_row", horizontal=True, vertical_alignment="center", gap="small"):
        mode = state.scenario.rivals.default
        note = "answered_note" if mode == "best_response" else "held_note"
        st.markdown(f"**{text('rivals')}**", width="content")
        st.session_state["rivals"] = mode
        gains = {name: _gain(state, name, scope) for name in ("hold", "best_response")}
        st.segmented_control(
            text("rivals"),
            ["hold", "best_response"],
            format_func=lambda name: (
                f"{text('held' if name == 'hold' else 'answered')}{gains[name]}"
            ),
            key="rivals",
            required=True,
            on_change=lambda: _set_mode(st.session_state["rivals"]),
            label_visibility="collapsed",
        )
        st.caption(text(note), width="stretch")
        _choose_parameters(state)


def _gain(state: TableState, mode: str, scope: Scope) -> str:
    """Return the own firm's change of units under a response mode, as a label; empty without levers."""
    if not state.scenario.levers:
        return ""
    rivals = Rivals(cast("ResponseMode", mode), state.scenario.rivals.by_firm)
    outcome = session.try_result(replace(state.scenario, rivals=rivals))
    if outcome is None:
        return f" {MISSING}"
    baseline, after = totals(_period(outcome), state.own_firm, scope.regions)
    return f" {session.writer().signed_count(after.units - baseline.units)}"


def _set_mode(mode: ResponseMode) -> None:
    session.put(session.table().with_mode(mode))


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
        st.html(model_table(state, scope, _period))


def _warnings(result: Result) -> None:
    if result.warnings:
        text = session.text()
        with st.expander(f"{text('warnings')} ({len(result.warnings)})"):
            for warning in result.warnings:
                st.caption(_plain(warning))
