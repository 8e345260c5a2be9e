"""A bounded memory for what is dear to compute and never changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """The values last asked for, by key; safe for the threads of the app's sessions.

    Parameters
    ----------
    limit : int
        How many are kept; the one not asked for the longest goes first.

    Examples
    --------
    >>> squares = Kept[int, int](limit=2)
    >>> squares.get(3, lambda: 9), squares.get(3, lambda: 0)
    (9, 9)
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of a key; make it when it is not kept (twice, should two threads ask at once)."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._limit:
                self._values.popitem(last=False)
        return value

    def peek(self, key: Key) -> Value | None:
        """Return the value of a key if it is kept; nothing is made."""
        with self._lock:
            return self._values.get(key)
