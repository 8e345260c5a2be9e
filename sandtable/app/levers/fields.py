"""What else a lever is pulled on: channel, stage, dealer, powertrain, characteristic; chosen in the inspector."""

from __future__ import annotations

from functools import partial

import streamlit as st

from sandtable.app import session
from sandtable.app.guard import callback
from sandtable.app.levers.offers import options
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.data.parameters import ParameterSet
from sandtable.scenario.known import Known
from sandtable.scenario.levers import lever_table
from sandtable.scenario.model import FURTHER_TARGETS, LeverMove

FIELDS = "lever_fields"
ALL = "*"


def fields_now(
    aim: LeverMove, state: TableState, known: Known, parameters: ParameterSet
) -> dict[str, str]:
    """Return what the further fields of a lever name: as chosen, else as a move that stands."""
    wanted: list[str] = [
        name for name in lever_table()[aim.lever].fields if name in FURTHER_TARGETS
    ]
    if not wanted:
        return {}
    required = [
        name for name, need in lever_table()[aim.lever].fields.items() if need == "required"
    ]
    chosen: dict[str, str] = st.session_state.get(FIELDS, {}).get(_place(aim), {})
    stands = next((move.further for move in state.scenario.levers if _alike(move, aim)), {})
    found: dict[str, str] = {}
    for field in wanted:
        names = options(field, aim, known, parameters)
        name = chosen.get(field, stands.get(field, ALL))
        if name not in names and field in required and names:
            name = names[0]
        if name in names:
            found[field] = name
    return found


def _alike(move: LeverMove, aim: LeverMove) -> bool:
    here = (move.lever, move.product, move.firm) == (aim.lever, aim.product, aim.firm)
    return here and (move.region == aim.region or move.dealer is not None)


def _place(aim: LeverMove) -> tuple[str, str | None, str | None]:
    return aim.lever, aim.product, aim.firm


def selectors(offered: LeverMove, aim: LeverMove, known: Known, parameters: ParameterSet) -> None:
    """Draw the choices of the further fields of a lever.

    Parameters
    ----------
    offered : LeverMove
        The lever in the region in view.
    aim : LeverMove
        The same with its further fields.
    known : Known
    parameters : ParameterSet
    """
    fields: dict[str, str] = {
        str(name): need for name, need in lever_table()[aim.lever].fields.items()
    }
    wanted: list[tuple[str, list[str]]] = [
        (name, options(name, offered, known, parameters))
        for name in fields
        if name in FURTHER_TARGETS
    ]
    wanted = [(name, names) for name, names in wanted if names]
    if not wanted:
        return
    text = session.text()
    with st.container(key=f"fields_{aim.lever}", horizontal=True, gap="small"):
        for field, names in wanted:
            required = fields[field] == "required"
            key = session.bound(
                f"field:{aim.lever}:{field}:{aim.product}:{aim.firm}", getattr(aim, field) or ALL
            )
            st.selectbox(
                text(f"field_{field}"),
                names if required else [ALL, *names],
                key=key,
                format_func=partial(_named, text, field, known),
                on_change=_choose,
                args=(key, field, offered),
                label_visibility="collapsed",
            )


def _named(text: Text, field: str, known: Known, name: str) -> str:
    if name == ALL:
        return text(f"field_all_{field}")
    if field == "stage":
        return text(f"funnel_stage_{name}")
    if field == "characteristic":
        label: str = getattr(known.data_set.metadata.attributes[name].label, text.language)
        return label
    return text.name(name)


@callback
def _choose(key: str, field: str, offered: LeverMove) -> None:
    if session.is_bound(key):
        chosen = dict(st.session_state.get(FIELDS, {}))
        place = _place(offered)
        chosen[place] = {**chosen.get(place, {}), field: st.session_state[key]}
        st.session_state[FIELDS] = chosen
