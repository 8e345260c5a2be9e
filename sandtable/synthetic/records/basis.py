"""What record tables rest on: the aggregated tables of a data set as arrays, so that both tell one story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from sandtable.market.primitives import FloatArray, IntArray
from sandtable.synthetic.records.times import month_bounds

N_PERIODS = 15
MEDIA_PART = 0.50  # of the leads that nobody referred
OTHER_CHANNELS = {"web": 0.20, "app": 0.12, "walk_in": 0.18}
REFERRAL = "referral"
ENDINGS = ("leads", "cards", "test_drives", "orders", "deliveries")


@dataclass(frozen=True)
class Cells:
    """The cells of the funnel in one month: one for each open dealer and product on sale.

    Attributes
    ----------
    dealers, products : ndarray of int
        Places in `Basis.dealers` and `Basis.products`.
    ended : ndarray of int, shape (n, 5)
        Leads whose last stage was lead, card, test drive, order and delivery.
    referral_rates, repeat_rates : ndarray
        Part of the leads that were referred, part of the orders by owners.
    """

    dealers: IntArray
    products: IntArray
    ended: IntArray
    referral_rates: FloatArray
    repeat_rates: FloatArray


@dataclass(frozen=True)
class Basis:
    """The aggregated tables of the own firm.

    Attributes
    ----------
    firm : str
        The own firm.
    tables : mapping
        products, sales, dealers, funnel and media of the data set.
    periods : tuple of str
        Months of the records, oldest first.
    """

    firm: str
    tables: Mapping[str, pd.DataFrame]
    periods: tuple[str, ...]

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], firm: str) -> Basis:
        """Take the last fifteen months of a data set."""
        periods = sorted(tables["funnel"]["period"].unique())
        return cls(firm, tables, tuple(periods[-N_PERIODS:]))

    @cached_property
    def earlier(self) -> tuple[str, ...]:
        """Months of the funnel before the records: their cars are on the road."""
        months = sorted(self.tables["funnel"]["period"].unique())
        return tuple(month for month in months if month < self.periods[0])

    @cached_property
    def dealers(self) -> tuple[str, ...]:
        """Codes of the own dealers."""
        return tuple(sorted(self._own_dealers["dealer"]))

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions."""
        return tuple(sorted(self.tables["sales"]["region"].unique()))

    @cached_property
    def products(self) -> tuple[str, ...]:
        """Codes of the own products."""
        return tuple(sorted(self.tables["funnel"]["product"].unique()))

    @cached_property
    def homes(self) -> IntArray:
        """Place of the region of each dealer."""
        home = self._own_dealers.set_index("dealer")["region"]
        return places(home.loc[list(self.dealers)], self.regions)

    @cached_property
    def media_channels(self) -> tuple[str, ...]:
        """Channels of the media table."""
        return tuple(sorted(self.tables["media"]["channel"].unique()))

    @property
    def channels(self) -> tuple[str, ...]:
        """Channels of leads: those of the media, then web, app, walk_in and referral."""
        return (*self.media_channels, *OTHER_CHANNELS, REFERRAL)

    @cached_property
    def rivals(self) -> tuple[tuple[str, ...], FloatArray]:
        """Firms that owners may leave to, and their shares of the rivals' sales."""
        firms = self.tables["products"].set_index("product")["firm"]
        sold = self.tables["sales"]
        units = sold["units"].groupby(sold["product"].map(firms)).sum().drop(self.firm)
        return tuple(units.index), np.asarray(units / units.sum(), dtype=np.float64)

    @property
    def end(self) -> int:
        """First moment after the records, in microseconds."""
        return month_bounds(self.periods[-1])[1]

    @cached_property
    def own_media(self) -> pd.DataFrame:
        """Rows of the media table of the own brand, in the months of the records."""
        media = self.tables["media"]
        mine = media["brand"].eq(self.firm) & media["period"].isin(self.periods)
        return media[mine].sort_values(["period", "region", "channel"], ignore_index=True)

    def cells(self, period: str) -> Cells:
        """Cells of the funnel in a month."""
        rows = self.tables["funnel"].query("period == @period")
        counts = rows[list(ENDINGS)].to_numpy(dtype=np.int64)
        ended = np.concatenate([counts[:, :-1] - counts[:, 1:], counts[:, -1:]], axis=1)
        leads, orders = counts[:, 0], counts[:, 3]
        return Cells(
            places(rows["dealer"], self.dealers),
            places(rows["product"], self.products),
            ended,
            rows["referrals"].to_numpy(np.float64) / np.maximum(leads, 1),
            rows["repeat_orders"].to_numpy(np.float64) / np.maximum(orders, 1),
        )

    def prices(self, period: str) -> FloatArray:
        """List and net price by region and own product in a month; NaN where it is not on sale, shape (2, R, J)."""
        rows = self.tables["sales"].query("period == @period")
        rows = rows[rows["product"].isin(self.products)]
        prices = np.full((2, len(self.regions), len(self.products)), np.nan)
        region, product = (
            places(rows["region"], self.regions),
            places(rows["product"], self.products),
        )
        for place, name in enumerate(("list_price", "net_price")):
            prices[place, region, product] = rows[name]
        return prices

    def channel_shares(self, period: str) -> FloatArray:
        """Shares of the channels in the leads that nobody referred, by region, shape (R, C - 1)."""
        rows = self.own_media.query("period == @period")
        spend = rows.pivot(index="region", columns="channel", values="spend").to_numpy(np.float64)
        media = MEDIA_PART * spend / spend.sum(axis=1, keepdims=True)
        other = np.tile(list(OTHER_CHANNELS.values()), (len(self.regions), 1))
        shares = np.concatenate([media, other], axis=1)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    @cached_property
    def _own_dealers(self) -> pd.DataFrame:
        dealers = self.tables["dealers"]
        return dealers[dealers["brand"].eq(self.firm)]


def places(values: pd.Series, known: tuple[str, ...]) -> IntArray:
    """Turn names into their places in a sorted tuple of names."""
    return np.searchsorted(np.array(known, dtype=object), values.to_numpy(dtype=object)).astype(
        np.int64
    )


def thinned(random: np.random.Generator, counts: IntArray, scale: float) -> IntArray:
    """Keep each of many with the probability `scale`; above 1, every one so many times."""
    whole = int(scale)
    return np.asarray(whole * counts + random.binomial(counts, scale - whole), dtype=np.int64)
