"""The same question under every parameter set of the data set, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sandtable.app import session
from sandtable.app.competition.substitutes import Substitutes
from sandtable.app.formatting import MISSING
from sandtable.app.panels import badge, plain_table
from sandtable.app.state import TableState
from sandtable.app.text import Text
from sandtable.app.view import Scope, model_names
from sandtable.data.parameters import ParameterSet
from sandtable.scenario.answers import View, own_elasticity
from sandtable.scenario.base import base_of, open_parameters
from sandtable.scenario.periods import PeriodResult
from sandtable.scenario.run import Result
from sandtable.scenario.summary import totals


def model_table(
    state: TableState, scope: Scope, period_of: Callable[[Result], PeriodResult]
) -> str:
    """Return the table of answers, the parameter set on the table marked."""
    text, write, data_set = session.text(), session.writer(), session.data_set()
    rows = []
    for name, parameters in data_set.parameter_sets.items():
        title = labelled_title(parameters, text)
        result = session.try_result(replace(state.scenario, parameters=name))
        if result is None:
            rows.append([title, text("model_failed"), MISSING, MISSING, MISSING])
            continue
        item = period_of(result)
        before, after = totals(item, state.own_firm, scope.regions)
        rows.append(
            [
                title,
                write.signed_count(after.units - before.units),
                write.points(after.share_of_sales - before.share_of_sales, 2),
                write.money(after.contribution_profit - before.contribution_profit, signed=True),
                write.decimal(own_elasticity(View(item.base, state.region), state.selected)),
            ]
        )
    columns = [
        text("model"),
        text("model_units", firm=state.own_firm),
        text("model_share"),
        text("model_profit"),
        text("model_elasticity", product=state.selected or ""),
    ]
    return plain_table(columns, rows, _chosen(state))


def substitution_table(
    state: TableState,
    scope: Scope,
    product: str,
    period: str,
    period_of: Callable[[Result], PeriodResult],
    substitutes_of: Callable[[View], Substitutes],
) -> str:
    """Return what each parameter set says of one product: own elasticity, who takes its buyers, what the scenario does.

    Parameters
    ----------
    state : TableState
    scope : Scope
    product : str
        A product sold in view in the period.
    period : str
        The period of the elasticities.
    period_of : callable
        Result -> the period in view.
    substitutes_of : callable
        View -> its substitutes, from memory where they are known.
    """
    text, write, data_set = session.text(), session.writer(), session.data_set()
    rows = []
    for name, parameters in data_set.parameter_sets.items():
        base = base_of(data_set, parameters, period)
        substitutes = substitutes_of(View(base, state.region))
        rival, part = next(iter(substitutes.takers(product).items()), ("", float("nan")))
        units = MISSING
        if state.scenario.levers:
            result = session.try_result(replace(state.scenario, parameters=name))
            units = text("model_failed")
            if result is not None:
                before, after = totals(period_of(result), state.own_firm, scope.regions)
                units = write.signed_count(after.units - before.units)
        rows.append(
            [
                labelled_title(parameters, text),
                write.decimal(substitutes.own_elasticity(product)),
                text(
                    "model_taker",
                    rival=model_names(base).get(rival, MISSING),
                    cars=write.decimal(100 * part),
                ),
                write.decimal(100 * sum(substitutes.own_range(product).values())),
                units,
            ]
        )
    columns = [
        text("model"),
        text("model_own"),
        text("model_takes"),
        text("model_keeps"),
        text("model_units", firm=state.own_firm),
    ]
    return plain_table(columns, rows, _chosen(state))


def _chosen(state: TableState) -> int:
    data_set = session.data_set()
    return list(data_set.parameter_sets).index(open_parameters(state.scenario, data_set).name)


def verdict_label(parameters: ParameterSet, text: Text) -> str:
    """Return what an estimate's own verdict says of it in a word or two; empty when it may be used, or has none."""
    verdict = parameters.verdict
    return "" if verdict is None or verdict.grade == "usable" else text(f"verdict_{verdict.grade}")


def labelled_title(parameters: ParameterSet, text: Text) -> str:
    """Return the title of a parameter set with its label, so that no number goes without it."""
    title: str = getattr(parameters.title, text.language)
    label = verdict_label(parameters, text)
    return text("model_labelled", title=title, label=label) if label else title


def verdict_badge(parameters: ParameterSet, text: Text) -> str:
    """Return the label as a badge that tells its reasons when pointed at; an empty element when there is none."""
    label = verdict_label(parameters, text)
    if not label or parameters.verdict is None:
        return "<span></span>"
    reasons = " ".join(getattr(reason, text.language) for reason in parameters.verdict.reasons)
    return badge(label, parameters.verdict.grade, reasons)
