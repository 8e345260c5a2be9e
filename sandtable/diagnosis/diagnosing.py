"""A data set -> the diagnosis of its funnel: rates, benchmarks, units lost, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandtable.data.loading import DataSet
from sandtable.diagnosis.counting import FunnelCounts, count_funnel
from sandtable.diagnosis.result import COUNTRY, Diagnosis, gained
from sandtable.funnel.expecting import LEAST_EXPECTED, StageEvidence
from sandtable.funnel.pooling import PooledRates, variance_inflation
from sandtable.funnel.weak_links import WeakLinks, find_weak_links

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ALL_DEALERS = "all dealers"


def diagnose(
    data_set: DataSet,
    *,
    period_from: str | None = None,
    period_to: str | None = None,
    products: Collection[str] = (),
) -> Diagnosis:
    """Find the weak links of the own funnel.

    Parameters
    ----------
    data_set : DataSet
        With the tables funnel and dealers.
    period_from, period_to : str, optional
        By default the last year of the funnel.
    products : collection of str, optional
        By default all together.

    Returns
    -------
    Diagnosis

    Raises
    ------
    InputError
        If there is no funnel, or a period or product is unknown.
    """
    counts = count_funnel(data_set, period_from=period_from, period_to=period_to, products=products)
    table = diagnosis_table(counts)
    return Diagnosis(data_set.name, data_set.sha256, counts, table)


@dataclass(frozen=True)
class _Places:
    """Regions and areas by number."""

    regions: tuple[str, ...]
    areas: tuple[str, ...]
    region_of: IntArray  # of each dealer
    area_of: IntArray  # of each dealer
    area_of_region: tuple[str, ...]


def diagnosis_table(counts: FunnelCounts) -> pd.DataFrame:
    """Judge every link and lay the rows out: country, areas, regions, dealers; by name, stage by stage."""
    places = _places(counts)
    trials, successes = counts.counts[:-1], counts.counts[1:]
    # more at the later stage than came: they came before the first period; no rate can be judged from that
    mixed = successes.sum(axis=1) > trials.sum(axis=1)
    inflation = np.stack(
        [
            variance_inflation(np.minimum(k, n).astype(float), n.astype(float))
            for k, n in zip(successes, trials, strict=True)
        ]
    )
    peers = _peer_groups(counts, places)
    evidence = [
        StageEvidence(
            np.where(mixed[stage], 0.0, successes[stage].sum(axis=0)) / inflation[stage],
            np.where(mixed[stage], 0.0, trials[stage].sum(axis=0)) / inflation[stage],
            places.region_of,
            tuple(peers.values()),
        )
        for stage in range(len(trials))
    ]
    found = find_weak_links(evidence, len(places.regions))
    dealers = _dealer_rows(counts, found, tuple(peers), inflation, mixed)
    regions = _region_rows(counts, places, found)
    areas = _sum_rows(counts, "area", places.areas, places.area_of)
    country = _sum_rows(counts, "country", (COUNTRY,), np.zeros_like(places.region_of))
    table = pd.DataFrame([*country, *areas, *regions, *dealers])
    table = table.astype({"n_peers": "Int64", "needed": "Int64"})
    return table.assign(sure_units_lost=_sure_units(table))


def _places(counts: FunnelCounts) -> _Places:
    regions, region_of = np.unique(np.array(counts.regions), return_inverse=True)
    area_by_region = dict(zip(counts.regions, counts.areas, strict=True))
    areas, area_of = np.unique(np.array(counts.areas), return_inverse=True)
    named = tuple(map(str, areas)) if any(counts.areas) else ()
    return _Places(
        tuple(map(str, regions)),
        named,
        region_of.astype(np.int64),
        area_of.astype(np.int64),
        tuple(area_by_region[str(region)] for region in regions),
    )


def _peer_groups(counts: FunnelCounts, places: _Places) -> dict[str, IntArray]:
    """Groups of peers by name, narrowest first, as far as the data set knows areas and city tiers."""
    _, tiers = np.unique(np.array(counts.city_tiers), return_inverse=True)
    groups = {}
    if places.areas and any(counts.city_tiers):
        groups["same area and city tier"] = places.area_of * (tiers.max() + 1) + tiers
    if any(counts.city_tiers):
        groups["same city tier"] = tiers
    elif places.areas:
        groups["same area"] = places.area_of
    groups[ALL_DEALERS] = np.zeros_like(tiers)
    return {name: group.astype(np.int64) for name, group in groups.items()}


def _shared(counts: FunnelCounts, stage: int, here: NDArray[np.bool_]) -> dict[str, Any]:
    """What every row says: customers that came and went on, and the raw rate."""
    came = int(counts.counts[stage][:, here].sum())
    passed = int(counts.counts[stage + 1][:, here].sum())
    return {"n": came, "passed": passed, "rate": passed / came if came else None}


def _row(
    level: str,
    place: str,
    stage: str,
    *,
    area: str = "",
    region: str = "",
    tier: str = "",
    **values: Any,
) -> dict[str, Any]:
    return {
        "level": level,
        "place": place,
        "area": area or None,
        "region": region or None,
        "city_tier": tier or None,
        "stage": stage,
        "n": 0,
        "passed": 0,
        "rate": None,
        "pooled_rate": None,
        "low_80": None,
        "high_80": None,
        "low_95": None,
        "high_95": None,
        "benchmark": None,
        "usual_low": None,
        "usual_high": None,
        "peer_rate": None,
        "peers": None,
        "n_peers": None,
        "p_value": None,
        "verdict": "summed",
        "units_lost": None,
        "lift": None,
        "needed": None,
        **values,
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _rates(pooled: PooledRates, place: int) -> dict[str, Any]:
    return {
        "pooled_rate": float(pooled.means[place]),
        **{
            name: float(getattr(pooled, name)[place])
            for name in ("low_80", "high_80", "low_95", "high_95")
        },
    }


def _lost(counts: FunnelCounts, stage: int, here: NDArray[np.bool_], short: float) -> float:
    """Cars a year that a shortfall of one rate costs, through the stages that follow."""
    shifts = np.zeros((len(counts.stages) - 1, len(counts.dealers)))
    shifts[stage, here] = max(0.0, short)
    return float(gained(counts, shifts).sum())


def _verdict(judged: bool, sure: bool, short: float) -> str:
    if not judged:
        return "sample_too_small"
    if sure:
        return "sure"
    return "not_clear" if short > 0 else "at_or_above"


def _dealer_rows(
    counts: FunnelCounts,
    found: WeakLinks,
    peers: Sequence[str],
    inflation: FloatArray,
    mixed: NDArray[np.bool_],
) -> list[dict[str, Any]]:
    rows = []
    for dealer, name in enumerate(counts.dealers):
        here = np.arange(len(counts.dealers)) == dealer
        about = {
            "area": counts.areas[dealer],
            "region": counts.regions[dealer],
            "tier": counts.city_tiers[dealer],
        }
        for stage, links in enumerate(found.dealers):
            shared = _shared(counts, stage, here)
            into = counts.stages[stage + 1]
            if mixed[stage, dealer]:
                rows.append(_row("dealer", name, into, **about, **shared, verdict="mixed_periods"))
                continue
            sure = bool(found.sure_dealers[stage, dealer])
            pooled = _rates(links.alone if sure else links.pooled, dealer)
            benchmark, rate = float(links.benchmarks[dealer]), pooled["pooled_rate"]
            judged = bool(links.judged[dealer])
            least = LEAST_EXPECTED / min(benchmark, 1 - benchmark) * inflation[stage, dealer]
            rows.append(
                _row(
                    "dealer",
                    name,
                    into,
                    **about,
                    **shared,
                    **(pooled if shared["n"] else {}),
                    benchmark=benchmark,
                    usual_low=float(links.usual_low[dealer]),
                    usual_high=float(links.usual_high[dealer]),
                    peer_rate=float(links.peer_rates[dealer]),
                    peers=peers[links.peer_group[dealer]],
                    n_peers=int(links.n_peers[dealer]),
                    p_value=float(links.p_values[dealer]) if judged else None,
                    verdict=_verdict(judged, sure, benchmark - rate),
                    units_lost=_lost(counts, stage, here, benchmark - rate) if judged else None,
                    lift=benchmark / rate - 1 if judged else None,
                    needed=None if judged else int(np.ceil(least)),
                )
            )
    return rows


def _region_rows(counts: FunnelCounts, places: _Places, found: WeakLinks) -> list[dict[str, Any]]:
    rows = []
    for region, name in enumerate(places.regions):
        here = places.region_of == region
        for stage, links in enumerate(found.regions):
            rate, benchmark = float(links.alone.means[region]), float(links.benchmarks[region])
            judged = bool(links.judged[region])
            known = not np.isnan(rate)
            rows.append(
                _row(
                    "region",
                    name,
                    counts.stages[stage + 1],
                    area=places.area_of_region[region],
                    region=name,
                    **_shared(counts, stage, here),
                    **(_rates(links.alone, region) if known else {}),
                    benchmark=_known(benchmark),
                    usual_low=_known(float(links.usual_low[region])),
                    usual_high=_known(float(links.usual_high[region])),
                    peer_rate=_known(benchmark),
                    peers="other regions",
                    n_peers=len(places.regions) - 1,
                    p_value=float(links.p_values[region]) if judged else None,
                    verdict=_verdict(
                        judged, bool(found.sure_regions[stage, region]), benchmark - rate
                    ),
                    units_lost=_lost(counts, stage, here, benchmark - rate) if judged else None,
                    lift=benchmark / rate - 1 if judged else None,
                )
            )
    return rows


def _sum_rows(
    counts: FunnelCounts, level: str, names: Sequence[str], place_of: IntArray
) -> list[dict[str, Any]]:
    """Areas and the country: too few to say what is usual among them, so that they only sum."""
    return [
        _row(
            level,
            name,
            stage_name,
            area=name if level == "area" else "",
            **_shared(counts, stage, place_of == place),
        )
        for place, name in enumerate(names)
        for stage, stage_name in enumerate(counts.stages[1:])
    ]


def _sure_units(table: pd.DataFrame) -> pd.Series:
    """Units lost by the sure links in each place, by stage: its own and those of what lies in it."""
    sure = table[table["verdict"] == "sure"]
    lost = np.zeros(len(table))
    for row in sure.to_dict("records"):
        same_stage = table["stage"] == row["stage"]
        holds = table["level"] == "country"
        for level in dict.fromkeys(("area", "region", row["level"])):
            name = row["place"] if level == row["level"] else row[level]
            holds |= (table["level"] == level) & (table["place"] == name)
        lost += np.where(same_stage & holds, row["units_lost"], 0.0)
    return pd.Series(lost, index=table.index)
