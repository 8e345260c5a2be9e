"""The blocks of a sweep on a scheduler with two workers, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sandtable.errors import InputError
from sandtable.planning.sweeps import cluster as cluster_module
from sandtable.planning.sweeps.sweeping import sweep
from tests.planning.planned import DATA, data_set, scenario
from tests.planning.test_sweeping import CASH, PRICES

pytest.importorskip("distributed", reason="dask.distributed is not installed")

ROOT = Path(__file__).parents[2]
QUIET = ("--no-dashboard",)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a scheduler and two workers on loopback; give their address."""
    file = tmp_path_factory.mktemp("cluster") / "scheduler.json"
    where = ("--scheduler-file", str(file))
    scheduler = ("scheduler", "--host", "127.0.0.1", "--port", "0", *where, *QUIET)
    worker = (
        *("worker", "--host", "127.0.0.1", "--nworkers", "2", "--nthreads", "1", *where, *QUIET),
        *("--local-directory", str(file.parent)),
    )
    with ExitStack() as stack:
        for command in (scheduler, worker):
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *command],
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            while not file.is_file():
                assert process.poll() is None
                time.sleep(0.1)
        yield json.loads(file.read_text())["address"]


@pytest.mark.slow
def test_a_cluster_gives_the_numbers_of_one_machine_to_the_bit(cluster: str) -> None:
    swept = partial(sweep, scenario(), (*PRICES, CASH), data_set(DATA), sample=5_500)
    here, there = swept(), swept(cluster=cluster)
    assert there.complete
    np.testing.assert_array_equal(there.measures, here.measures)
    np.testing.assert_array_equal(there.levels, here.levels)


@pytest.mark.slow
def test_a_sweep_stopped_on_a_cluster_goes_on_on_one_machine(cluster: str, tmp_path: Path) -> None:
    swept = partial(sweep, scenario(), PRICES, data_set(DATA), sample=3_500)
    keep = tmp_path / "kept"
    part = swept(keep=keep, cluster=cluster, progress=lambda done, _: done < 1_000)
    assert 0 < len(part.measures) < 3_500
    rest = swept(keep=keep)
    assert rest.complete
    np.testing.assert_array_equal(rest.measures, swept().measures)


@pytest.mark.slow
def test_a_worker_with_other_data_refuses(cluster: str) -> None:
    other = replace(data_set(DATA), sha256="0" * 64)
    with pytest.raises(InputError, match="is another on this worker"):
        sweep(scenario(), PRICES, other, sample=10, cluster=cluster)


def test_nobody_at_the_address_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "PATIENCE", 0.5)
    with pytest.raises(InputError, match="no dask scheduler answers at"):
        sweep(scenario(), PRICES, data_set(DATA), sample=10, cluster="tcp://127.0.0.1:9")
