"""Finished blocks of a sweep in a folder, so that it can be stopped and go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sandtable.errors import Fault, InputError
from sandtable.market.primitives import FloatArray
from sandtable.planning.sweeps.designs import Design

if TYPE_CHECKING:
    from sandtable.planning.sweeps.sweeping import Job

ABOUT = "sweep.json"
Block = tuple[int, int]


@dataclass(frozen=True)
class SweepStore:
    """A folder with one file for each finished block."""

    folder: Path

    @classmethod
    def opened(cls, folder: Path, job: Job, design: Design) -> SweepStore:
        """Open the folder of a sweep, or make it.

        Raises
        ------
        InputError
            If it holds another sweep or other files.
        """
        about = {"schema": 1, "sweep": _fingerprint(job, design), "scenarios": len(design)}
        file = folder / ABOUT
        if file.is_file():
            if json.loads(file.read_text(encoding="utf-8")) != about:
                message = "holds another sweep (other scenario, axes, sample or data); take another folder."
                raise InputError([Fault(str(folder), "", message)])
            return cls(folder)
        if folder.exists() and any(folder.iterdir()):
            raise InputError([Fault(str(folder), "", "is not empty; take a new folder.")])
        folder.mkdir(parents=True, exist_ok=True)
        _write(file, json.dumps(about, indent=1).encode())
        return cls(folder)

    def finished(self, blocks: Sequence[Block]) -> dict[Block, FloatArray]:
        """Return the blocks that are done."""
        paths = {block: self._path(block) for block in blocks}
        return {block: np.load(path) for block, path in paths.items() if path.is_file()}

    def add(self, block: Block, sums: FloatArray) -> None:
        """Keep a block."""
        content = BytesIO()
        np.save(content, sums)
        _write(self._path(block), content.getvalue())

    def _path(self, block: Block) -> Path:
        return self.folder / f"block-{block[0]:09d}.npy"


def _write(path: Path, content: bytes) -> None:
    """Write a file so that a stop leaves none or a whole one."""
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)


def _fingerprint(job: Job, design: Design) -> str:
    parts = {
        "scenario": job.scenario.to_dict(),
        "axes": [[axis.name, axis.amounts] for axis in job.axes],
        "data": job.data_fingerprint,
        "design": asdict(design),
    }
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
