"""A market to draw: 45 of 60 models in five segments, one price moved and one rival answering."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from sandtable.app.components.board import kernel_hash
from sandtable.app.components.board_text import board_text

BANDS = [150_000, 200_000, 250_000, 300_000, 350_000, 400_000]
BAND_UNITS = [53_034, 68_953, 59_583, 30_520, 19_474, 8_896]
BASE_BAND_UNITS = [53_700, 68_560, 58_340, 30_880, 19_580, 8_940]
ROW_UNITS = [65_054, 21_988, 86_264, 49_419, 17_735]
ROWS = {
    "en": ["Mid sedan", "Large sedan", "Mid SUV", "Large SUV", "MPV"],
    "zh": ["中型轿车", "大型轿车", "中型 SUV", "大型 SUV", "MPV"],
}
FIRMS = ["Nova", "Orion", "Lyra", "Cetus", "Draco", "Phoenix", "Corvus"]
PRICE_COEFFICIENT = 1.6e-5

Piece = tuple[str, str, int, int, int, int, int]

# name, firm, row, base price, price, base units, units
PIECES: list[Piece] = [
    ("N3", "Nova", 0, 219800, 219800, 5860, 5780),
    ("N5", "Nova", 2, 268800, 255400, 7240, 8940),
    ("N7", "Nova", 3, 338800, 338800, 3980, 3927),
    ("N9", "Nova", 4, 428800, 428800, 1640, 1619),
    ("O1", "Orion", 0, 209900, 209900, 9900, 9791),
    ("O2", "Orion", 1, 299900, 299900, 4300, 4252),
    ("O3", "Orion", 2, 249900, 239900, 7900, 8919),
    ("O5", "Orion", 3, 358000, 358000, 5300, 5245),
    ("O6", "Orion", 2, 312000, 312000, 4200, 4020),
    ("L1", "Lyra", 0, 239900, 239900, 15600, 15540),
    ("L2", "Lyra", 2, 279900, 279900, 13800, 13557),
    ("L3", "Lyra", 3, 399000, 399000, 3600, 3587),
    ("L4", "Lyra", 1, 346000, 346000, 3000, 2989),
    ("L5", "Lyra", 4, 365000, 365000, 3100, 3088),
    ("C1", "Cetus", 0, 179800, 179800, 12800, 12749),
    ("C2", "Cetus", 2, 199800, 199800, 14200, 13915),
    ("C3", "Cetus", 2, 235800, 235800, 8300, 8143),
    ("C4", "Cetus", 3, 289800, 289800, 8900, 8864),
    ("D1", "Draco", 1, 259000, 259000, 5200, 5179),
    ("D2", "Draco", 3, 319800, 319800, 7400, 7371),
    ("D3", "Draco", 3, 435000, 435000, 2700, 2691),
    ("D4", "Draco", 4, 399000, 399000, 2300, 2291),
    ("P1", "Phoenix", 0, 192000, 192000, 5200, 5179),
    ("P2", "Phoenix", 2, 222000, 222000, 6100, 5982),
    ("P3", "Phoenix", 3, 274000, 274000, 5100, 5079),
    ("P4", "Phoenix", 4, 309000, 309000, 4700, 4680),
    ("K1", "Corvus", 1, 389000, 389000, 2600, 2591),
    ("K2", "Corvus", 3, 459000, 459000, 1900, 1894),
    ("K3", "Corvus", 2, 333000, 333000, 3300, 3246),
    ("K4", "Corvus", 4, 452000, 452000, 1100, 1096),
    ("V1", "Vela", 0, 168000, 168000, 7900, 7869),
    ("V2", "Vela", 2, 184000, 184000, 6700, 6562),
    ("A1", "Ara", 0, 201000, 201000, 3900, 3885),
    ("A2", "Ara", 2, 246000, 246000, 3400, 3337),
    ("M1", "Mensa", 1, 228000, 228000, 3000, 2988),
    ("M2", "Mensa", 3, 252000, 252000, 4600, 4581),
    ("T1", "Tucana", 2, 169000, 169000, 5200, 5090),
    ("T2", "Tucana", 4, 268000, 268000, 2900, 2887),
    ("S1", "Sculptor", 1, 318000, 318000, 1900, 1893),
    ("S2", "Sculptor", 3, 379000, 379000, 2100, 2092),
    ("I1", "Indus", 0, 258000, 258000, 2300, 2291),
    ("I2", "Indus", 2, 292000, 292000, 2700, 2653),
    ("G1", "Grus", 4, 335000, 335000, 1500, 1494),
    ("G2", "Grus", 1, 431000, 431000, 1200, 1196),
    ("H1", "Hydra", 3, 233000, 233000, 3000, 2988),
]


def pieces() -> list[dict[str, Any]]:
    """Give the drawn pieces; G2 cannot be moved."""
    return [
        {
            "id": name,
            "name": name,
            "firm": firm,
            "own": firm == "Nova",
            "row": row,
            "price": price,
            "base_price": base_price,
            "units": units,
            "base_units": base_units,
            "answering": name == "O3",
            "movable": name != "G2",
            "seen": [245_000, 285_000]
            if name == "N5"
            else [base_price - 30_000, base_price + 30_000],
        }
        for name, firm, row, base_price, price, base_units, units in PIECES
    ]


def kernel() -> dict[str, Any]:
    """Give a plain logit that reproduces the units at the confirmed prices."""
    market = 2_000_000.0
    outside = market - sum(row[6] for row in PIECES) - 6_450
    prices = [float(row[4]) for row in PIECES] + [250_000.0]
    units = [float(row[6]) for row in PIECES] + [6_450.0]
    deltas = [
        math.log(count / outside) + PRICE_COEFFICIENT * price
        for count, price in zip(units, prices, strict=True)
    ]
    return {
        "alphas": [PRICE_COEFFICIENT],
        "weights": [1.0],
        "sigma_outer": 0.0,
        "sigma_inner": 0.0,
        "outer": [0] * len(prices),
        "inner": [0] * len(prices),
        "deltas": [deltas],
        "prices": [prices],
        "market_sizes": [market],
    }


def sum_units(column: int, group: Callable[[Piece], int], groups: int) -> list[float]:
    """Sum one column of the pieces by group."""
    sums = [0.0] * groups
    for piece in PIECES:
        sums[group(piece)] += float(piece[column])
    return sums


def band_of(price: int) -> int:
    """Give the position of the band that a price lies in."""
    return sum(price >= edge for edge in BANDS[1:])


def view(language: Literal["en", "zh"] = "en", **changes: Any) -> dict[str, Any]:
    """Give the data of the board."""
    drawn = sum_units(6, lambda piece: band_of(piece[4]), 6)
    base = sum_units(5, lambda piece: band_of(piece[3]), 6)
    by_row = sum_units(6, lambda piece: piece[2], 5)
    share_kernel = kernel()
    return {
        "kernel_hash": kernel_hash(share_kernel),
        "kernel": share_kernel,
        "products": [row[0] for row in PIECES] + ["R1"],
        "pieces": pieces(),
        "rows": ROWS[language],
        "bands": BANDS,
        "rest": {
            "count": 15,
            "of": 60,
            "units": 6_450,
            "base_units": 6_450,
            "by_band": [whole - part for whole, part in zip(BAND_UNITS, drawn, strict=True)],
            "base_by_band": [
                whole - part for whole, part in zip(BASE_BAND_UNITS, base, strict=True)
            ],
            "by_row": [whole - part for whole, part in zip(ROW_UNITS, by_row, strict=True)],
        },
        "firms": {"order": FIRMS, "own": "Nova", "others_count": 11},
        "selected": "N5",
        "price_step": 1_000,
        "price_range": [152_000, 470_000],
        "money": {"currency": "CNY", "style": "cny"},
        "language": language,
        "text": board_text(language, "cny"),
        "acknowledged": None,
        "revision": 7,
        "base_period_label": "Jun 2026",
        "busy": False,
        "view": "board",
        **changes,
    }
