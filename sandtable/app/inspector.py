"""The inspector: what is picked, its groups of levers, and the levers of the group that is open."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from sandtable.app import new_piece, session
from sandtable.app.formatting import Format, arrow
from sandtable.app.guard import callback
from sandtable.app.levers.aim import Target, target_of
from sandtable.app.levers.offers import Offer, by_group, offers
from sandtable.app.levers.reading import Table
from sandtable.app.levers.row import show_row
from sandtable.app.levers.settling import forget_all
from sandtable.app.panels import piece_head
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.app.view import Scope, model_names
from sandtable.scenario.answers import View, own_elasticity
from sandtable.scenario.base import open_parameters
from sandtable.scenario.known import Known
from sandtable.scenario.levers import Group
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.periods import PeriodResult

GROUP = "lever_group"
MARKET, FIRM = "*", "firm:"


def show(item: PeriodResult, state: TableState, scope: Scope) -> None:
    """Draw the inspector; only the open group's widgets are drawn, since each of them costs time."""
    text, write, data_set = session.text(), session.writer(), session.data_set()
    known = Known.of(data_set)
    target = target_of(state, known)
    parameters = open_parameters(state.scenario, data_set)
    names = model_names(item.base)  # once: it reads the whole table
    # on a phone the open inspector is a sheet at the bottom of the screen
    open_key = "inspector_open" if target.name else "inspector"
    with st.container(key=open_key, border=True):
        _pick(target, item, known, names)
        if target.name:
            st.html(_head(target, item, state, scope, names, text, write))
        if target.launched:
            new_piece.show_name(str(target.product))
        grouped = by_group(offers(target, state, known, parameters))
        group = _groups(grouped, target, state.scenario)
        table = Table(item, state, scope, known, parameters, text, write)
        for offer in grouped[group]:
            show_row(offer, table)
        if target.name:
            _actions(target, state, text)


def _pick(target: Target, item: PeriodResult, known: Known, names: dict[str, str]) -> None:
    """Draw the choice of what the levers are pulled on: a piece, a firm, or the whole market."""
    text = session.text()
    own = session.table().own_firm
    firms = [own, *(firm for firm in known.firms if firm != own)]
    products = list(
        dict.fromkeys([*item.base.market.products, *([target.product] if target.product else [])])
    )
    options = [MARKET, *(f"{FIRM}{firm}" for firm in firms), *products]

    def written(option: str) -> str:
        if option == MARKET:
            return text("inspector_market")
        if option.startswith(FIRM):
            return text("inspector_firm", firm=option.removeprefix(FIRM))
        name = names.get(option, option)
        return option if name == option else f"{option}, {name}"

    picked = target.product or (f"{FIRM}{target.firm}" if target.firm else MARKET)
    st.selectbox(
        text("inspector_pick"),
        options,
        format_func=written,
        key=(key := session.bound("pick", picked)),
        on_change=_picked,
        args=(key,),
        label_visibility="collapsed",
    )


@callback
def _picked(key: str) -> None:
    if not session.is_bound(key):
        return
    chosen = str(st.session_state[key])
    firm = chosen.removeprefix(FIRM) if chosen.startswith(FIRM) else None
    product = None if firm or chosen == MARKET else chosen
    session.put(replace(session.table(), selected=product, firm=firm))


def _head(
    target: Target,
    item: PeriodResult,
    state: TableState,
    scope: Scope,
    names: dict[str, str],
    text: Text,
    write: Format,
) -> str:
    base, market = item.base, item.base.market
    if target.product and target.product not in market.products:
        return piece_head(
            target.product, str(target.firm), text("not_yet"), "", True, "", target.own
        )
    columns = [
        j
        for j, (code, firm) in enumerate(zip(market.products, market.firms, strict=True))
        if (code == target.product if target.product else firm == target.firm)
    ]
    cells = [scope.rows, columns]
    units = float(item.scenario.units[cells[0]][:, columns].sum())
    before = float(item.baseline.units[cells[0]][:, columns].sum())
    change = units - before
    shown = ""
    if round(change):
        whole = f" ({write.signed_percent(change / before)})" if before else ""
        shown = f"{arrow(change)}\u00a0{write.signed_count(change)}{whole}"
    about, note = text("inspector_all_of", count=len(columns)), ""
    if target.product:
        row = base.data_set.tables["products"].set_index("product").loc[target.product]
        about = f"{target.firm}, {text.name(str(row['segment']))}"
        if before:
            elasticity = own_elasticity(View(base, state.region), target.product)
            note = text("elasticity", value=write.decimal(elasticity))
    return piece_head(
        names.get(target.product or "", str(target.name)),
        about,
        text("cars", count=write.count(units)),
        shown,
        change > 0,
        note,
        target.own,
    )


def _groups(grouped: dict[Group, list[Offer]], target: Target, scenario: Scenario) -> Group:
    """Draw the headings of the groups, those with levers that stand marked; return the open one."""
    text = session.text()
    chosen = st.session_state.get(GROUP, "price")
    first: Group = "market" if "market" in grouped and not target.name else next(iter(grouped))
    group: Group = chosen if chosen in grouped else first
    pulled = {move.lever for move in scenario.levers if _touches(move, target)}
    marked = {name for name, inside in grouped.items() if pulled & {o.lever for o in inside}}
    key = session.bound(GROUP, group)
    with st.container(key="lever_groups"):
        st.segmented_control(
            text("lever_groups"),
            list(grouped),
            format_func=lambda name: text(f"group_{name}") + (" \u2022" if name in marked else ""),
            key=key,
            required=True,
            on_change=_open_group,
            args=(key,),
            label_visibility="collapsed",
        )
    return group


def _touches(move: LeverMove, target: Target) -> bool:
    """Whether the levers of a target show a move."""
    if move.product is not None:
        return move.product == target.product
    return move.firm is None or move.firm == target.firm


@callback
def _open_group(key: str) -> None:
    if session.is_bound(key):
        st.session_state[GROUP] = st.session_state[key]


def _actions(target: Target, state: TableState, text: Text) -> None:
    product = target.product
    with st.container(key="piece_actions", horizontal=True, gap="small"):
        if target.launched:
            st.button(
                text("launch_remove", product=product),
                key="launch_remove",
                on_click=new_piece.remove,
                args=(product,),
                width="stretch",
            )
            return
        if product:
            exits = any(m.lever == "exit" and m.product == product for m in state.scenario.levers)
            st.button(
                text("exit_undo" if exits else "exit_label", product=product),
                key="exit",
                on_click=_toggle_exit,
                width="stretch",
            )
        touched = any(_is_of(move, target) for move in state.scenario.levers)
        st.button(
            text("reset_product", product=target.name),
            key="reset_product",
            disabled=not touched,
            on_click=_reset_target,
            args=(target,),
            width="stretch",
        )


def _is_of(move: LeverMove, target: Target) -> bool:
    """Whether a move is of the picked piece, or of the picked firm as a whole."""
    if target.product:
        return move.product == target.product
    return move.product is None and move.firm == target.firm


@callback
def _toggle_exit() -> None:
    state = session.table()
    move = LeverMove("exit", product=state.selected, region=state.region)
    held = any(item.key == move.key for item in state.scenario.levers)
    scenario = state.scenario.without_lever(move.key) if held else state.scenario.with_lever(move)
    session.put(state.changed(scenario))


@callback
def _reset_target(target: Target) -> None:
    forget_all()
    state = session.table()
    scenario = state.scenario
    for move in scenario.levers:
        if _is_of(move, target):
            scenario = scenario.without_lever(move.key)
    session.put(state.changed(scenario))
