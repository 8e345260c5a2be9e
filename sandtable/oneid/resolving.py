"""Prospects -> people: normalise, link, group, name, and write down what changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sandtable.errors import Fault, InputError
from sandtable.oneid.history import assigned, changes, empty_history, replay
from sandtable.oneid.matching import Links, linked
from sandtable.oneid.normalising import KINDS, normalised
from sandtable.oneid.salting import checked_salt, hashed

DEFAULT_LIMIT = 8


@dataclass(frozen=True)
class Resolution:
    """Who is who.

    Attributes
    ----------
    people : DataFrame
        prospect, person; in the order of prospects.
    edges : DataFrame
        prospect, kind, value (its salted hash), links (False for a guarded value).
    guarded : DataFrame
        kind, value, records, reason of the values that link nobody: ``too_many`` records, or ``different_people``.
    history : DataFrame
        step, at, change, prospect, person, previous, reason; what was given, and this run's rows.
    at : Timestamp
        The moment up to which prospects were looked at, in UTC.
    """

    people: pd.DataFrame
    edges: pd.DataFrame
    guarded: pd.DataFrame
    history: pd.DataFrame
    at: pd.Timestamp

    @property
    def n_people(self) -> int:
        """How many people there are."""
        return int(self.people["person"].nunique())


def resolve(
    prospects: pd.DataFrame,
    history: pd.DataFrame | None = None,
    *,
    salt: bytes,
    synthetic: bool = False,
    at: pd.Timestamp | str | None = None,
    limit: int = DEFAULT_LIMIT,
    strip_tags: bool = True,
) -> Resolution:
    """Find the people behind prospects.

    Parameters
    ----------
    prospects : DataFrame
        All records: ``prospect`` (unique), and of ``phone``, ``email``, ``device`` at least one.
    history : DataFrame, optional
        That of the last run; who is still the same person keeps the id.
    salt : bytes
        At least 16; the same in every run.
    synthetic : bool
        Whether the people are invented; only then is the sample salt taken.
    at : Timestamp or str, optional
        When this run happens, for the history; by default the last ``created_at`` among the records, never the clock.
    limit : int
        A value on more records than this links nobody.
    strip_tags : bool
        Whether a plus tag in an e-mail address is ignored.

    Returns
    -------
    Resolution

    Raises
    ------
    InputError
        If columns or ids are missing, an id stands twice, the salt is refused, or `at` lies before the history.

    Examples
    --------
    >>> from sandtable.oneid import SAMPLE_SALT, resolve
    >>> records = pd.DataFrame({"prospect": ["P1", "P2"], "phone": ["12012345678", "+86 120 1234 5678"]})
    >>> resolve(records, salt=SAMPLE_SALT, synthetic=True, at="2026-07-01").n_people
    1
    """
    salt = checked_salt(salt, synthetic=synthetic)
    earlier = empty_history() if history is None else history
    _check(prospects, limit)
    when = _moment(prospects, earlier, at)
    ordered = prospects.sort_values("prospect", kind="stable", ignore_index=True)
    names = ordered["prospect"].to_numpy(dtype=object)
    links = linked(normalised(ordered, strip_tags=strip_tags), limit=limit)
    before = replay(earlier)
    who = assigned(names, links.groups, before, earlier["person"].dropna(), salt)
    step = int(earlier["step"].max()) + 1 if len(earlier) else 1
    fresh = changes(names, who, links, before, step, when)
    whole = pd.concat([earlier, fresh], ignore_index=True) if len(earlier) else fresh
    edges, guarded = _edges(names, links, salt)
    people = pd.DataFrame({"prospect": names, "person": who.persons}, dtype="str")
    return Resolution(people, edges, guarded, whole, when)


def _check(prospects: pd.DataFrame, limit: int) -> None:
    faults = []
    if limit < 1:
        faults.append(Fault("oneid", f"limit {limit}", "must be 1 or more."))
    if "prospect" not in prospects:
        faults.append(Fault("prospects", "prospect", "no such column; each record needs an id."))
    elif prospects["prospect"].isna().any():
        count = int(prospects["prospect"].isna().sum())
        faults.append(Fault("prospects", "prospect", f"is missing in {count:,} records."))
    elif prospects["prospect"].duplicated().any():
        first = prospects["prospect"][prospects["prospect"].duplicated()].iloc[0]
        faults.append(
            Fault("prospects", "prospect", f"{first} stands twice; ids of records are unique.")
        )
    if not any(kind in prospects for kind in KINDS):
        faults.append(Fault("prospects", "", f"has none of the columns {', '.join(KINDS)}."))
    if faults:
        raise InputError(faults)


def _moment(
    prospects: pd.DataFrame, history: pd.DataFrame, at: pd.Timestamp | str | None
) -> pd.Timestamp:
    if at is None:
        if "created_at" not in prospects or not prospects["created_at"].notna().any():
            message = "is needed where the records have no created_at."
            raise InputError([Fault("oneid", "at", message)])
        at = pd.to_datetime(prospects["created_at"], utc=True).max()
    try:
        moment = pd.Timestamp(at)
    except ValueError:
        message = f"'{at}' is no time; write it as 2026-07-01 or 2026-07-01T12:00:00Z."
        raise InputError([Fault("oneid", "at", message)]) from None
    moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
    if len(history) and moment < history["at"].max():
        message = f"{moment} lies before the last step of the history, {history['at'].max()}."
        raise InputError([Fault("oneid", "at", message)])
    return moment.as_unit("us")


def _edges(names: np.ndarray, links: Links, salt: bytes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Edges between records and hashed values, and the values that link nobody."""
    edges, guarded = [], []
    for place, kind in enumerate(KINDS):
        codes, reasons = links.codes[place], links.reasons[place]
        hashes = np.array(
            [hashed(salt, kind, value) for value in links.values[place]], dtype=object
        )
        rows = np.flatnonzero(codes >= 0)
        edges.append(
            pd.DataFrame(
                {
                    "prospect": names[rows],
                    "kind": kind,
                    "value": hashes[codes[rows]],
                    "links": reasons[codes[rows]] == "",
                }
            )
        )
        held = np.flatnonzero(reasons != "")
        counts = np.bincount(codes[rows], minlength=len(hashes))
        guarded.append(
            pd.DataFrame(
                {
                    "kind": kind,
                    "value": hashes[held],
                    "records": counts[held].astype(np.int64),
                    "reason": reasons[held],
                }
            )
        )
    text = {"kind": "str", "value": "str"}
    return (
        pd.concat(edges, ignore_index=True).astype({"prospect": "str", **text, "links": bool}),
        pd.concat(guarded, ignore_index=True)
        .astype({**text, "reason": "str", "records": "int64"})
        .sort_values(["records", "kind", "value"], ascending=[False, True, True])
        .reset_index(drop=True),
    )
