"""A played war game in a folder: every round a scenario that can be run alone, and the standings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sandtable.errors import Fault, InputError
from sandtable.planning.options.wargames import Played
from sandtable.scenario.writing import write_scenario

STANDINGS = "standings.json"


def save(played: Sequence[Played], folder: Path) -> None:
    """Write each round: ``round-1.yaml``, a scenario that can be run alone, and the standings of all."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in played:
        write_scenario(one.scenario, folder / f"round-{one.number}.yaml")
    text = json.dumps([one.to_dict() for one in played], ensure_ascii=False, indent=1)
    part = folder / f"{STANDINGS}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / STANDINGS)


def differences(played: Sequence[Played], folder: Path, *, rtol: float = 1e-9) -> list[str]:
    """Hold a game against the one saved in a folder; return a sentence for each thing that drifted.

    Raises
    ------
    InputError
        If the folder holds no game.
    """
    path = folder / STANDINGS
    if not path.is_file():
        raise InputError([Fault(str(folder), "", f"holds no game; there is no {STANDINGS}.")])
    saved = json.loads(path.read_text(encoding="utf-8"))
    if len(saved) != len(played):
        return [f"{len(saved)} rounds were saved, {len(played)} are played now."]
    sentences = []
    for old, one in zip(saved, played, strict=True):
        if old["scenario_sha256"] != one.scenario.sha256:
            sentences.append(f"round {one.number}: other moves than those saved.")
        before = pd.DataFrame(old["standings"]).set_index("firm")
        now = one.standings.set_index("firm")
        for firm in now.index:
            close = np.isclose(
                now.loc[firm].to_numpy(dtype=float),
                before.reindex(columns=now.columns).loc[firm].to_numpy(dtype=float),
                rtol=rtol,
                atol=rtol * abs(float(now.loc[firm, "contribution_profit"])),
            )
            if not close.all():
                names = ", ".join(now.columns[~close])
                sentences.append(f"round {one.number}: {names} of {firm} drifted.")
    return sentences
