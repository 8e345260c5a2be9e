"""The errors a user may see, each a sentence that says where, what, what was expected and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class SandtableError(Exception):
    """Base of every error meant for a user; anything else that escapes is a bug."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong at one place of one file.

    Parameters
    ----------
    file : str
        The file as the user named it.
    place : str
        Where in the file: ``levers[0].product`` or ``row 12, column units``; empty for the whole file.
    message : str
        What is wrong, what was expected, and what to do.
    """

    file: str
    place: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.message}"


class InputError(SandtableError):
    """Input that was refused, with *all* its faults, in file order.

    Parameters
    ----------
    faults : iterable of Fault
        At least one.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Fault, ...]]]:
        """Let it travel between processes: it is made from its faults, not from its text."""
        return type(self), (self.faults,)


class ConvergenceError(SandtableError):
    """A calculation that did not reach its tolerance; its numbers are never shown.

    Parameters
    ----------
    reason : str
        A short name of the reason, one of a fixed set that the raising function documents.
    message : str
        The sentence for the user.
    """

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)

    def __reduce__(self) -> tuple[type[ConvergenceError], tuple[str, str]]:
        """Let it travel between processes with its reason."""
        return type(self), (self.reason, str(self))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Close a sentence about an unknown name with the nearest known one, or with the list.

    Parameters
    ----------
    name : str
        What the user wrote.
    known : iterable of str
        What would have been understood.

    Returns
    -------
    str
        ``"; did you mean 'N5'?"`` or ``"; known: N3, N5"`` (at most 12 names) or an empty string.

    Examples
    --------
    >>> did_you_mean("ET5", ["ET5T", "ES6"])
    "; did you mean 'ET5T'?"
    """
    names = [str(item) for item in known]
    folded = {item.casefold(): item for item in reversed(names)}
    close = difflib.get_close_matches(str(name).casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{folded[close[0]]}'?"
    if not names:
        return ""
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"; known: {', '.join(names[:12])}{more}"
