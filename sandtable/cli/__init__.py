"""The command line: ``sandtable run | validate | compare | levers | data | market | estimate | calibrate | ...``.

Every command has ``--json`` (one object, full precision). Exit codes: 0 done, 2 bad input (all faults listed),
3 did not converge or cannot be reached.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import typer

from sandtable.cli import (
    attribute,
    calibration,
    data,
    decisions,
    estimation,
    explain,
    forecast,
    funnel,
    goal,
    governance,
    indicators,
    lever_backtest,
    market,
    media,
    oneid,
    optimise,
    quality,
    records,
    scenarios,
    sweep,
    tornado,
    tree,
    uncertainty,
    wargame,
)
from sandtable.errors import ConvergenceError, InputError, SandtableError

BAD_INPUT, NOT_CONVERGED = 2, 3

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="A competitive market sand-table: run, check and compare market scenarios.",
    pretty_exceptions_enable=False,
)
app.command("run")(scenarios.run_scenario)
app.command()(scenarios.validate)
app.command("compare")(scenarios.compare_scenarios)
app.command()(scenarios.levers)
app.command()(sweep.sweep)
app.command()(goal.goal)
app.command()(optimise.optimise)
app.command()(uncertainty.uncertainty)
app.command()(tornado.tornado)
app.command()(attribute.attribute)
app.command()(tree.tree)
app.command()(wargame.wargame)
app.command()(explain.explain)
app.command()(estimation.estimate)
app.command()(calibration.calibrate)
app.command()(calibration.posterior)
app.command()(calibration.literature)
app.command()(forecast.backtest)
app.command()(forecast.forecast)
app.command()(lever_backtest.lever_backtest)
data.app.command("records")(records.data_records)
app.add_typer(data.app, name="data")
app.add_typer(market.app, name="market")
app.add_typer(funnel.app, name="funnel")
app.add_typer(media.app, name="media")
quality.register(indicators.app)
governance.register(indicators.app)
app.add_typer(indicators.app, name="indicators")
app.add_typer(oneid.app, name="oneid")
app.add_typer(decisions.app, name="decisions")


def main() -> None:
    """Run the command line; user errors become sentences and exit codes."""
    sys.exit(run_command(app))


def run_command(command: Callable[[], Any]) -> int:
    """Call a command and turn the errors meant for users into sentences and exit codes."""
    try:
        command()
    except InputError as error:
        print(error, file=sys.stderr)  # noqa: T201
        count = len(error.faults)
        print(f"{count} fault{'s' if count > 1 else ''}; nothing was written.", file=sys.stderr)  # noqa: T201
        return BAD_INPUT
    except ConvergenceError as error:
        print(f"did not converge ({error.reason}): {error}", file=sys.stderr)  # noqa: T201
        return NOT_CONVERGED
    except SandtableError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return BAD_INPUT
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0
