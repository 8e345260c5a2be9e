"""The list of the indicators in view: label in both languages, latest figure, what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from sandtable.app.dictionary.choosing import Entry
from sandtable.app.dictionary.links import link
from sandtable.app.dictionary.trend import Series
from sandtable.app.dictionary.writing import figures_of
from sandtable.app.formatting import MISSING, Format
from sandtable.app.text import Text


def list_view(
    entries: Sequence[Entry], picked: str, known: Mapping[str, Series], text: Text, write: Format
) -> str:
    """Return the list; a figure that is not computed yet is left empty.

    Parameters
    ----------
    entries : sequence of Entry
    picked : str
        The code whose definition is open.
    known : mapping of str to Series
        The figures at hand.
    text : Text
    write : Format
    """
    rows = "".join(_row(one, picked, known, text, write) for one in entries)
    return f'<nav class="indicators" aria-label="{escape(text("indicators"))}">{rows}</nav>'


def _row(one: Entry, picked: str, known: Mapping[str, Series], text: Text, write: Format) -> str:
    definition = one.definition
    is_on = definition.code == picked
    inside = (
        f"<b>{escape(label_of(definition.label, text))}</b>"
        f'<span class="v">{escape(_figure(one, known, text, write))}</span>'
        f"<small>{escape(other_label(definition.label, text))}</small>"
        f'<small class="v{" bad" if one.state == "broken" else ""}">{escape(_about(one, text))}</small>'
    )
    current = ' aria-current="true"' if is_on else ""
    return link(f"indicator:{definition.code}", inside, kind="on" if is_on else "", more=current)


def _figure(one: Entry, known: Mapping[str, Series], text: Text, write: Format) -> str:
    if one.state != "sound":
        return MISSING
    series = known.get(one.definition.code)
    if series is None:
        return ""
    if series.last is None:
        return MISSING
    return figures_of(one.definition, series.values, text, write).write(series.last[1])


def _about(one: Entry, text: Text) -> str:
    if one.state != "sound":
        return text(f"indicator_state_{one.state}")
    if one.status != "published":
        return text(f"indicator_status_{one.status}")
    return text(f"indicator_kind_{one.definition.kind}")


def label_of(label: object, text: Text) -> str:
    """Return a label in the language of the page."""
    return str(getattr(label, text.language))


def other_label(label: object, text: Text) -> str:
    """Return a label in the other language."""
    return str(getattr(label, "zh" if text.language == "en" else "en"))
