"""Uses and history of indicators, from the store if there is one; the page never makes one.

A use is somebody opening the page of an indicator, opening what a figure of the sand-table means, or having its figures
on screen: once a session and day, so that reruns do not count, and beside the run, so that nobody waits for a disk.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from threading import Thread
from typing import Any

import streamlit as st
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from sandtable.indicators import Catalogue
from sandtable.indicators.governing import KIND, Standing, standing
from sandtable.store import uses
from sandtable.store.schema import audit, document
from sandtable.store.using import existing_store, note_uses

DAYS = 90
COUNTED = "counted_uses"


def count(codes: Iterable[str]) -> None:
    """Count one use of each indicator, those left out that this session used today already."""
    today = dt.date.today()
    counted: set[tuple[str, dt.date]] = st.session_state.setdefault(COUNTED, set())
    fresh = [code for code in dict.fromkeys(codes) if (code, today) not in counted]
    if fresh:
        counted |= {(code, today) for code in fresh}
        Thread(target=note_uses, args=(KIND, fresh), kwargs={"day": today}, daemon=False).start()


class Record:
    """What the store says of indicators; all of it is empty where there is no store.

    Attributes
    ----------
    is_kept : bool
        Whether there is a store.
    standings : dict of str to Standing
        Of every indicator that the store holds.
    """

    def __init__(self, found: Catalogue, code: str) -> None:
        self.is_kept = False
        self.standings: dict[str, Standing] = {}
        self.history: list[dict[str, Any]] = []
        self.uses = 0
        store = existing_store()
        if store is None:
            return
        try:
            with store.reading() as connection:
                held = connection.execute(select(document.c.code).where(document.c.kind == KIND))
                codes = [name for name in held.scalars() if name in found.definitions]
                rows = select(audit).where(audit.c.kind == KIND, audit.c.code == code)
                rows = rows.order_by(audit.c.number)
                self.history = [dict(row) for row in connection.execute(rows).mappings()]
            self.standings = {name: standing(store, found.definition(name)) for name in codes}
            since = dt.date.today() - dt.timedelta(days=DAYS)
            self.uses = uses(store, KIND, since=since).get(code, 0)
            self.is_kept = True
        except (
            SQLAlchemyError
        ):  # a store that cannot be read says nothing; the page goes on without it
            return
        finally:
            store.close()

    def standing(self, found: Catalogue, code: str) -> Standing:
        """Say how far an indicator is approved: as the store says, else as its file does."""
        definition = found.definition(code)
        return self.standings.get(code, Standing(definition.status, None, edited=False))
