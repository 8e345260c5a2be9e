"""Which indicators are in view: what is searched for, and what each filter would leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from sandtable.indicators import Catalogue
from sandtable.indicators.binding import State
from sandtable.indicators.definition import Definition
from sandtable.indicators.formulas import names_of
from sandtable.indicators.lineage import column_uses

WANTED = "indicators_wanted"  # where the session keeps what is asked for
Facet: TypeAlias = Literal["stage", "owner", "status", "lifecycle"]
FACETS: tuple[Facet, ...] = ("stage", "owner", "status", "lifecycle")
ORDER: dict[str, tuple[str, ...]] = {
    "stage": ("acquisition", "activation", "revenue", "retention", "referral"),
    "status": ("published", "review", "draft", "deprecated", "broken", "absent"),
    "lifecycle": ("aware", "consider", "buy", "own", "renew"),
}


@dataclass(frozen=True)
class Entry:
    """One indicator as the list shows it.

    Attributes
    ----------
    status : str
        How far its definition is approved.
    state : str
        How it stands with the data set: ``sound``, ``absent`` or ``broken``.
    haystack : str
        All that a search looks through, in small letters.
    """

    definition: Definition
    status: str
    state: State
    haystack: str

    def values(self, facet: Facet) -> tuple[str, ...]:
        """Return what it is under a filter; a broken one counts as that besides its status."""
        if facet != "status":
            return (str(getattr(self.definition, facet)),)
        return (self.status,) if self.state == "sound" else (self.status, self.state)


@dataclass(frozen=True)
class Wanted:
    """What is asked for; None leaves a filter open."""

    search: str = ""
    stage: str | None = None
    owner: str | None = None
    status: str | None = None
    lifecycle: str | None = None
    parts: bool = False

    def having(self, field: str, value: object) -> Wanted:
        """Return the same with one field changed."""
        changed: dict[str, Any] = {field: value}
        return replace(self, **changed)

    @property
    def is_open(self) -> bool:
        """Whether nothing is filtered."""
        return replace(self, parts=False) == Wanted()


def entries_of(
    found: Catalogue,
    haystacks: Mapping[str, str],
    statuses: Mapping[str, str],
    states: Mapping[str, State],
) -> list[Entry]:
    """Return every indicator in order of stage, then of code.

    Parameters
    ----------
    found : Catalogue
    haystacks : mapping of str to str
        As `haystacks_of` gives them.
    statuses, states : mapping of str to str
        By code; left out where the status is that of the file, and where the indicator is sound.
    """
    made = [
        Entry(
            definition,
            statuses.get(code, definition.status),
            states.get(code, "sound"),
            haystacks[code],
        )
        for code, definition in found.definitions.items()
    ]
    return sorted(made, key=lambda one: ORDER["stage"].index(one.definition.stage))


def haystacks_of(found: Catalogue) -> dict[str, str]:
    """Return all that a search looks through, by code: names, sentences, and the columns that make the figure."""
    return {code: _haystack(found, definition) for code, definition in found.definitions.items()}


def _haystack(found: Catalogue, definition: Definition) -> str:
    columns = {
        f"{use.table}.{use.column}"
        for leaf in names_of(found.formula(definition.code))
        for use in column_uses(found, leaf, ())
        if use.use != "join"
    }
    said = [definition.code, definition.label.en, definition.label.zh]
    said += [definition.definition.en, definition.definition.zh, *sorted(columns)]
    return "\n".join(said).casefold()


def chosen(entries: Iterable[Entry], wanted: Wanted) -> list[Entry]:
    """Return the indicators in view; every word that is searched for must stand in one."""
    return [one for one in entries if _fits(one, wanted)]


def _fits(one: Entry, wanted: Wanted) -> bool:
    if not wanted.parts and one.definition.role == "part":
        return False
    if any(word not in one.haystack for word in wanted.search.casefold().split()):
        return False
    asked = ((facet, getattr(wanted, facet)) for facet in FACETS)
    return all(value is None or value in one.values(facet) for facet, value in asked)


def counts(entries: Iterable[Entry], wanted: Wanted, facet: Facet) -> dict[str, int]:
    """Return how many each choice of one filter would leave, the other filters kept; only what leaves any."""
    without = wanted.having(facet, None)
    left = Counter(value for one in chosen(entries, without) for value in one.values(facet))
    order = ORDER.get(facet, ())
    places = {value: place for place, value in enumerate(order)}
    names = sorted(left, key=lambda value: (places.get(value, len(order)), -left[value], value))
    kept = getattr(wanted, facet)
    if kept is not None and kept not in names:  # a choice that is made stays to be taken back
        names.append(kept)
    return {value: left[value] for value in names}
