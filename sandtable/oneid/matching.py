"""Who is one person: records linked by the values they share, but for values that many or different people share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sandtable.oneid.normalising import KINDS

IntArray = NDArray[np.int64]
NONE = -1
TOO_MANY, DIFFERENT_PEOPLE = "too_many", "different_people"
# An e-mail address is personal: who keeps it over a new phone and a new device is one person.
SHARED_BY_FAMILIES = ("phone", "device")


@dataclass(frozen=True)
class Links:
    """Values of the records as codes, and which of them link.

    Attributes
    ----------
    codes : ndarray of int, shape (3, N)
        Code of each value by kind; -1 for none.
    values : tuple of ndarray
        The normalised value of each code, by kind.
    reasons : tuple of ndarray
        Why a value links nobody, by kind and code; empty text where it links.
    groups : ndarray of int, shape (N,)
        Records of one person have one number.
    """

    codes: IntArray
    values: tuple[NDArray[np.object_], ...]
    reasons: tuple[NDArray[np.object_], ...]
    groups: IntArray

    def used(self, kind: int) -> IntArray:
        """Codes of a kind, without those that link nobody."""
        return _without(self.codes[kind], self.reasons[kind] != "")


def linked(values: pd.DataFrame, *, limit: int) -> Links:
    """Link records.

    Parameters
    ----------
    values : DataFrame
        Normalised phone, email and device; None for none.
    limit : int
        A value on more records than this links nobody.
    """
    columns = [pd.factorize(values[kind]) for kind in KINDS]
    codes = np.array([code for code, _ in columns], dtype=np.int64)
    known = tuple(np.asarray(unique, dtype=object) for _, unique in columns)
    reasons = []
    kept = codes.copy()
    for kind, unique in enumerate(known):
        counts = np.bincount(codes[kind][codes[kind] >= 0], minlength=len(unique))
        too_many = counts > limit
        reasons.append(np.where(too_many, TOO_MANY, "").astype(object))
        kept[kind] = _without(codes[kind], too_many)
    for name in SHARED_BY_FAMILIES:
        kind = KINDS.index(name)
        differ = _of_different_people(kept, kind, len(known[kind]))
        reasons[kind][differ] = DIFFERENT_PEOPLE
    used = [
        _without(codes[kind], reason != "") if len(reason) else codes[kind]
        for kind, reason in enumerate(reasons)
    ]
    return Links(codes, known, tuple(reasons), _groups(used))


def _of_different_people(codes: IntArray, kind: int, count: int) -> NDArray[np.bool_]:
    """Values that two records share which differ in both other kinds.

    Where the records that have both other kinds differ in the one and in the other, two of them differ in both at
    once: else all would agree in the one or all in the other.
    """
    others = [place for place in range(len(KINDS)) if place != kind]
    full = (codes >= 0).all(axis=0)
    rows = pd.DataFrame({"value": codes[kind][full], **{str(o): codes[o][full] for o in others}})
    distinct = rows.groupby("value").nunique()
    different = distinct.index[(distinct > 1).all(axis=1)]
    marks = np.zeros(count, dtype=np.bool_)
    marks[different.to_numpy(dtype=np.int64)] = True
    return marks


def _without(codes: IntArray, left_out: NDArray[np.bool_]) -> IntArray:
    out = np.append(left_out, False)  # the place of -1
    return np.where(out[codes], NONE, codes)


def _groups(used: list[IntArray]) -> IntArray:
    """Connected components of the graph of records and values."""
    n_records = len(used[0])
    records, nodes = [], []
    after = n_records
    for codes in used:
        rows = np.flatnonzero(codes >= 0)
        records.append(rows)
        nodes.append(after + codes[rows])
        after += int(codes.max(initial=NONE)) + 1
    ends = np.concatenate(records), np.concatenate(nodes)
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(after, after))
    _, labels = connected_components(graph.tocsr(), directed=False)
    return np.asarray(labels[:n_records], dtype=np.int64)
