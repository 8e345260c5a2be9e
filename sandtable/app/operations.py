"""What the user did on the board: the browser's message -> checked operations.

The message crosses a trust border: anything may stand in it. Nothing here raises on its content;
what is not understood comes back as a `Refusal` with a reason.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

MAXIMUM_OPERATIONS = 1_000
MAXIMUM_SEQ = 2**53 - 1  # the largest whole number a browser counts exactly
MAXIMUM_CLIENT_LENGTH = 64

RefusalReason = Literal["form", "order", "kind", "product", "price", "row", "count"]


@dataclass(frozen=True)
class Move:
    """A product was given a list price, in the currency of the data set."""

    seq: int
    product: str
    price: float


@dataclass(frozen=True)
class Select:
    """A product was picked."""

    seq: int
    product: str


@dataclass(frozen=True)
class Launch:
    """A new piece of the own firm was put on a row of the board, at a list price in the currency of the data set."""

    seq: int
    row: int
    price: float


Operation = Move | Select | Launch


@dataclass(frozen=True)
class Refusal:
    """An operation that was not understood.

    Attributes
    ----------
    position : int
        Where it stood in the message, from 0.
    reason : str
        ``form`` (not an operation), ``order`` (number does not rise), ``kind``, ``product``
        (unknown), ``price`` (not a finite positive number), ``row`` (the board has no such row) or
        ``count`` (message too long).
    """

    position: int
    reason: RefusalReason


@dataclass(frozen=True)
class Acknowledgement:
    """The last operation of one browser that was dealt with."""

    client: str
    seq: int

    def as_data(self) -> dict[str, str | int]:
        """Return it as the board expects it."""
        return {"client": self.client, "seq": self.seq}


@dataclass(frozen=True)
class ReadLog:
    """One message, read.

    Attributes
    ----------
    operations : tuple of Operation
        Understood and not dealt with yet, in order.
    refusals : tuple of Refusal
        Not understood; they are acknowledged too, or the browser would send them for ever. Only
        what lies beyond the longest message (``count``) is left for the next one.
    acknowledged : Acknowledgement or None
        What to acknowledge once the operations are applied; None before any message.
    """

    operations: tuple[Operation, ...]
    refusals: tuple[Refusal, ...]
    acknowledged: Acknowledgement | None


def read_log(
    log: object,
    acknowledged: Acknowledgement | None,
    *,
    products: Collection[str],
    n_rows: int = 0,
) -> ReadLog:
    """Read a message of the board.

    Parameters
    ----------
    log : object
        ``{"client": text, "ops": [{"seq", "kind", "product", "price"}, ...]}`` as it came; a launch has
        a ``row`` instead of a product.
    acknowledged : Acknowledgement or None
        The last operation that was dealt with. A message of another client starts afresh.
    products : collection of str
        Products that exist.
    n_rows : int
        Rows of the board that a new piece may be put on.

    Returns
    -------
    ReadLog
        Never raises on what stands in the message.
    """
    client = log.get("client") if isinstance(log, Mapping) else None
    entries = log.get("ops") if isinstance(log, Mapping) else None
    named = isinstance(client, str) and 0 < len(client) <= MAXIMUM_CLIENT_LENGTH
    if not named or not isinstance(entries, Sequence) or isinstance(entries, (str, bytes)):
        return ReadLog((), (), acknowledged)
    assert isinstance(client, str)
    same = acknowledged is not None and acknowledged.client == client
    done = acknowledged.seq if acknowledged is not None and same else 0
    operations: list[Operation] = []
    refusals: list[Refusal] = []
    last = 0
    for position, entry in enumerate(entries):
        if position >= MAXIMUM_OPERATIONS:
            refusals.append(Refusal(position, "count"))
            break
        seq = _seq(entry)
        if seq is None or seq <= last:
            refusals.append(Refusal(position, "form" if seq is None else "order"))
            continue
        last = seq
        if seq <= done:
            continue
        result = _operation(seq, entry, products, n_rows)
        if isinstance(result, str):
            refusals.append(Refusal(position, result))
        else:
            operations.append(result)
    return ReadLog(tuple(operations), tuple(refusals), Acknowledgement(client, max(done, last)))


def _seq(entry: object) -> int | None:
    seq = entry.get("seq") if isinstance(entry, Mapping) else None
    if not isinstance(seq, int) or isinstance(seq, bool):
        return None
    return seq if 0 < seq <= MAXIMUM_SEQ else None


def _operation(
    seq: int, entry: object, products: Collection[str], n_rows: int
) -> Operation | RefusalReason:
    assert isinstance(entry, Mapping)
    kind, product = entry.get("kind"), entry.get("product")
    if kind == "launch":
        return _launch(seq, entry.get("row"), entry.get("price"), n_rows)
    if kind not in ("move", "select"):
        return "kind"
    if not isinstance(product, str) or product not in products:
        return "product"
    if kind == "select":
        return Select(seq, product)
    price = _price(entry.get("price"))
    return "price" if price is None else Move(seq, product, price)


def _launch(seq: int, row: object, price: object, n_rows: int) -> Launch | RefusalReason:
    if not isinstance(row, int) or isinstance(row, bool) or not 0 <= row < n_rows:
        return "row"
    read = _price(price)
    return "price" if read is None else Launch(seq, row, read)


def _price(value: object) -> float | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        price = float(value)
    except OverflowError:
        return None
    return price if math.isfinite(price) and price > 0 else None
