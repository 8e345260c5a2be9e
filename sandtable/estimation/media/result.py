"""The media response of a market, fitted: table, curves, marginal returns, and a parameter set ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sandtable.data.loading import DataSet
from sandtable.data.media_cells import MediaCells
from sandtable.data.metadata import BilingualText
from sandtable.data.parameters import (
    ChannelResponse,
    MediaResponse,
    Parameter,
    ParameterDiagnosis,
    ParameterSet,
)
from sandtable.data.verdicts import Verdict
from sandtable.errors import Fault, InputError, did_you_mean
from sandtable.estimation.media.observing import TABLES, market_panel
from sandtable.estimation.media.priors import QUANTITIES, MediaPriors, check_channels, read_priors
from sandtable.estimation.media.response import (
    NORMAL_95,
    Fitted,
    ResponseFit,
    fit_panel,
    propagated,
)
from sandtable.estimation.media.shape import N_NUMBERS, Shape
from sandtable.estimation.media.view import COLUMNS, MediaView, view_media
from sandtable.market.primitives import FloatArray


@dataclass(frozen=True)
class MediaFit:
    """What `fit_media` found.

    Attributes
    ----------
    data_set : DataSet
    parameters : ParameterSet
        Whose demand turned shares into utilities.
    cells : MediaCells
        The spend.
    response : ResponseFit
        Numbers, errors, facts.
    """

    data_set: DataSet
    parameters: ParameterSet
    cells: MediaCells
    response: ResponseFit

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        return self.response.panel.channels

    @property
    def verdict(self) -> Verdict:
        """How far the response may be trusted, and why."""
        return self.response.verdict

    @property
    def elasticities(self) -> pd.DataFrame:
        """Short- and long-run elasticity of a brand's cars to each channel and to all (last row), with errors."""
        return self.response.elasticities

    def table(self) -> pd.DataFrame:
        """Return one row a number: value, error, 95 % interval, prior, how much the data said, grade."""
        return self.response.table()

    @cached_property
    def _channel_covariance(self) -> FloatArray:
        n = N_NUMBERS * len(self.channels)
        return self.response.mode.covariance[:n, :n]

    def view(
        self, brand: str | None = None, region: str | None = None, period: str | None = None
    ) -> MediaView:
        """Look at one brand under the fitted response (see `view_media`)."""
        return view_media(
            self.data_set, self.to_parameter_set(), brand=brand, region=region, period=period
        )

    def marginal_return(
        self, brand: str | None = None, region: str | None = None, period: str | None = None
    ) -> pd.DataFrame:
        """What one money unit more brings at the present spend, by channel, all later periods counted.

        Parameters
        ----------
        brand : str, optional
            By default that of the own firm.
        region : str, optional
            A region or an area; by default all.
        period : str, optional
            The present; by default the last period.

        Returns
        -------
        DataFrame
            Columns of `MediaView.table`; ``cars_per_million`` (of the currency), ``revenue_return`` and
            ``contribution_return`` (money per money, net of value added tax) each with ``_error``.
        """
        view = self.view(brand, region, period)
        shape = self.response.shape

        def look(numbers: FloatArray) -> FloatArray:
            return view.marginals(Shape.at(numbers)).ravel()

        _, errors = propagated(look, shape.point, self._channel_covariance)
        found = view.table(shape)
        for name, column in zip(COLUMNS, errors.reshape(len(COLUMNS), -1), strict=True):
            found.insert(list(found.columns).index(name) + 1, f"{name}_error", column)
        return found

    def response_curve(
        self,
        channel: str,
        brand: str | None = None,
        region: str | None = None,
        grid: Sequence[float] | None = None,
        *,
        period: str | None = None,
    ) -> pd.DataFrame:
        """Cars a period that a lasting spend on one channel brings, over none, all else held.

        Parameters
        ----------
        grid : sequence of float, optional
            Money in every period, over the regions as the present stock is; by default none to three times the
            present.

        Returns
        -------
        DataFrame
            ``spend`` (money in every period), ``cars`` with its 95 % interval ``low`` to ``high`` (delta method), and
            ``seen``: whether some brand ever spent as much a household.

        Raises
        ------
        InputError
            If a name is unknown, or a spend is below 0.
        """
        faults = []
        if channel not in self.channels:
            hint = did_you_mean(channel, self.channels)
            faults.append(Fault(self.data_set.name, "channel", f"no channel '{channel}'{hint}"))
        if grid is not None and not (np.isfinite(grid).all() and np.min(grid) >= 0):
            message = "holds a spend that is not a number of 0 or more."
            faults.append(Fault(self.data_set.name, "grid", message))
        if faults:
            raise InputError(faults)
        view = self.view(brand, region, period)
        place, shape = self.channels.index(channel), self.response.shape
        curve = view.curve(shape, place, grid)
        spends, steady = view.spends(shape, place, grid), view.steady_spend(shape)[:, place]
        own = slice(N_NUMBERS * place, N_NUMBERS * (place + 1))
        point = shape.point

        def look(numbers: FloatArray) -> FloatArray:
            moved = point.copy()
            moved[own] = numbers
            return view.cars(Shape.at(moved), place, spends, steady)

        _, errors = propagated(look, point[own], self._channel_covariance[own, own])
        curve.insert(2, "low", curve["cars"] - NORMAL_95 * errors)
        curve.insert(3, "high", curve["cars"] + NORMAL_95 * errors)
        return curve

    def to_parameter_set(self, name: str | None = None) -> ParameterSet:
        """Return the parameter set with the fitted response to media and dealers.

        Parameters
        ----------
        name : str, optional
            Another name for it.
        """
        numbers = self.response.numbers
        channels = {}
        for place, channel in enumerate(self.channels):
            four = numbers[N_NUMBERS * place : N_NUMBERS * (place + 1)]
            fitted = dict(zip(QUANTITIES, (self._parameter(one) for one in four), strict=True))
            channels[channel] = ChannelResponse(**fitted)
        media = MediaResponse(
            channels=channels,
            verdict=self.verdict.to_parameter_verdict(),
            diagnosis=self._diagnosis(),
        )
        changes: dict[str, Any] = {"media": media, "notes": self._notes()}
        dealers = [number for number in numbers if number.quantity == "dealers"]
        if dealers:
            changes["dealers"] = self._parameter(dealers[0])
        if name is not None:
            changes["name"] = name
        return self.parameters.model_copy(update=changes)

    def _parameter(self, number: Fitted) -> Parameter:
        period, money = self.data_set.metadata.frequency, self.data_set.metadata.money_unit
        units = {
            "effect": "utility when saturated",
            "carry_over": f"share a {period}",
            "half": f"{money} per household in the market",
            "slope": "steepness",
            "dealers": "utility per ln(1 + dealers)",
        }
        fitted = (
            f"Fitted to the data set '{self.data_set.name}' (sha256 {self._data_sha256}) under the parameters "
            f"'{self.parameters.name}'"
        )
        said = (
            ""
            if number.grade == "estimated"
            else f"; the data said little, so it is the prior's: {number.source}"
        )
        return Parameter(
            value=number.value,
            standard_error=number.standard_error,
            unit=units[number.quantity],
            source=fitted + said,
            grade=number.grade,
        )

    @cached_property
    def _data_sha256(self) -> str:
        return self.data_set.tables_sha256(
            [name for name in TABLES if name in self.data_set.tables]
        )

    def _notes(self) -> BilingualText:
        notes, grade = self.parameters.notes, self.verdict.grade
        if "Media response fitted" in notes.en:
            return notes
        said = {"usable": "可用", "with_care": "谨慎使用", "refuse": "不予采用"}
        return BilingualText(
            en=f"{notes.en} Media response fitted ({grade.replace('_', ' ')}).",
            zh=f"{notes.zh}媒体响应为拟合值（{said[grade]}）。",
        )

    def _diagnosis(self) -> ParameterDiagnosis:
        mode, last = self.response.mode, self.elasticities.iloc[-1]
        numbers = {name: value for name, value in self.response.facts.items() if value is not None}
        numbers["short_run_elasticity"] = float(last["short_run"])
        numbers["short_run_elasticity_error"] = float(last["short_run_error"])
        numbers["long_run_elasticity_error"] = float(last["long_run_error"])
        numbers["error_spread"] = float(np.sqrt(mode.variance))
        numbers["error_memory"] = mode.memory
        return ParameterDiagnosis(method="posterior mode", n=mode.n, numbers=numbers)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON, in full precision."""
        mode = self.response.mode
        return {
            "schema": 1,
            "data": {"name": self.data_set.name, "sha256": self._data_sha256},
            "parameters": self.parameters.name,
            "verdict": asdict(self.verdict),
            "numbers": [asdict(number) for number in self.response.numbers],
            "elasticities": self.elasticities.to_dict(orient="records"),
            "facts": dict(self.response.facts),
            "n": mode.n,
            "error_spread": float(np.sqrt(mode.variance)),
            "error_memory": mode.memory,
            "covariance": mode.covariance.tolist(),
        }


def fit_media(
    data_set: DataSet, parameters: ParameterSet, priors: MediaPriors | Path | None = None
) -> MediaFit:
    """Fit how cars sold answer to media and dealers, by channel, under a demand model.

    Parameters
    ----------
    data_set : DataSet
        With the tables products, sales, market and media; and dealers, where there are any.
    parameters : ParameterSet
        Demand; its own response to media, if any, is not looked at.
    priors : MediaPriors or Path, optional
        What is believed beforehand; by default what ships with the package.

    Raises
    ------
    InputError
        If there is no media table, or the tables or priors cannot be used; with all faults.
    ConvergenceError
        Reason ``"inversion"`` or ``"iterations"``.
    """
    believed = priors if isinstance(priors, MediaPriors) else read_priors(priors)
    panel, cells = market_panel(data_set, parameters, believed)
    check_channels(believed, panel.channels)
    return MediaFit(data_set, parameters, cells, fit_panel(panel, believed))
