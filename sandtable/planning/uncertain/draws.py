"""Draws of the parameters of demand, as far as their errors are known.

Draws are normal on the scale on which posteriors are: logarithms of the price coefficient and of its spread, nesting
parameters as they are. So the price coefficient and the spread stay above 0; a draw whose nesting parameters do not
satisfy ``0 <= outer <= inner < 1`` is thrown away and drawn again (the normal is cut off, not bent), and how many were
is kept. The medians of the price coefficient and of the spread are therefore their values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from sandtable.data.parameters import ParameterSet
from sandtable.errors import Fault, InputError
from sandtable.market.primitives import BoolArray, FloatArray
from sandtable.planning.uncertain.inputs import parameters_at

N_DRAWS = 200
SEED = 20260701
FEWEST_KEPT = 0.01  # part of the draws that must be in range
LOOKED_AT = 10_000  # draws before that part is judged

Basis = Literal["covariance", "standard_errors", "none"]


@dataclass(frozen=True)
class ParameterDraws:
    """Draws of one parameter set.

    Attributes
    ----------
    parameters : ParameterSet
        The set that they surround.
    names : tuple of str
        Parameters that are drawn; the others keep their value.
    values : ndarray, shape (D, P)
        In the unit of each parameter.
    basis : str
        ``covariance``: joint; ``standard_errors``: one by one, as if independent; ``none``: nothing is known of the
        errors, and there is one draw, the values themselves.
    n_refused : int
        Draws thrown away because no demand has such parameters.
    """

    parameters: ParameterSet
    names: tuple[str, ...]
    values: FloatArray
    basis: Basis
    n_refused: int

    def __len__(self) -> int:
        return len(self.values)

    def parameter_set(self, draw: int) -> ParameterSet:
        """Return one draw as a parameter set of the same name."""
        drawn = dict(zip(self.names, self.values[draw].tolist(), strict=True))
        return parameters_at(self.parameters, drawn)

    def some(self, draws: slice) -> ParameterDraws:
        """Return some of the draws."""
        return replace(self, values=self.values[draws])

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """What a reader of the intervals must know."""
        title = f"the parameter set '{self.parameters.name}'"
        if self.basis == "none":
            return (
                f"{title} says nothing of its own errors, so that there is no interval; "
                "give its parameters standard errors or a covariance, or use one that has them.",
            )
        sentences = []
        if self.basis == "standard_errors" and len(self.names) > 1:
            sentences.append(
                f"{title} has no covariance; {', '.join(self.names)} are drawn as if their errors were independent."
            )
        held = [name for name in self.parameters.named() if name not in self.names]
        if held:
            sentences.append(
                f"{title} has no standard error of {', '.join(held)}; the intervals take it as known."
            )
        if self.n_refused:
            part = self.n_refused / (self.n_refused + len(self))
            sentences.append(
                f"{part:.1%} of the draws from {title} had nesting parameters out of range and were drawn again."
            )
        return tuple(sentences)


def draw_parameters(
    parameters: ParameterSet, n_draws: int = N_DRAWS, *, seed: int = SEED
) -> ParameterDraws:
    """Draw the parameters of demand from their errors.

    Parameters
    ----------
    parameters : ParameterSet
        With covariance: joint draws. With standard errors only, or for parameters that the covariance leaves out:
        independent ones.
    n_draws : int
        1 or more. The first draws of many are those of few.
    seed : int

    Returns
    -------
    ParameterDraws

    Raises
    ------
    ValueError
        If ``n_draws`` is below 1.
    InputError
        If hardly any draw is in range: the errors say that such a demand does not exist.
    """
    if n_draws < 1:
        raise ValueError(f"n_draws is {n_draws}; it must be 1 or more.")
    scale = _Scale.of(parameters)
    if not scale.names:
        return ParameterDraws(parameters, (), np.empty((1, 0)), "none", 0)
    generator = np.random.default_rng(seed)
    kept: list[FloatArray] = []
    n_kept = n_seen = 0
    while n_kept < n_draws:
        drawn = scale.draw(generator, n_draws)
        within = scale.in_range(drawn)
        # what comes after the last draw that is needed says nothing
        needed = np.flatnonzero(within)[: n_draws - n_kept]
        n_seen += len(drawn) if n_kept + len(needed) < n_draws else int(needed[-1]) + 1
        kept.append(drawn[needed])
        n_kept += len(needed)
        if n_seen >= LOOKED_AT and n_kept < FEWEST_KEPT * n_seen:
            message = (
                f"put {n_seen - n_kept:,} of {n_seen:,} draws out of range (0 <= outer <= inner nesting parameter "
                "< 1); the errors are too wide for such a demand: give a narrower covariance, for example a posterior."
            )
            raise InputError([Fault(f"parameters/{parameters.name}.yaml", "covariance", message)])
    basis: Basis = "standard_errors" if parameters.covariance is None else "covariance"
    return ParameterDraws(parameters, scale.names, np.concatenate(kept), basis, n_seen - n_kept)


@dataclass(frozen=True)
class _Scale:
    """Parameters with errors, on the scale where these are normal."""

    parameters: ParameterSet
    names: tuple[str, ...]
    logged: BoolArray
    centre: FloatArray
    root: FloatArray

    @classmethod
    def of(cls, parameters: ParameterSet) -> _Scale:
        named = parameters.named()
        all_names = tuple(named)
        values = np.array([item.value for item in named.values()])
        errors = np.array([item.standard_error or 0.0 for item in named.values()])
        covariance = np.diag(errors**2)
        joint = parameters.covariance
        if joint is not None:
            places = [all_names.index(name) for name in joint.names]
            covariance[np.ix_(places, places)] = joint.matrix
        # a spread of 0 has no logarithm; then it is drawn as it is, and only what is not negative is kept
        logged = np.array([name in ("price_coefficient", "price_spread") for name in all_names]) & (
            values > 0
        )
        slopes = np.where(logged, values, 1.0)
        covariance /= np.outer(slopes, slopes)
        drawn = np.diag(covariance) > 0
        eigenvalues, vectors = np.linalg.eigh(covariance[np.ix_(drawn, drawn)])
        return cls(
            parameters,
            tuple(name for name, at in zip(all_names, drawn, strict=True) if at),
            logged[drawn],
            np.where(logged, np.log(np.where(logged, values, 1.0)), values)[drawn],
            vectors * np.sqrt(np.maximum(eigenvalues, 0.0)),
        )

    def draw(self, generator: np.random.Generator, n_draws: int) -> FloatArray:
        """Return draws in the unit of each parameter, in range or not, (n, P)."""
        points = self.centre + generator.standard_normal((n_draws, len(self.names))) @ self.root.T
        return np.where(self.logged, np.exp(np.where(self.logged, points, 0.0)), points)

    def in_range(self, values: FloatArray) -> BoolArray:
        """Whether there is a demand with such parameters, (n,)."""
        drawn = dict(zip(self.names, values.T, strict=True))
        within = np.isfinite(values).all(axis=1)
        lower: FloatArray | float = 0.0
        for nest, sigma in zip(self.parameters.nests, self.parameters.sigmas, strict=True):
            at = drawn.get(f"sigma_{nest}", np.full(len(values), sigma.value))
            within &= (lower <= at) & (at < 1)
            lower = at
        if "price_spread" in drawn:
            within &= drawn["price_spread"] >= 0
        return np.asarray(within)
