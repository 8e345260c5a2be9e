"""The sentence over the table: what was done, what it does to the share, what it costs."""

from __future__ import annotations

from sandtable.app.formatting import Format
from sandtable.app.text import Text
from sandtable.scenario.model import LeverMove, Scenario
from sandtable.scenario.summary import Totals

PRICED = ("list_price", "rival_price", "net_price")


def finding(
    scenario: Scenario,
    baseline: Totals,
    after: Totals,
    firm: str,
    prices: dict[str, float],
    *,
    answered: bool,
    text: Text,
    write: Format,
) -> str:
    """Return the finding, at most about 100 signs.

    Parameters
    ----------
    scenario : Scenario
        Its levers name the cause.
    baseline, after : Totals
        The own firm on both sides.
    firm : str
        The own firm.
    prices : dict
        List price of each product now.
    answered : bool
        Whether rivals answered.
    """
    if not scenario.levers:
        return text("empty_finding")
    many = "many" if len(scenario.levers) > 1 else "one"
    direction = _direction(baseline.share_of_sales, after.share_of_sales, write)
    effect = text(f"share_{direction}_{many}", firm=firm, share=write.percent(after.share_of_sales))
    return text(
        "finding_answered" if answered else "finding_held",
        what=_what(scenario.levers, prices, text, write),
        effect=effect,
        money=_money(baseline, after, text, write, lifts=direction == "up"),
    )


def _what(
    levers: tuple[LeverMove, ...], prices: dict[str, float], text: Text, write: Format
) -> str:
    if len(levers) > 1:
        return text("what_many", count=len(levers))
    move = levers[0]
    if move.lever in PRICED and move.product in prices:
        return text("what_price", product=move.product, price=write.price(prices[move.product]))
    if move.owner is not None:
        return text("what_owner", firm=move.firm or move.product, owner=move.owner)
    lever = text.lever(move.lever)
    target = move.product or move.firm
    return (
        text("what_one", lever=lever, target=target) if target else text("what_market", lever=lever)
    )


def _direction(before: float, after: float, write: Format) -> str:
    if write.percent(before) == write.percent(after):
        return "same"
    return "up" if after > before else "down"


def _money(baseline: Totals, after: Totals, text: Text, write: Format, *, lifts: bool) -> str:
    profit = after.contribution_profit - baseline.contribution_profit
    extra = after.units - baseline.units
    amount = write.amount(abs(profit))
    if not any(digit in write.money(profit) for digit in "123456789"):
        return text("money_same")
    if profit > 0:
        return text("money_rises", amount=amount)
    # a few extra cars that cost more than a car is worth are not what the money was lost on
    if lifts and extra >= 1 and -profit / extra < baseline.revenue / max(baseline.units, 1.0):
        return text("money_costs", amount=write.amount(-profit / extra))
    return text("money_falls", amount=amount)
