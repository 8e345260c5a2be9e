"""The app with three faults built in, for the browser tests: slow runs, rivals that never settle, one crash."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import sandtable.scenario.periods as one_period
import sandtable.scenario.run as running
from sandtable.market.equilibrium import Equilibrium
from sandtable.market.game import PricingGame
from sandtable.scenario.model import Scenario

DELAY = 0.4

# Streamlit runs this script anew at every step of the user; the faults are built in once
if not hasattr(running, "plain_run"):
    plain_run = running.run

    def slow_run(scenario: Scenario, *arguments: Any, **options: Any) -> running.Result:
        """Take a while, and crash when a product leaves the market."""
        time.sleep(DELAY)
        if any(move.lever == "exit" for move in scenario.levers):
            raise RuntimeError("a fault that nobody foresaw, with a /secret/path")
        return plain_run(scenario, *arguments, **options)

    def never_settles(game: PricingGame, *_: object, **__: object) -> Equilibrium:
        """Report that the rivals' prices did not settle."""
        return Equilibrium(np.full_like(game.deltas, np.nan), 1.0, 500, "iteration_limit")

    vars(running).update(plain_run=plain_run, run=slow_run)
    vars(one_period).update(equilibrium=never_settles)

from sandtable.app.router import main  # noqa: E402  (after the faults are built in)

main()
