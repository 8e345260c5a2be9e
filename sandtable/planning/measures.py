"""What planning speaks of: units, share of sales, contribution profit."""

from __future__ import annotations

import numpy as np

from sandtable.market.primitives import FloatArray

MEASURES = ("units", "share_of_sales", "contribution_profit")


def share_of_sales(units: FloatArray, sold: FloatArray) -> FloatArray:
    """Return units over all units sold, the outside good left out; 0 where nothing is sold."""
    return np.divide(units, sold, out=np.zeros(np.shape(units)), where=sold != 0)
