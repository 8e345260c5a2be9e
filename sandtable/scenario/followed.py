"""How often each rival followed the own firm's list-price moves in the past, counted from the data by one rule."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from statistics import median

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from sandtable.data.loading import DataSet
from sandtable.market.primitives import BoolArray, FloatArray

OWN_MOVE = 0.005  # an own list price counts as moved from here on, relative
FOLLOWING_MOVE = 0.0025  # a rival must move by this much more than the market drifts
WINDOW = 2  # periods after an own move in which an answer counts
FEWEST_MOVES = 4  # below this a count says nothing
LARGEST_CHANCE = 0.1  # what still passes for following


@dataclass(frozen=True)
class OwnMove:
    """One move of an own list price.

    Attributes
    ----------
    change : float
        Relative change against the period before.
    """

    product: str
    segment: str
    period: str
    change: float


@dataclass(frozen=True)
class Followed:
    """How one rival took the own firm's moves.

    Attributes
    ----------
    firm : str
    followed, moves : int
        The own moves that it followed, of those that it could have followed.
    usual_rate : float
        How often the same rule finds such a move where the own firm had not moved, 0 to 1; NaN if there is no such
        window. A rival that changes prices often seems to follow without looking at anyone.
    usual_windows : float
        How many such windows there are for a move, on average.
    part, lag : float
        Medians over the moves followed: the rival's move as a part of the own one, and the periods between; NaN if
        it followed none.
    """

    firm: str
    followed: int
    moves: int
    usual_rate: float
    usual_windows: float
    part: float
    lag: float

    @property
    def too_few(self) -> bool:
        """Whether there were too few own moves to judge by."""
        return self.moves < FEWEST_MOVES

    @property
    def chance(self) -> float:
        """Chance that it moves as often after as many moves without looking at anyone, 0 to 1; NaN if unknown.

        The usual rate is known from few windows only; Laplace's rule of succession keeps it off 0 and 1.
        """
        windows, n = self.usual_windows, self.moves
        if not windows:
            return float("nan")
        rate = (self.usual_rate * windows + 1) / (windows + 2)
        more = range(self.followed, n + 1)
        return sum(comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in more)

    @property
    def follows(self) -> bool:
        """Whether it follows more often than it moves anyway, beyond what chance explains."""
        return not self.too_few and self.chance <= LARGEST_CHANCE


def followed(data_set: DataSet, own_firm: str) -> dict[str, Followed]:
    """Count for each rival how often it followed the own firm's list-price moves.

    Parameters
    ----------
    data_set : DataSet
        With sales and products.
    own_firm : str
        Whose moves they are.

    Returns
    -------
    dict
        By firm, all firms but the own one.

    Notes
    -----
    The rule. An own list price that changes by at least 0.5 % from one period to the next is a *move*. A rival could
    follow it if it sells a product in the same segment throughout the move's period and the two periods after it; a
    move whose two periods are not over yet is left out. It *followed* if in one of these three periods one of those
    products changed its list price in the direction of the move, and by at least 0.25 points more than the drift. The
    drift of a period is the median change of the list prices of all products of the other firms, neither the own nor
    the rival. A product's change is the mean over the regions in which it is sold in both periods, so that sales that
    shift between regions are no price move.

    It counts coincidence, not cause: compare with `Followed.usual_rate`.
    """
    changes = list_price_changes(data_set)
    table = data_set.tables["products"].set_index("product")
    firms, segments = (table[name].reindex(changes.columns) for name in ("firm", "segment"))
    # the last periods have no full window
    judged = set(changes.index[: max(0, len(changes.index) - WINDOW)])
    moves = [
        move for move in own_moves(changes, firms, segments, own_firm) if move.period in judged
    ]
    by_firm = segments.copy()
    by_firm.index = pd.MultiIndex.from_arrays([segments.index, firms], names=["product", "firm"])
    return {
        firm: _followed_by(firm, moves, changes, firms.isin([firm, own_firm]).to_numpy(), by_firm)
        for firm in sorted(set(firms) - {own_firm})
    }


def list_price_changes(data_set: DataSet) -> pd.DataFrame:
    """Return the relative change of each list price against the period before.

    Returns
    -------
    DataFrame
        One row a period, one column a product; NaN where it is not sold in both periods.
    """
    sales = data_set.tables["sales"]
    sold = sales[sales["units"] > 0]
    prices = sold.pivot(index="period", columns=["product", "region"], values="list_price")
    changes = prices.sort_index().pct_change(fill_method=None)
    return changes.T.groupby(level="product", sort=False).mean().T


def own_moves(
    changes: pd.DataFrame, firms: pd.Series, segments: pd.Series, own_firm: str
) -> list[OwnMove]:
    """Return all moves of own list prices, oldest first."""
    own = changes.loc[:, (firms == own_firm).to_numpy()]
    return [
        OwnMove(str(product), str(segments.loc[str(product)]), str(period), float(change))
        for period, row in own.iterrows()
        for product, change in row.items()
        if abs(change) >= OWN_MOVE
    ]


@dataclass(frozen=True)
class _Answers:
    """What a rival did in the window from each period on, in one segment and one direction.

    Attributes
    ----------
    possible : ndarray of bool
        Whether it sold a product there throughout the window.
    part : ndarray
        Its first move that counts, above the drift, relative; 0 for none.
    lag : ndarray
        Periods until that move.
    """

    possible: BoolArray
    part: FloatArray
    lag: FloatArray

    @classmethod
    def of(cls, changes: FloatArray, drift: FloatArray, direction: float) -> _Answers:
        """Read the windows off the changes of its products there, shape (T, P); the drift has shape (T,)."""
        windows: FloatArray = sliding_window_view(changes, WINDOW + 1, axis=0)
        sold: BoolArray = np.asarray(np.all(np.isfinite(windows), axis=2))
        above = direction * (windows - sliding_window_view(drift, WINDOW + 1)[:, None, :])
        forward = np.asarray(direction * windows > 0)
        counts = sold[:, :, None] & forward & (above >= FOLLOWING_MOVE)
        largest = np.where(counts, above, 0.0).max(axis=1, initial=0.0)
        lag = (largest > 0).argmax(axis=1)
        return cls(
            np.asarray(np.any(sold, axis=1)),
            largest[np.arange(len(lag)), lag],
            np.asarray(lag, dtype=np.float64),
        )


def _followed_by(
    firm: str, moves: list[OwnMove], changes: pd.DataFrame, mine: BoolArray, segments: pd.Series
) -> Followed:
    """Count the moves that one rival followed; `mine` marks the columns of its products and of the own firm's."""
    firms = segments.index.get_level_values("firm")
    drift = np.nan_to_num(changes.loc[:, ~mine].median(axis=1).to_numpy())
    periods = list(changes.index)
    found: list[tuple[float, float]] = []
    usual: list[float] = []
    n_windows: list[int] = []
    n_moves = 0
    for move in moves:
        its = np.asarray((firms == firm) & (segments == move.segment).to_numpy())
        answers = _Answers.of(changes.loc[:, its].to_numpy(), drift, float(np.sign(move.change)))
        start = periods.index(move.period)
        if not answers.possible[start]:
            continue
        n_moves += 1
        if answers.part[start] > 0:
            found.append((float(answers.part[start] / abs(move.change)), float(answers.lag[start])))
        quiet = answers.possible & _quiet(move.segment, moves, periods)
        if quiet.any():
            usual.append(float((answers.part > 0)[quiet].mean()))
            n_windows.append(int(quiet.sum()))
    return Followed(
        firm=firm,
        followed=len(found),
        moves=n_moves,
        usual_rate=float(np.mean(usual)) if usual else float("nan"),
        usual_windows=float(np.mean(n_windows)) if n_windows else 0.0,
        part=median(part for part, _ in found) if found else float("nan"),
        lag=median(lag for _, lag in found) if found else float("nan"),
    )


def _quiet(segment: str, moves: list[OwnMove], periods: list[str]) -> BoolArray:
    """Mark the windows that share no period with those of an own move in the segment."""
    quiet = np.ones(len(periods) - WINDOW, dtype=bool)
    quiet[0] = False  # the first period has no change
    for move in moves:
        if move.segment == segment:
            start = periods.index(move.period)
            quiet[max(0, start - WINDOW) : start + WINDOW + 1] = False
    return quiet
