"""Orders that wait: what each product with a limit orders, delivers and keeps waiting, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from sandtable.app import session
from sandtable.app.formatting import MISSING, Format
from sandtable.app.guard import callback
from sandtable.app.panels import plain_table, titled
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import Result


@dataclass(frozen=True)
class Waiting:
    """One product in one period, all regions together.

    Attributes
    ----------
    orders, deliveries, backlog : float
        Vehicles: what came in, was delivered, waits at the end.
    wait : float or None
        Periods that the last in the queue waits, at the pace of deliveries; None when nothing is delivered.
    elsewhere : float
        Buyers who found the order book full and took another product or none.
    """

    product: str
    period: str
    orders: float
    deliveries: float
    backlog: float
    elsewhere: float

    @property
    def wait(self) -> float | None:
        """Periods that the last in the queue waits, at the pace of deliveries; None when nothing is delivered."""
        return self.backlog / self.deliveries if self.deliveries > 0 else None


def waiting_of(items: Sequence[PeriodResult]) -> list[Waiting]:
    """Return the products whose capacity binds in some period, product by product, oldest period first."""
    bound = {
        code
        for item in items
        if item.queue is not None
        for code, binds in zip(item.base.market.products, item.queue.binding, strict=True)
        if binds
    }
    return [
        _waiting(code, item)
        for code in sorted(bound)
        for item in items
        if item.queue is not None and code in item.base.market.products
    ]


def _waiting(code: str, item: PeriodResult) -> Waiting:
    assert item.queue is not None
    column = item.base.market.products.index(code)

    def total(name: str) -> float:
        return float(np.sum(getattr(item.queue, name)[:, column]))

    return Waiting(
        code,
        item.base.period,
        total("orders"),
        total("deliveries"),
        total("backlog"),
        float(item.queue.turned_away[column]),
    )


def show(state: TableState, result: Result) -> None:
    """Draw the panel where something has a limit; nothing elsewhere."""
    if all(item.queue is None for item in result.periods):
        return
    text, write = session.text(), session.writer()
    found = waiting_of(result.periods)
    with st.container(key="backlog"):
        st.html(titled(title_of(found, text, write), text("backlog_caption")))
        if found:
            st.html(_table(found, text, write))
        _longest_wait(state, text)


def title_of(found: Sequence[Waiting], text: Text, write: Format) -> str:
    """Return what waits longest, or that every order is delivered at once."""
    if not found:
        return text("backlog_none")
    longest = max(found, key=lambda row: (row.wait or 0.0, row.elsewhere))
    if not longest.backlog:
        lost = max(found, key=lambda row: row.elsewhere)
        return text(
            "backlog_lost",
            product=lost.product,
            cars=write.count(lost.elsewhere),
            period=write.period(lost.period),
        )
    return text(
        "backlog_waits",
        product=longest.product,
        wait=write.decimal(longest.wait),
        period=write.period(longest.period),
    )


def _table(found: Sequence[Waiting], text: Text, write: Format) -> str:
    columns = [
        text("product"),
        text("period"),
        text("backlog_orders"),
        text("backlog_deliveries"),
        text("backlog_waiting"),
        text("backlog_wait"),
        text("backlog_elsewhere"),
    ]
    rows = [
        [
            row.product,
            write.period(row.period),
            write.count(row.orders),
            write.count(row.deliveries),
            write.count(row.backlog),
            MISSING if row.wait is None else write.decimal(row.wait),
            write.count(row.elsewhere),
        ]
        for row in found
    ]
    return plain_table(columns, rows)


def _longest_wait(state: TableState, text: Text) -> None:
    """Draw how long an order may wait: without it, what is beyond the capacity goes elsewhere."""
    key = session.bound("longest_wait", state.scenario.backlog.longest_wait)
    with st.container(
        key="longest_wait", horizontal=True, vertical_alignment="center", gap="small"
    ):
        st.html(f"<span class='small'>{text('backlog_longest')}</span>")
        st.number_input(
            text("backlog_longest"),
            min_value=0.0,
            max_value=24.0,
            step=1.0,
            format="%g",
            key=key,
            on_change=_set_longest_wait,
            args=(key,),
            label_visibility="collapsed",
            width=130,
        )


@callback
def _set_longest_wait(key: str) -> None:
    if session.is_bound(key):
        state = session.table()
        backlog = replace(state.scenario.backlog, longest_wait=float(st.session_state[key]))
        session.put(state.changed(replace(state.scenario, backlog=backlog)))
