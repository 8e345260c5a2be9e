"""What is believed of a media response before the data are seen, written as one strict YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from sandtable.data.metadata import Grade, StrictModel, Text
from sandtable.documents import Document, read_document, understand
from sandtable.errors import did_you_mean
from sandtable.market.primitives import FloatArray

PRIORS_FILE = Path(__file__).with_name("priors.yaml")
NINETY = 3.2897072539029435  # width of the middle nine tenths of a normal, in standard errors
PERIODS = {"month": 1, "quarter": 3, "year": 12}  # months
QUANTITIES = ("effect", "carry_over", "half", "slope")

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, lt=1)]
Frequency = Literal["week", "month", "quarter", "year"]


class Range(StrictModel):
    """What nine in ten comparable channels should lie between, with source and grade."""

    low: Positive
    high: Positive
    source: Text
    grade: Grade

    @field_validator("high")
    @classmethod
    def _above_low(cls, high: float, info: ValidationInfo) -> float:
        low = info.data.get("low")
        if low is not None and not low < high:
            raise ValueError(f"is {high:g}; it must be above low, {low:g}.")
        return high


class RateRange(Range):
    """A range of a part of a whole: both ends above 0 and below 1."""

    low: Rate
    high: Rate


class CarryOverRow(RateRange):
    """Carry-over of the channels whose name holds one of the words; without words, of all others."""

    frequency: Literal["week", "month"]
    words: list[Text]


class ElasticityRange(Range):
    """Long-run elasticity of sales to all media; and how far one channel may be from its part of it."""

    value: Positive
    channel_low: Positive
    channel_high: Positive


class ChannelRanges(StrictModel):
    """What is known of one channel, in its own units; what is not given is as for other channels."""

    effect: Range | None = None
    carry_over: RateRange | None = None
    half: Range | None = None
    slope: Range | None = None


class MediaPriors(StrictModel):
    """All of a file of priors.

    Attributes
    ----------
    all_media_elasticity : ElasticityRange
        Shared out over channels by their part of the spend.
    half : Range
        Times the steady stock of a median spend.
    slope : Range
    carry_over : list of CarryOverRow
        The first row that fits a channel holds.
    dealers : Range
        Utility of one more in ``ln(1 + dealers)``.
    channels : dict of str to ChannelRanges
        What is known of single channels.
    """

    schema_version: Annotated[int, Field(alias="schema", ge=1, le=1)]
    all_media_elasticity: ElasticityRange
    half: Range
    slope: Range
    carry_over: Annotated[list[CarryOverRow], Field(min_length=1)]
    dealers: Range
    channels: Annotated[dict[Text, ChannelRanges], Field(default_factory=dict)]

    def carry_over_of(self, channel: str, frequency: Frequency) -> RateRange:
        """Return the range of the carry-over of a channel, a period of the given length."""
        said = set(re.split(r"[\W_\d]+", channel.casefold()))
        written = "week" if frequency == "week" else "month"
        rows = [row for row in self.carry_over if row.frequency == written]
        row = next(row for row in rows if not row.words or said & {w.casefold() for w in row.words})
        months = PERIODS.get(frequency, 1)
        values = {"low": row.low**months, "high": row.high**months}
        return RateRange(**values, source=row.source, grade=row.grade)


def read_priors(path: Path | None = None, channels: Sequence[str] | None = None) -> MediaPriors:
    """Read a file of priors; by default the one that ships with the package.

    Parameters
    ----------
    path : Path, optional
        A YAML file.
    channels : sequence of str, optional
        Names that `channels` of the file may use.

    Raises
    ------
    InputError
        With all faults of the file.

    Examples
    --------
    >>> read_priors().all_media_elasticity.value
    0.24
    """
    if path is None:
        return _shipped()
    document = read_document(Path(path))
    return _understood(document, channels)


@cache
def _shipped() -> MediaPriors:
    return _understood(read_document(PRIORS_FILE, shown_as=PRIORS_FILE.name), None)


def _understood(document: Document, channels: Sequence[str] | None) -> MediaPriors:
    priors = understand(document, MediaPriors)
    if priors is not None:
        for frequency in ("week", "month"):
            rows = [row for row in priors.carry_over if row.frequency == frequency]
            if not any(not row.words for row in rows):
                document.fault(
                    ("carry_over",),
                    f"has no row with empty words for '{frequency}'; add one for all other channels.",
                )
        wide = priors.all_media_elasticity
        if not wide.low < wide.value < wide.high:
            document.fault(
                ("all_media_elasticity", "value"),
                f"is {wide.value:g}; it must lie between {wide.low:g} and {wide.high:g}.",
            )
        if not wide.channel_low < 1 < wide.channel_high:
            document.fault(
                ("all_media_elasticity", "channel_low"),
                "and channel_high must lie on both sides of 1; they are factors.",
            )
        for name in priors.channels if channels is not None else ():
            if name not in (channels or ()):
                hint = did_you_mean(name, channels or ())
                document.fault(("channels", name), f"no channel is called '{name}'{hint}")
    document.finish()
    assert priors is not None
    return priors


def check_channels(priors: MediaPriors, channels: Sequence[str]) -> None:
    """Hold the channels that priors name against those that there are.

    Raises
    ------
    InputError
        Naming every unknown one.
    """
    document = Document("priors", None, {}, "")
    for name in priors.channels:
        if name not in channels:
            document.fault(
                ("channels", name), f"no channel is called '{name}'{did_you_mean(name, channels)}"
            )
    document.finish()


@dataclass(frozen=True)
class Belief:
    """A normal prior of one transformed number: logarithm, or log-odds of a carry-over.

    Attributes
    ----------
    relative : bool
        Of a half: of its ratio to the steady stock of a median spend, whatever the carry-over.
    """

    mean: float
    spread: float
    source: str
    grade: Grade
    relative: bool = False


@dataclass(frozen=True)
class Beliefs:
    """Priors of the channels of one panel, ready to use.

    Attributes
    ----------
    channels : tuple of mapping of str to Belief
        By quantity: effect, carry_over, half, slope.
    log_medians : ndarray, shape (C,)
        Logarithm of the median spend of those who spend.
    others : tuple of Belief
        Of the positive coefficients of other columns, by their logarithm.
    """

    channels: tuple[Mapping[str, Belief], ...]
    log_medians: FloatArray
    others: tuple[Belief, ...] = ()

    @property
    def start(self) -> FloatArray:
        """The mode: where a search starts, (4C + P,)."""
        rows = []
        for belief, median in zip(self.channels, self.log_medians, strict=True):
            effect, carried, half, slope = (belief[name] for name in QUANTITIES)
            shift = median + np.log1p(np.exp(carried.mean)) if half.relative else 0.0
            rows += [effect.mean, carried.mean, half.mean + shift, slope.mean]
        return np.array([*rows, *(belief.mean for belief in self.others)])

    def misses(self, point: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Distances from what is believed, in its spreads, and their derivatives: (M,), (M, M)."""
        missed = np.empty(len(point))
        slopes = np.zeros((len(point), len(point)))
        every = [row[name] for row in self.channels for name in QUANTITIES] + list(self.others)
        for place, belief in enumerate(every):
            value = point[place]
            slopes[place, place] = 1 / belief.spread
            if belief.relative:
                # the steady stock of the median spend x is x / (1 - carry_over)
                odds = point[place - 1]
                value = value - self.log_medians[place // 4] - np.logaddexp(0.0, odds)
                slopes[place, place - 1] = -1 / (1 + np.exp(-odds)) / belief.spread
            missed[place] = (value - belief.mean) / belief.spread
        return missed, slopes

    @property
    def spreads(self) -> FloatArray:
        """Standard deviation of each transformed number before the data are seen, (4C + P,)."""
        slopes = self.misses(self.start)[1]
        return np.asarray(np.sqrt(np.diag(np.linalg.inv(slopes.T @ slopes))))


def beliefs_of(
    priors: MediaPriors,
    *,
    channels: Sequence[str],
    spend: FloatArray,
    frequency: Frequency,
    elasticity_of_utility: float,
    others: Sequence[Range] = (),
) -> Beliefs:
    """Turn priors into those of the channels of one panel.

    Parameters
    ----------
    spend : ndarray, shape (T, G, C)
        In the units in which stocks are counted; each channel is spent on somewhere.
    elasticity_of_utility : float
        Per cent of the outcome for a change of one hundredth of what the channels add up to.
    others : sequence of Range
        Of positive coefficients of other columns.
    """
    check_channels(priors, channels)
    totals = spend.sum(axis=(0, 1))
    parts = totals / totals.sum()
    medians = np.array([np.median(column[column > 0]) for column in np.moveaxis(spend, 2, 0)])
    wide = priors.all_media_elasticity
    found = []
    for place, name in enumerate(channels):
        own = priors.channels.get(name, ChannelRanges())
        # at half saturation with slope 1, one per cent of stock is worth a quarter of a hundredth of the effect
        middle = 4 * wide.value * parts[place] / elasticity_of_utility
        spread = float(np.log(wide.channel_high / wide.channel_low)) / NINETY
        effect = Belief(float(np.log(middle)), spread, wide.source, wide.grade)
        found.append(
            {
                "effect": effect if own.effect is None else logarithmic(own.effect),
                "carry_over": _log_odds(
                    own.carry_over or priors.carry_over_of(name, frequency),
                ),
                "half": logarithmic(priors.half, relative=True)
                if own.half is None
                else logarithmic(own.half),
                "slope": logarithmic(own.slope or priors.slope),
            }
        )
    return Beliefs(tuple(found), np.log(medians), tuple(logarithmic(one) for one in others))


def logarithmic(known: Range, *, relative: bool = False) -> Belief:
    """Take a range as the middle nine tenths of a normal of the logarithm."""
    low, high = np.log(known.low), np.log(known.high)
    return Belief(
        float(low + high) / 2, float(high - low) / NINETY, known.source, known.grade, relative
    )


def _log_odds(known: RateRange) -> Belief:
    low, high = (np.log(end / (1 - end)) for end in (known.low, known.high))
    return Belief(float(low + high) / 2, float(high - low) / NINETY, known.source, known.grade)
