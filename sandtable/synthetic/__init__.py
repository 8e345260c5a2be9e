"""Synthetic markets with a known truth: the data set `premium_ev`."""

from sandtable.synthetic.generating import (
    DEFAULT_SEED,
    SyntheticMarket,
    generate,
    generate_premium_ev,
)
from sandtable.synthetic.plan import Plan, premium_ev_plan

__all__ = [
    "DEFAULT_SEED",
    "Plan",
    "SyntheticMarket",
    "generate",
    "generate_premium_ev",
    "premium_ev_plan",
]
