"""Parts of a result on the command line: its levers, regions, funnel and queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandtable.cli.printing import print_table

if TYPE_CHECKING:
    from sandtable.scenario.model import LeverMove
    from sandtable.scenario.run import Result


def show_levers(result: Result) -> None:
    """Print what is moved, a line each: on what, by how much, where, when, and how well its effect is known."""
    from sandtable.scenario.levers import lever_table

    lines = []
    for move in result.scenario.levers:
        on = " ".join(part for part in (move.product, move.firm, *move.further.values()) if part)
        when = f"{move.first or ''}..{move.last or ''}" if move.first or move.last else "always"
        grade = lever_table()[move.lever].evidence.grade
        lines.append([move.lever, on or "market", _amount(move), move.region or "all", when, grade])
    if lines:
        print_table("Levers", ["lever", "on", "amount", "region", "when", "evidence"], lines)


def _amount(move: LeverMove) -> str:
    from sandtable.scenario.writing import move_fields

    fields: dict[str, Any] = move_fields(move)
    parts = [_written(fields[name]) for name in ("change", "value") if name in fields]
    parts += [f"to {fields['owner']}"] if "owner" in fields else []
    if not parts:
        parts = [f"{name} {value:g}" for name, value in fields.get("terms", {}).items()]
    return ", ".join(parts[:2]) or "—"


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:,.10g}"


def show_regions(result: Result) -> None:
    """Print the own firm in each region, all periods together, largest change first."""
    from sandtable.scenario.summary import totals

    regions = result.periods[0].base.market.regions
    lines = []
    for region in regions if len(regions) > 1 else ():
        before, after = totals(result.periods, result.own_firm, (region,))
        shown = [
            cell
            for kpi in ("units", "share_of_sales")
            for cell in kpi_cells(getattr(before, kpi), getattr(after, kpi), kpi)[1:]
        ]
        if shown[1]:
            lines.append((-abs(after.units - before.units), [region, *shown]))
    if lines:
        columns = ["region", "units", "change", "share", "change"]
        print_table(f"{result.own_firm}, by region", columns, [line for _, line in sorted(lines)])


def show_stages(result: Result) -> None:
    """Print the own funnel, all periods together; nothing when no lever moved it."""
    from sandtable.scenario.summary import stage_totals

    stages = stage_totals(result.periods, result.own_firm)
    if not any(round(after - before) for before, after in stages.values()):
        return
    lines: list[list[str]] = []
    last: tuple[float, float] | None = None
    for stage, sides in stages.items():
        rates = (
            ["", ""] if last is None else [f"{s / p:.2%}" for s, p in zip(sides, last, strict=True)]
        )
        lines.append([stage.replace("_", " "), *kpi_cells(*sides, "people"), *rates])
        last = sides
    columns = ["stage", "baseline", "scenario", "change", "rate", "rate now"]
    print_table(f"{result.own_firm}, funnel", columns, lines)


def show_queues(result: Result) -> None:
    """Print orders and deliveries of the products whose capacity binds somewhere in the horizon."""
    binding: dict[str, None] = {}
    for item in result.periods:
        if item.queue is not None:
            products = item.base.market.products
            pairs = zip(products, item.queue.binding, strict=True)
            binding |= dict.fromkeys(code for code, binds in pairs if binds)
    for product in binding:
        lines = []
        for item in result.periods:
            if item.queue is None or product not in item.base.market.products:
                continue
            column = item.base.market.products.index(product)
            flows = (
                item.queue.orders,
                item.queue.deliveries,
                item.queue.cancellations,
                item.queue.backlog,
            )
            cells = [f"{flow[:, column].sum():,.0f}" for flow in flows]
            away = f"{item.queue.turned_away[column]:,.0f}"
            lines.append([item.base.period, *cells, f"{item.queue.waits[column]:.2f}", away])
        columns = ["period", "orders", "delivered", "cancelled", "waiting", "wait", "elsewhere"]
        print_table(f"Capacity of {product}; wait in periods", columns, lines)


def kpi_cells(before: float | None, after: float | None, kpi: str) -> list[str]:
    """Return baseline, scenario and change of one figure; a change that rounds to nothing is empty."""
    if before is None or after is None:
        return ["—", "—", "—"]
    if kpi in ("share_of_sales", "conversion"):
        points = round((after - before) * 100, 2)
        change = f"{points:+.2f} pt" if points else ""
        return [f"{before:.2%}", f"{after:.2%}", change]
    change = f"{after - before:+,.0f}" if round(after - before) else ""
    return [f"{before:,.0f}", f"{after:,.0f}", change]
