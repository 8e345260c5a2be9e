"""Games of several players: Shapley and Owen values, and interactions, from the values of all subsets."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np

from sandtable.market.primitives import FloatArray


def shapley_values(values: FloatArray) -> FloatArray:
    """Shapley values of a game from the values of all its subsets.

    Parameters
    ----------
    values : ndarray, shape (2 ** n, ...)
        Value of each subset; bit i of its place says whether player i takes part.

    Returns
    -------
    ndarray, shape (n, ...)
        They sum to the last value less the first.

    Examples
    --------
    >>> shapley_values(np.array([0.0, 1.0, 2.0, 5.0]))
    array([2., 3.])
    """
    n_players = len(values).bit_length() - 1
    masks = np.arange(len(values))
    sizes = np.bitwise_count(masks)
    weights = np.array([1 / (n_players * comb(n_players - 1, size)) for size in range(n_players)])
    # values around their mean, so that large baselines do not cost digits
    centred = values - values.mean(axis=0)
    found = np.empty((n_players, *values.shape[1:]))
    for player in range(n_players):
        without = masks[masks >> player & 1 == 0]
        gains = centred[without | 1 << player] - centred[without]
        found[player] = np.tensordot(weights[sizes[without]], gains, axes=1)
    return found


def owen_values(values: FloatArray, groups: Sequence[int]) -> FloatArray:
    """Owen values of a game whose players form groups: those of a group come together in every order.

    Parameters
    ----------
    values : ndarray, shape (2 ** n, ...)
        As of `shapley_values`.
    groups : sequence of int, length n
        Group of each player.

    Returns
    -------
    ndarray, shape (n, ...)
        Each group's sum is the Shapley value of the game between the groups (Owen 1977).

    Examples
    --------
    >>> owen_values(np.array([0.0, 1.0, 2.0, 5.0, 0.0, 1.0, 2.0, 8.0]), [0, 0, 1])
    array([2.75, 3.75, 1.5 ])
    """
    centred = values - values.mean(axis=0)
    names = sorted(set(groups))
    masks = {
        name: sum(1 << place for place, group in enumerate(groups) if group == name)
        for name in names
    }
    found = np.zeros((len(groups), *values.shape[1:]))
    for player, group in enumerate(groups):
        others = _unions([masks[name] for name in names if name != group])
        mates = _unions(
            [1 << mate for mate, own in enumerate(groups) if own == group and mate != player]
        )
        for outer, n_outer in others:
            for inner, n_inner in mates:
                weight = _weight(n_outer, len(names)) * _weight(n_inner, groups.count(group))
                without = outer | inner
                found[player] += weight * (centred[without | 1 << player] - centred[without])
    return found


def _unions(masks: Sequence[int]) -> list[tuple[int, int]]:
    """All unions of some of the masks, which share no bit, each with how many it is of."""
    return [
        (sum(some), size) for size in range(len(masks) + 1) for some in combinations(masks, size)
    ]


def _weight(n_before: int, n_players: int) -> float:
    """Chance that a player comes after just these others in a random order."""
    return 1 / (n_players * comb(n_players - 1, n_before))


def shapley_interactions(values: FloatArray) -> FloatArray:
    """Shapley interaction index of each pair of players.

    Parameters
    ----------
    values : ndarray, shape (2 ** n, ...)
        As of `shapley_values`.

    Returns
    -------
    ndarray, shape (n, n, ...)
        What two players add together beyond what each adds alone, the mean over what the others do; 0 on the diagonal
        (Grabisch and Roubens 1999).

    Examples
    --------
    >>> shapley_interactions(np.array([0.0, 1.0, 2.0, 5.0]))[0, 1]
    np.float64(2.0)
    """
    n_players = len(values).bit_length() - 1
    masks = np.arange(len(values))
    sizes = np.bitwise_count(masks)
    weights = np.array([_weight(size, n_players - 1) for size in range(max(n_players - 1, 0))])
    centred = values - values.mean(axis=0)
    found = np.zeros((n_players, n_players, *values.shape[1:]))
    for one, other in combinations(range(n_players), 2):
        first, second = 1 << one, 1 << other
        rest = masks[masks & (first | second) == 0]
        beyond = centred[rest | first | second] - centred[rest | first]
        beyond = beyond - centred[rest | second] + centred[rest]
        found[one, other] = found[other, one] = np.tensordot(weights[sizes[rest]], beyond, axes=1)
    return found
