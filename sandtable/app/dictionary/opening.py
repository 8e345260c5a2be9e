"""The indicators of one data set, open: every figure is computed once for one definition and one state of the files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock, Thread, main_thread

import streamlit as st

from sandtable.app.dictionary.choosing import haystacks_of
from sandtable.app.dictionary.trend import Series
from sandtable.data.catalogue import find_data_set
from sandtable.data.kept import Kept
from sandtable.errors import SandtableError
from sandtable.indicators import Catalogue, DuckDBEngine, catalogue, compute_with
from sandtable.indicators.certificate import ENGINES, Certificate, certificates
from sandtable.indicators.lineage import direct_parts
from sandtable.indicators.standing_here import StandingHere, standing_here

ENDINGS = (".csv", ".parquet", ".yaml")

Regions = tuple[str, ...] | None
_figures = Kept[tuple[str, str, Regions], Series](limit=4096)


@dataclass(frozen=True)
class Dictionary:
    """A catalogue with the engine that answers from the tables of a data set.

    Attributes
    ----------
    found : Catalogue
    haystacks : dict of str to str
        What a search looks through, by code.
    files : str
        Fingerprint of the files of the data set.
    """

    found: Catalogue
    haystacks: dict[str, str]
    files: str
    _engine: DuckDBEngine
    # one connection serves one question at a time
    _lock: RLock = field(default_factory=RLock)
    _standings: dict[str, StandingHere] = field(default_factory=dict)
    _preparing: list[Thread] = field(default_factory=list)

    def series(self, code: str, regions: Sequence[str] | None = None) -> Series:
        """Return an indicator by period, for some regions or all."""
        wanted = None if regions is None else tuple(sorted(regions))
        with self._lock:
            return _figures.get(self._key(code, wanted), lambda: self._computed(code, wanted))

    def known(self, codes: Sequence[str]) -> dict[str, Series]:
        """Return the figures of all regions that are at hand; nothing is computed."""
        found = ((code, _figures.peek(self._key(code, None))) for code in codes)
        return {code: series for code, series in found if series is not None}

    def standing(self, code: str) -> StandingHere:
        """Say how one indicator stands with the data set; its tests are run once."""
        with self._lock:
            if code not in self._standings:
                self._standings.update(standing_here(self.found, self._engine, [code]))
            return self._standings[code]

    @property
    def is_prepared(self) -> bool:
        """Whether figures and standing of every indicator are at hand."""
        return bool(self._preparing) and not self._preparing[0].is_alive()

    def prepare(self) -> None:
        """See that figures and standing of every indicator are made.

        They are made beside the page on a connection of their own, so that whoever looks at one indicator meanwhile
        does not wait for the others.
        """
        with self._lock:
            if self._preparing:
                return
            self._preparing.append(Thread(target=self._prepare, name="indicators", daemon=False))
        self._preparing[0].start()

    def _prepare(self) -> None:
        """Make them, until the app ends: a thread cut off within DuckDB would bring the process down."""
        engine = DuckDBEngine(self._engine.folder, self._engine.tables)
        beside = replace(self, _engine=engine, _lock=RLock())
        try:
            for code in self.found.headlines:
                if not main_thread().is_alive():
                    return
                beside.series(code)
            self._standings.update(standing_here(self.found, engine))
        finally:
            engine.close()

    def standings_known(self) -> dict[str, StandingHere]:
        """Return what is known of how indicators stand; nothing is tested."""
        return dict(self._standings)

    def close(self) -> None:
        """Let go of the engine."""
        with self._lock:
            self._engine.close()

    def _key(self, code: str, regions: Regions) -> tuple[str, str, Regions]:
        return self.files, _meaning(self.found, code), regions

    def _computed(self, code: str, regions: Regions) -> Series:
        """Compute the periods, or the one figure of an indicator that has none; a refusal is kept as its sentences."""
        by = ["month"] if "month" in self.found.definition(code).dimensions else []
        where = None if regions is None else {"region": list(regions)}
        try:
            frame = compute_with(self.found, self._engine, [code], by=by, where=where)
        except SandtableError as error:
            return Series((), (), str(error))
        periods = tuple(map(str, frame["month"])) if by else ("",) * len(frame)
        return Series(periods, tuple(map(float, frame[code])))


def _meaning(found: Catalogue, code: str) -> str:
    """Return a fingerprint of a definition and of all it is made of."""
    way = lineage_parts(found, code)
    hashes = "".join(found.definition(part).definition_hash for part in sorted(way))
    return hashlib.sha256(hashes.encode()).hexdigest()


def lineage_parts(found: Catalogue, code: str) -> set[str]:
    """Return an indicator with all that it is made of."""
    parts = direct_parts(found.definition(code))
    return {code}.union(*(lineage_parts(found, part) for part in parts))


def dictionary(data: str) -> Dictionary:
    """Return the indicators of a data set, opened once until a definition or a table changes on disk."""
    found = catalogue(data)
    return _open(data, _fingerprint(find_data_set(data)), found.sha256, found)


def _fingerprint(folder: Path) -> str:
    """Return what changes when a file of a data set changes: name, size and time of each."""
    stats = [
        (str(path), stat.st_size, stat.st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.suffix in ENDINGS and (stat := path.stat())
    ]
    return hashlib.sha256(repr(stats).encode()).hexdigest()


@st.cache_resource(max_entries=4, show_spinner=False, on_release=lambda opened: opened.close())
def _open(data: str, files: str, definitions: str, _found: Catalogue) -> Dictionary:
    engine = DuckDBEngine(find_data_set(data), _found.tables)
    return Dictionary(_found, haystacks_of(_found), files, engine)


def certified(found: Catalogue, code: str) -> tuple[Certificate, ...]:
    """Return which engines gave the figures of the golden rows; the rows are run once."""
    return tuple(certificates(found, (code,), engine=engine)[code] for engine in ENGINES)
