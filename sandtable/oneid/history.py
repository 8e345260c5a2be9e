"""Persons over time: who keeps an id, who merges, who splits; written down so that it can be replayed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandtable.oneid.matching import IntArray, Links
from sandtable.oneid.normalising import KINDS
from sandtable.oneid.salting import person_id

COLUMNS = ("step", "at", "change", "prospect", "person", "previous", "reason")
NEW, JOINED, MERGED, SPLIT, LEFT = "new", "joined", "merged", "split", "left"
Names = NDArray[np.object_]


def empty_history() -> pd.DataFrame:
    """A history in which nothing has happened."""
    return pd.DataFrame(
        {
            "step": pd.Series(dtype="int64"),
            "at": pd.Series(dtype="datetime64[us, UTC]"),
            **{name: pd.Series(dtype="str") for name in COLUMNS[2:]},
        }
    )


def replay(history: pd.DataFrame, *, until: int | None = None) -> pd.Series:
    """Return the person of each prospect after all steps, or after step `until`.

    Parameters
    ----------
    history : DataFrame
        As `resolve` returns it.
    until : int, optional
        The last step to replay.

    Returns
    -------
    Series
        Person by prospect, in the order of prospects; without those who left.
    """
    steps = history if until is None else history[history["step"] <= until]
    last = steps.drop_duplicates("prospect", keep="last").set_index("prospect")["person"]
    return last.dropna().sort_index()


@dataclass(frozen=True)
class Assigned:
    """Who each record is now, and was before.

    Attributes
    ----------
    persons, previous : ndarray of str
        Id of the person; None before where the record is new.
    kept : set of str
        Ids that existed before and still do.
    """

    persons: Names
    previous: Names
    kept: frozenset[str]


def assigned(
    prospects: Names, groups: IntArray, before: pd.Series, taken: Iterable[str], salt: bytes
) -> Assigned:
    """Give each group of records the id of a person.

    An id stays with the group that holds most of its records, and a group keeps the id of which it holds most; of
    equals the one with the smallest prospect. Others get an id that was never used.

    Parameters
    ----------
    prospects : ndarray of str
        Ids of the records, in order.
    groups : ndarray of int
        Group of each record.
    before : Series
        Person by prospect, as `replay` returns it.
    taken : iterable of str
        Ids that were ever used.
    salt : bytes
        Makes the new ids.
    """
    known = before.to_dict()
    previous = np.array([known.get(prospect) for prospect in prospects.tolist()], dtype=object)
    name_of: dict[int, str] = {}
    kept: set[str] = set()
    for group, person in _claims(prospects, groups, previous):
        if group not in name_of and person not in kept:
            name_of[group] = person
            kept.add(person)
    used = set(taken)
    for prospect, group in zip(prospects.tolist(), groups.tolist(), strict=True):
        if group not in name_of:
            name_of[group] = _unused(salt, prospect, used)
            used.add(name_of[group])
    persons = np.array([name_of[group] for group in groups.tolist()], dtype=object)
    return Assigned(persons, previous, frozenset(kept))


def _claims(prospects: Names, groups: IntArray, previous: Names) -> Iterable[tuple[int, str]]:
    """Pairs of group and earlier person, the strongest first."""
    rows = pd.DataFrame({"group": groups, "person": previous, "first": prospects}).dropna()
    claims = rows.groupby(["group", "person"]).agg(
        count=("first", "size"), first=("first", "first")
    )
    claims = claims.reset_index().sort_values(["count", "first"], ascending=[False, True])
    return zip(claims["group"].tolist(), claims["person"].tolist(), strict=True)


def _unused(salt: bytes, prospect: str, used: set[str]) -> str:
    attempt = 0
    while (name := person_id(salt, prospect, attempt)) in used:
        attempt += 1
    return name


def changes(
    prospects: Names, who: Assigned, links: Links, before: pd.Series, step: int, at: pd.Timestamp
) -> pd.DataFrame:
    """Return the rows of the history that lead from the state before to the one now."""
    fresh = pd.isna(who.previous)
    moved = ~fresh & (who.persons != who.previous)
    is_kept = np.isin(who.persons.astype(str), sorted(who.kept))
    what = np.select([fresh & ~is_kept, fresh, is_kept], [NEW, JOINED, MERGED], SPLIT)
    reasons = _reasons(who, links, fresh | moved, moved & (what == SPLIT))
    rows = np.flatnonzero(fresh | moved)
    gone = before.index.difference(pd.Index(prospects))
    table = pd.DataFrame(
        {
            "change": [*what[rows].tolist(), *[LEFT] * len(gone)],
            "prospect": [*prospects[rows].tolist(), *gone.tolist()],
            "person": [*who.persons[rows].tolist(), *[None] * len(gone)],
            "previous": [*who.previous[rows].tolist(), *before.loc[gone].tolist()],
            "reason": [*reasons[rows].tolist(), *["no longer among the records"] * len(gone)],
        },
        dtype="str",
    )
    table.insert(0, "step", step)
    table.insert(1, "at", pd.Series(at, index=table.index, dtype="datetime64[us, UTC]"))
    return table


def _reasons(
    who: Assigned, links: Links, changed: NDArray[np.bool_], split: NDArray[np.bool_]
) -> Names:
    """Say of each changed record by what its part of the person hangs on the rest, or no longer does."""
    reasons = np.full(len(changed), "first seen", dtype=object)
    touched = np.isin(links.groups, links.groups[changed])
    parts = pd.Series(who.previous).fillna("").to_numpy(dtype=object)
    shared = _kinds_between(links, touched, within=links.groups, parts=parts, used=True)
    alone = changed & ~split
    for place in np.flatnonzero(alone):
        kinds = shared.get((links.groups[place], parts[place]))
        if kinds:
            reasons[place] = f"shares {', '.join(kinds)}"
    if split.any():
        torn = np.isin(parts, np.unique(parts[split].astype(str)))
        lost = _kinds_between(links, torn, within=parts, parts=links.groups, used=False)
        for place in np.flatnonzero(split):
            kinds = lost.get((parts[place], links.groups[place]), [])
            names = ", ".join(kinds)
            reasons[place] = f"{names} no longer counts" if kinds else "shares no value any more"
    return reasons


def _kinds_between(
    links: Links,
    rows: NDArray[np.bool_],
    *,
    within: NDArray[np.generic],
    parts: NDArray[np.generic],
    used: bool,
) -> dict[tuple[object, object], list[str]]:
    """Kinds of value by which a part of a whole touches another part of it."""
    found: dict[tuple[object, object], list[str]] = {}
    for place, kind in enumerate(KINDS):
        codes = links.used(place) if used else links.codes[place]
        here = np.flatnonzero(rows & (codes >= 0))
        table = pd.DataFrame({"code": codes[here], "whole": within[here], "part": parts[here]})
        several = table.groupby(["code", "whole"])["part"].transform("nunique") > 1
        for whole, part in set(
            zip(table["whole"][several].tolist(), table["part"][several].tolist(), strict=True)
        ):
            found.setdefault((whole, part), []).append(kind)
    return found
