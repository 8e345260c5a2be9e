"""The layers of uncertainty: parameters of demand, forecast of the coming periods, inputs beside demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sandtable.errors import did_you_mean
from sandtable.planning.uncertain.draws import ParameterDraws
from sandtable.planning.uncertain.inputs import InputDraws
from sandtable.planning.uncertain.level_draws import LevelDraws

LAYERS = ("parameters", "forecast", "inputs")


@dataclass(frozen=True)
class LayerDraws:
    """What is drawn; each layer by itself.

    Attributes
    ----------
    asked : tuple of str
        Layers that were asked for.
    parameters : ParameterDraws
        One draw, the values themselves, where they are not drawn.
    inputs : InputDraws or None
        None where they are not drawn, or none matters to the scenario.
    levels : LevelDraws or None
    """

    asked: tuple[str, ...]
    parameters: ParameterDraws
    inputs: InputDraws | None
    levels: LevelDraws | None

    @property
    def drawn(self) -> tuple[str, ...]:
        """Layers that really vary."""
        varies = {
            "parameters": bool(self.parameters.names),
            "forecast": self.levels is not None and bool(self.levels.sales.any()),
            "inputs": self.inputs is not None,
        }
        return tuple(layer for layer in LAYERS if varies[layer])

    @property
    def n_draws(self) -> int:
        """Draws; one where nothing varies."""
        found = [len(self.parameters)]
        if self.inputs is not None:
            found.append(len(self.inputs.values))
        if self.levels is not None and self.levels.sales.any():
            found.append(len(self.levels.sales))
        return max(found)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a reader of the intervals must know."""
        said: tuple[str, ...] = ()
        if "parameters" in self.asked:
            said = self.parameters.sentences
        if self.inputs is not None:
            said += self.inputs.sentences
        if self.levels is not None:
            said += self.levels.sentences
        return said


def checked_layers(layers: Sequence[str]) -> None:
    """Refuse a layer that there is not.

    Raises
    ------
    ValueError
        With the name meant.
    """
    for layer in layers:
        if layer not in LAYERS:
            raise ValueError(f"no layer is called '{layer}'{did_you_mean(layer, LAYERS)}")
