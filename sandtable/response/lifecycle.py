"""Life of a product: it becomes known after launch, ages, and a facelift restores a part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Lifecycle:
    """How attraction depends on age.

    Parameters
    ----------
    ramp : float
        Periods after which a new product has reached 63 % of its strength, 0 or more; 0: at once.
    decay : float
        Attraction lost in a period once launched, in log points, 0 or more.
    restored : float
        Attraction that a facelift gives back, in log points, 0 or more.

    Raises
    ------
    ValueError
        If a number is negative.
    """

    ramp: float = 0.0
    decay: float = 0.0
    restored: float = 0.0

    def __post_init__(self) -> None:
        for name in ("ramp", "decay", "restored"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} is {getattr(self, name):g}; it must be 0 or more.")

    def log_attraction(
        self, ages: FloatArray, since_facelift: FloatArray | None = None
    ) -> FloatArray:
        """Log of attraction against a known product that never aged.

        Parameters
        ----------
        ages : ndarray
            Periods since launch: 0 in the launch period; negative before it.
        since_facelift : ndarray, optional
            Periods since the facelift: 0 in its period; negative or NaN where there is none yet.

        Returns
        -------
        ndarray
            ``ln(1 - exp(-(age + 1) / ramp)) - decay * age + restored``, the last after a facelift; minus infinity
            before launch.
        """
        ages = np.asarray(ages, dtype=np.float64)
        launched = ages >= 0
        reached = np.where(launched, ages, 0.0)
        known = np.zeros_like(reached)
        if self.ramp:
            known = np.log1p(-np.exp(-(reached + 1) / self.ramp))
        life = known - self.decay * reached
        if since_facelift is not None:
            life = life + self.restored * (np.asarray(since_facelift, dtype=np.float64) >= 0)
        return np.where(launched, life, -np.inf)
