"""The demand model on the page: parameter sets side by side, and the chosen one in full."""

from __future__ import annotations

from html import escape

import streamlit as st

from sandtable.app import session
from sandtable.app.guard import callback
from sandtable.app.health import charts
from sandtable.app.health import parameter_view as view
from sandtable.app.health.implied import Implied
from sandtable.app.health.judgement import judgement
from sandtable.app.health.parameter_view import Looked
from sandtable.app.health.tables import cards, chip, facts
from sandtable.app.panels import titled
from sandtable.app.text import Text
from sandtable.data.loading import DataSet
from sandtable.errors import ConvergenceError
from sandtable.scenario.base import base_of
from sandtable.scenario.calendar import periods_of

CHOSEN = "health_chosen"


def looked_at(data_set: DataSet) -> dict[str, Looked]:
    """Judge every parameter set of a data set by what it implies in the last observed period."""
    return _looked_at(data_set.fingerprint, data_set)


@st.cache_resource(max_entries=8, show_spinner=False)
def _looked_at(sha256: str, _data_set: DataSet) -> dict[str, Looked]:
    found = {}
    for name, parameters in _data_set.parameter_sets.items():
        try:
            market = base_of(_data_set, parameters, periods_of(_data_set)[-1]).market
            implied = Implied.of(market)
        except ConvergenceError:
            implied = None
        found[name] = Looked(parameters, implied, judgement(parameters, implied))
    return found


def why(looked: Looked, text: Text) -> str:
    """Return the first reason of the verdict, or that there is none."""
    judged = looked.judged
    if not judged.calibrated:
        return text("health_lost_note")
    if judged.reasons:
        return str(getattr(judged.reasons[0].said, text.language))
    return text("health_passed_note" if judged.stored else "health_unjudged_note")


def show(sets: dict[str, Looked], on_table: str) -> None:
    """Draw the comparison, the choice and the chosen set.

    Parameters
    ----------
    sets : dict of str to Looked
        By name.
    on_table : str
        The set that the scenario uses; it is marked, and shown in full until another is chosen.
    """
    text, write = session.text(), session.writer()
    period = write.period(periods_of(session.data_set())[-1])
    st.html(titled(_title(sets, text), text("health_models_caption", period=period)))
    columns, rows = view.comparison(list(sets.values()), text, write)
    place = list(sets).index(on_table)
    st.html(cards(columns, rows, numbers=range(1, 7), marked=place))
    chosen = _choose(sets, on_table)
    looked = sets[chosen]
    with st.container(key="health_detail"):
        _verdict(looked, text)
        columns, rows = view.parameter_rows(looked.parameters, text)
        st.html(cards(columns, rows, numbers=range(1, 4)))
        left, right = st.columns([3, 2], gap="medium")
        with left:
            _elasticities(looked, period)
        with right:
            _diagnosis(looked)
        with st.container(key="health_targets"):
            _targets(looked)


def _title(sets: dict[str, Looked], text: Text) -> str:
    refused = sum(one.judged.grade == "refuse" for one in sets.values())
    if len(sets) == 1:
        return text("health_models_one")
    if refused:
        return text("health_models", count=len(sets), refused=refused)
    return text("health_models_fine", count=len(sets))


def _choose(sets: dict[str, Looked], on_table: str) -> str:
    """Draw the choice of the set that is shown in full."""
    text = session.text()
    name = f"{CHOSEN}:{session.data_set().name}"
    chosen = str(st.session_state.get(name, on_table))
    chosen = chosen if chosen in sets else on_table
    key = session.bound("health_set", chosen)
    with st.container(key="health_choice"):
        st.selectbox(
            text("health_chosen"),
            list(sets),
            key=key,
            format_func=lambda one: getattr(sets[one].parameters.title, text.language),
            on_change=_set_chosen,
            args=(key, name),
            width=360,
        )
    return chosen


@callback
def _set_chosen(key: str, name: str) -> None:
    if session.is_bound(key):
        st.session_state[name] = st.session_state[key]


def _verdict(looked: Looked, text: Text) -> None:
    """Draw the grade, every reason with what mends it, and the note of the set."""
    cell = view.grade_cell(looked.judged, text)
    lines = [
        " ".join(
            getattr(part, text.language) for part in (reason.said, reason.mend) if part is not None
        )
        for reason in looked.judged.reasons
    ] or [why(looked, text)]
    reasons = "".join(f"<p>{escape(line)}</p>" for line in lines)
    note = escape(view.note(looked.parameters, text))
    st.html(
        f'<div class="why">{chip(cell.text, cell.chip)}<div>{reasons}<p class="mut">{note}</p></div></div>'
    )


def _elasticities(looked: Looked, period: str) -> None:
    text, write, implied = session.text(), session.writer(), looked.implied
    title = view.elasticity_title(implied, text, write)
    if implied is None:
        st.html(titled(title, ""))
        return
    count = write.count(len(implied.own_elasticities))
    st.html(titled(title, text("health_elasticities_caption", count=count, period=period)))
    st.vega_lite_chart(
        spec=charts.elasticity_bars(implied, text, write, dark=session.is_dark()),
        key="health_elasticities",
        theme=None,
        alt=title,
    )
    with st.expander(text("as_table")):
        st.html(facts(view.elasticity_pairs(implied, text, write)))


def _diagnosis(looked: Looked) -> None:
    text, write, diagnosis = session.text(), session.writer(), looked.parameters.diagnosis
    if diagnosis is None:
        st.html(titled(text("health_diagnosis"), text("health_diagnosis_none")))
        return
    pairs = view.diagnosis_pairs(diagnosis, text, write)
    st.html(titled(text("health_diagnosis"), "") + facts(list(pairs)))


def _targets(looked: Looked) -> None:
    """Draw the targets of a calibration; an estimate has none."""
    text, write = session.text(), session.writer()
    targets = looked.parameters.targets
    if not targets:
        return
    worst = max((one.miss for one in targets), key=abs)
    title = text("health_targets", count=len(targets), miss=write.signed_percent(worst))
    columns, rows = view.target_rows(looked.parameters, text, write)
    st.html(titled(title, text("health_targets_caption")))
    st.html(cards(columns, rows, numbers=range(1, 4)))
