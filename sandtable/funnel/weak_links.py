"""Which links of the funnel are surely weak: a dealer against its peers, a region against the other regions.

A link is one stage at one dealer or in one region. Ordinary dealers differ too; so a link is not held against the mean
of its peers alone but against the spread among them. Three things must not be mixed up:

- A *dealer* is expected to pass on customers as its peers do, once the effect of its region has been put in; the
  effect is that of the region's other dealers. A region that is weak as a whole lowers what is expected of each.
- A *region* is the mean of its dealers, weighed so that a large one does not speak for all, without those that are
  weak links of their own. One bad dealer does not make a weak region.
- *Sure* means: so low a count is so improbable for an ordinary link that, over all links asked about together, even
  one false alarm has a probability of at most `FALSE_ALARM` [Holm 1979]; and the shortfall matters
  (`LEAST_SHORTFALL`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandtable.funnel.expecting import (
    DealerLinks,
    RegionLinks,
    StageEvidence,
    judge_dealers,
    judge_regions,
    odds_of,
)

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

FALSE_ALARM = 0.01  # probability of even one false alarm among all links
LEAST_SHORTFALL = 0.03  # part of the benchmark; below it no link is worth a lever
ROUNDS = 6  # a sure link leaves the peers of the others; they are then asked again


@dataclass(frozen=True)
class WeakLinks:
    """What is known of every link.

    Attributes
    ----------
    dealers : tuple of DealerLinks
        One per stage.
    regions : tuple of RegionLinks
        One per stage.
    sure_dealers : ndarray of bool, shape (stages, D)
    sure_regions : ndarray of bool, shape (stages, R)
    """

    dealers: tuple[DealerLinks, ...]
    regions: tuple[RegionLinks, ...]
    sure_dealers: BoolArray
    sure_regions: BoolArray


def find_weak_links(stages: Sequence[StageEvidence], n_regions: int) -> WeakLinks:
    """Judge every stage of every dealer and region.

    Parameters
    ----------
    stages : sequence of StageEvidence
        One for each rate of the funnel, over the same dealers.
    n_regions : int
        How many regions there are.

    Returns
    -------
    WeakLinks
    """
    n_dealers = len(stages[0].trials)
    sure_dealers = np.zeros((len(stages), n_dealers), dtype=bool)
    sure_regions = np.zeros((len(stages), n_regions), dtype=bool)
    for _ in range(ROUNDS):
        odds = [
            odds_of(stage, n_regions, out) for stage, out in zip(stages, sure_dealers, strict=True)
        ]
        dealers = tuple(map(judge_dealers, stages, odds))
        regions = tuple(map(judge_regions, stages, odds, sure_regions))
        links: list[DealerLinks | RegionLinks] = [*dealers, *regions]
        allowed = holm([link.p_values for link in links], FALSE_ALARM)
        found = [now & _matters(link) for now, link in zip(allowed, links, strict=True)]
        more_dealers = sure_dealers | np.array(found[: len(stages)])
        more_regions = sure_regions | np.array(found[len(stages) :])
        settled = (more_dealers == sure_dealers).all() and (more_regions == sure_regions).all()
        sure_dealers, sure_regions = more_dealers, more_regions
        if settled:
            break
    return WeakLinks(dealers, regions, sure_dealers, sure_regions)


def holm(families: Sequence[FloatArray], level: float) -> list[BoolArray]:
    """Reject what is improbable, such that even one false rejection has at most the level's probability.

    Parameters
    ----------
    families : sequence of ndarray
        Probabilities; all are taken together.
    level : float
        Probability allowed of one false rejection or more.

    Notes
    -----
    Holm (1979): the smallest is held against ``level / m``, the next against ``level / (m - 1)``, up to the
    first that fails. Valid however the probabilities hang together.

    Examples
    --------
    >>> [found.tolist() for found in holm([np.array([0.001, 0.04]), np.array([0.02])], 0.05)]
    [[True, True], [True]]
    """
    values = np.concatenate(families)
    order = np.argsort(values, kind="stable")
    passed = values[order] <= level / (len(values) - np.arange(len(values)))
    rejected = np.zeros(len(values), dtype=bool)
    rejected[order] = np.logical_and.accumulate(passed)
    return np.split(rejected, np.cumsum([len(family) for family in families])[:-1])


def _matters(links: DealerLinks | RegionLinks) -> BoolArray:
    below = links.alone.high_95 < links.benchmarks
    short = links.alone.means < links.benchmarks * (1 - LEAST_SHORTFALL)
    return np.asarray(links.judged & below & short, dtype=np.bool_)
