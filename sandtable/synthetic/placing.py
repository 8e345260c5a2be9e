"""A written folder takes the place of an earlier one, or the earlier one stays."""

from __future__ import annotations

from pathlib import Path


def put_in_place(folder: Path, fresh: Path, replaced: Path) -> None:
    """Put the fresh folder in place; put the earlier one back if that fails.

    Parameters
    ----------
    folder : Path
        Where it is wanted; an earlier folder there is moved to `replaced`.
    fresh : Path
        What was written, on the same file system.
    replaced : Path
        A path that does not exist yet.
    """
    if not folder.exists():
        fresh.rename(folder)
        return
    folder.rename(replaced)
    try:
        fresh.rename(folder)
    except OSError:
        replaced.rename(folder)
        raise
