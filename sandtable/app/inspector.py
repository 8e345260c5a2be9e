"""The levers of the picked piece: one row each, with base, range seen and evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from sandtable.app import session
from sandtable.app.formatting import Format, arrow
from sandtable.app.guard import callback
from sandtable.app.panels import Rail, lever_rail, piece_head
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.app.view import Scope, base_list_prices, model_names
from sandtable.scenario.answers import View, own_elasticity
from sandtable.scenario.base import Base
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import LeverMove
from sandtable.scenario.periods import PeriodResult
from sandtable.units import Change


@dataclass(frozen=True)
class Control:
    """One lever as the inspector shows it, in the unit of its input.

    Attributes
    ----------
    rail : Rail
        Range, base and present value.
    step : float
    move : callable
        New value -> the move that brings it about; None when the value is the base.
    left, right : str
        Captions below the rail.
    """

    lever: str
    target: LeverMove
    unit: str
    rail: Rail
    step: float
    move: Callable[[float], LeverMove | None]
    left: str
    right: str


def controls(
    item: PeriodResult, state: TableState, scope: Scope, text: Text, write: Format
) -> list[Control]:
    """Return the levers of the picked piece, then those of the whole market."""
    code = state.selected
    found = []
    if code is not None and code in item.base.market.products:
        own = item.base.market.firms[item.base.market.products.index(code)] == state.own_firm
        found.append(_price_control(item, state, scope, own, text, write))
        if own:
            found.append(_cash_control(item.base, state, text, write))
            if "funnel" in item.base.data_set.tables:
                found += [
                    _relative_control(name, code, state, text, write)
                    for name in ("lead_volume", "conversion")
                ]
    found.append(_relative_control("market_size", None, state, text, write))
    return found


def _standing(state: TableState, target: LeverMove) -> LeverMove | None:
    return next((move for move in state.scenario.levers if move.key == target.key), None)


def _price_control(
    item: PeriodResult, state: TableState, scope: Scope, own: bool, text: Text, write: Format
) -> Control:
    assert state.selected is not None
    base = item.base
    code = state.selected
    name = "list_price" if own else "rival_price"
    target = LeverMove(name, product=code, region=state.region)
    before = base_list_prices(base, scope)[code]
    # what all levers together make of it, wherever they are pulled; a rival's own answer is not a lever
    levered = replace(base, list_prices=item.composed.list_prices)
    now = base_list_prices(levered, scope)[code]
    low, high = base.prices_seen(code)
    span = max(high - low, 0.1 * before)
    rail = Rail(min(low, before, now) - span, max(high, before, now) + span, low, high, before, now)

    def move(value: float) -> LeverMove | None:
        same = abs(value - before) < 1e-9 * before
        return None if same else LeverMove(name, product=code, region=state.region, value=value)

    change = "" if now == before else f", {write.signed_percent(now / before - 1)}"
    return Control(
        lever=name,
        target=target,
        unit=text("unit_price", unit=base.data_set.metadata.money_unit),
        rail=rail,
        step=base.data_set.metadata.price_step,
        move=move,
        left=text("base", value=write.price(before)) + change,
        right=text("seen", low=write.price(low), high=write.price(high)),
    )


def _cash_control(base: Base, state: TableState, text: Text, write: Format) -> Control:
    code = state.selected
    target = LeverMove("customer_cash", product=code, region=state.region)
    standing = _standing(state, target)
    now = standing.value if standing is not None and standing.value is not None else 0.0
    rail_low, rail_high = _guard_rail("customer_cash")
    column = base.market.products.index(str(code))
    mean = float(np.nanmean(base.list_prices[:, column]))
    high = (
        round(rail_high * mean / base.data_set.metadata.price_step)
        * base.data_set.metadata.price_step
    )
    rail = Rail(0.0, max(3 * high, now), rail_low * mean, high, 0.0, now)
    passed = base.parameters.customer_cash_pass_through.value
    return Control(
        lever="customer_cash",
        target=target,
        unit=text("unit_cash", unit=base.data_set.metadata.money_unit),
        rail=rail,
        step=base.data_set.metadata.price_step,
        move=lambda value: (
            LeverMove("customer_cash", product=code, region=state.region, value=value)
            if value
            else None
        ),
        left=text("pass_through", share=write.percent(passed, 0)),
        right=text("guard_rail", low=write.price(0.0), high=write.price(high)),
    )


def _relative_control(
    name: str, code: str | None, state: TableState, text: Text, write: Format
) -> Control:
    target = LeverMove(name, product=code, region=state.region)
    standing = _standing(state, target)
    now = standing.change.amount if standing is not None and standing.change is not None else 0.0
    low, high = _guard_rail(name)
    rail = Rail(min(2 * low, now), max(2 * high, now), low, high, 0.0, now)

    def move(value: float) -> LeverMove | None:
        change = Change("relative", round(value / 100, 12))
        return LeverMove(name, product=code, region=state.region, change=change) if value else None

    return Control(
        lever=name,
        target=target,
        unit=text("unit_per_cent"),
        rail=rail,
        step=1.0,
        move=move,
        left=text("at_base") if not now else text("base", value=write.percent(0.0, 0)),
        right=text(
            "guard_rail", low=write.signed_percent(low, 0), high=write.signed_percent(high, 0)
        ),
    )


def _guard_rail(name: str) -> tuple[float, float]:
    rail = lever_table()[name].guard_rail
    assert isinstance(rail, list)
    return rail[0], rail[1]


def show(item: PeriodResult, state: TableState, scope: Scope) -> None:
    """Draw the inspector."""
    text, write = session.text(), session.writer()
    products = list(item.base.market.products)
    names = model_names(item.base)  # once: it reads the whole table
    # on a phone the open inspector is a sheet at the bottom of the screen
    picked = state.selected if state.selected in products else None
    open_key = "inspector_open" if picked else "inspector"
    with st.container(key=open_key, border=True):
        st.selectbox(
            text("inspector_pick"),
            products,
            index=None,
            format_func=lambda code: code if names[code] == code else f"{code}, {names[code]}",
            placeholder=text("inspector_empty"),
            key=(key := session.bound("pick", picked)),
            on_change=_picked,
            args=(key,),
            label_visibility="collapsed",
        )
        if state.selected in products:
            st.html(_head(item, state, scope, text, write))
        for control in controls(item, state, scope, text, write):
            _row(control, text)
        if state.selected in products:
            _actions(state, text)


@callback
def _picked(key: str) -> None:
    if session.is_bound(key):
        session.put(replace(session.table(), selected=st.session_state[key]))


def _head(item: PeriodResult, state: TableState, scope: Scope, text: Text, write: Format) -> str:
    base = item.base
    code = str(state.selected)
    column = base.market.products.index(code)
    firm = base.market.firms[column]
    row = base.data_set.tables["products"].set_index("product").loc[code]
    units = float(item.scenario.units[scope.rows, column].sum())
    before = float(item.baseline.units[scope.rows, column].sum())
    change = units - before
    shown = ""
    if round(change) and before:
        shown = (
            f"{arrow(change)}\u00a0{write.signed_count(change)} "
            f"({write.signed_percent(change / before)})"
        )
    about = f"{firm}, {text.name(str(row['segment']))}"
    return piece_head(
        model_names(base)[code],
        about,
        text("cars", count=write.count(units)),
        shown,
        change > 0,
        text("elasticity", value=write.decimal(own_elasticity(View(base, state.region), code))),
        firm == state.own_firm,
    )


def _row(control: Control, text: Text) -> None:
    percent = lever_table()[control.lever].unit != "money"
    factor = 100.0 if percent and control.lever != "customer_cash" else 1.0
    name = f"lever:{control.lever}:{control.target.product}:{control.target.region}"
    key = session.bound(name, round(control.rail.now * factor, 6))
    changed = control.rail.now != control.rail.base
    grade = "judgement" if control.rail.outside else lever_table()[control.lever].evidence.grade
    decimals = 0 if control.step >= 1 else 2
    with st.container(key=f"row_{'changed' if changed else 'base'}_{control.lever}", gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.html(
                f"<b>{text.lever(control.lever)}</b> <span class='mut small'>{control.unit}</span>"
            )
            st.number_input(
                text.lever(control.lever),
                min_value=-90.0
                if percent
                else 0.0
                if control.lever == "customer_cash"
                else control.step,
                step=control.step,
                format=f"%.{decimals}f",
                key=key,
                on_change=_moved,
                args=(control, key),
                label_visibility="collapsed",
                help=None,
                width=150,
            )
        st.html(lever_rail(control.rail, control.left, control.right, grade, text(grade)))


@callback
def _moved(control: Control, key: str) -> None:
    if not session.is_bound(key):
        return
    state = session.table()
    value = st.session_state[key]
    move = None if value is None else control.move(float(value))
    scenario = state.scenario
    scenario = (
        scenario.without_lever(control.target.key) if move is None else scenario.with_lever(move)
    )
    session.put(state.changed(scenario))


def _actions(state: TableState, text: Text) -> None:
    product = state.selected
    exits = any(m.lever == "exit" and m.product == product for m in state.scenario.levers)
    with st.container(key="piece_actions", horizontal=True, gap="small"):
        st.button(
            text("exit_undo" if exits else "exit_label", product=product),
            key="exit",
            on_click=_toggle_exit,
            width="stretch",
        )
        touched = any(move.product == product for move in state.scenario.levers)
        st.button(
            text("reset_product", product=product),
            key="reset_product",
            disabled=not touched,
            on_click=_reset_product,
            width="stretch",
        )


@callback
def _toggle_exit() -> None:
    state = session.table()
    move = LeverMove("exit", product=state.selected, region=state.region)
    held = any(item.key == move.key for item in state.scenario.levers)
    scenario = state.scenario.without_lever(move.key) if held else state.scenario.with_lever(move)
    session.put(state.changed(scenario))


@callback
def _reset_product() -> None:
    state = session.table()
    scenario = state.scenario
    for move in scenario.levers:
        if move.product == state.selected:
            scenario = scenario.without_lever(move.key)
    session.put(state.changed(scenario))
