"""Who wins and who loses, and where volume comes from: titles that are findings, and rows for the charts."""

from __future__ import annotations

from typing import Any

from sandtable.app.formatting import Format
from sandtable.app.text import Text
from sandtable.scenario.summary import VolumeSource

SHOWN = 8


def winners_title(changes: dict[str, float], text: Text, write: Format) -> str:
    """Return who gains most and who loses most."""
    winner, loser = next(iter(changes)), next(reversed(changes))
    gains, loses = round(changes[winner]) > 0, round(changes[loser]) < 0
    if not gains and not loses:
        return text("winners_flat")
    units, lost = write.count(changes[winner]), write.count(-changes[loser])
    if not loses:
        return text("winners_up", winner=winner, units=units)
    if not gains:
        return text("winners_down", loser=loser, lost=lost)
    return text("winners_title", winner=winner, units=units, loser=loser, lost=lost)


def change_rows(
    changes: dict[str, float], own_firm: str, text: Text, write: Format
) -> list[dict[str, Any]]:
    """Return the firms with the largest changes, the own firm among them, the rest as one row."""
    by_size = sorted(changes, key=lambda firm: (firm != own_firm, -abs(changes[firm])))
    named = sorted(by_size[:SHOWN], key=lambda firm: -changes[firm])
    rows = [(firm, changes[firm]) for firm in named]
    if len(changes) > SHOWN:
        rows.append((text("others"), sum(changes[firm] for firm in by_size[SHOWN:])))
    return _rows(rows, write)


def source_rows(source: VolumeSource, text: Text, write: Format) -> list[dict[str, Any]]:
    """Return the three sources, then the rivals that give most."""
    rivals = sorted(source.from_rivals.items(), key=lambda pair: -abs(pair[1]))
    named = sorted(rivals[: SHOWN - 3], key=lambda pair: -pair[1])
    rows = [
        (text("source_rivals"), sum(source.from_rivals.values())),
        *((f"\u2003{firm}", value) for firm, value in named),
    ]
    if len(rivals) > SHOWN - 3:
        rows.append((f"\u2003{text('others')}", sum(value for _, value in rivals[SHOWN - 3 :])))
    rows.append((text("source_own"), source.from_own))
    rows.append((text("source_outside"), source.from_outside))
    return _rows(rows, write)


def _rows(rows: list[tuple[str, float]], write: Format) -> list[dict[str, Any]]:
    return [
        {"label": label, "value": value, "text": write.signed_count(value)} for label, value in rows
    ]


def source_title(source: VolumeSource, product: str, text: Text, write: Format) -> str:
    """Return the finding: how many of a hundred cars come from where."""
    if not round(source.gain):
        return text("source_title_none", product=product)
    rivals = sum(source.from_rivals.values()) / source.gain
    outside = source.from_outside / source.gain
    if not (0 <= rivals <= 1 and 0 <= outside <= 1):
        return text("source_title_mixed", product=product)
    key = "source_title" if source.gain > 0 else "source_title_loss"
    return text(key, rivals=round(100 * rivals), outside=round(100 * outside), product=product)
