"""Blocks of a sweep on the workers of a dask cluster."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from sandtable.errors import Fault, InputError
from sandtable.market.primitives import FloatArray, IntArray

if TYPE_CHECKING:
    from sandtable.planning.sweeps.sweeping import Job

Block = tuple[int, int]
PATIENCE = 10  # seconds to wait for the scheduler


def evaluated_on(
    address: str, job: Job, blocks: Sequence[tuple[Block, IntArray]]
) -> Generator[tuple[Block, FloatArray]]:
    """Evaluate blocks on a cluster and yield them as they are done; closing the generator takes back the rest.

    Raises
    ------
    InputError
        If dask.distributed is not installed, nobody answers at the address, or a worker has another data set.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        message = "needs dask.distributed; install sandtable[cluster]."
        raise InputError([Fault("sweep", "cluster", message)]) from error
    from sandtable.planning.sweeps.sweeping import evaluate

    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        message = f"no dask scheduler answers at '{address}'; start one with `dask scheduler`."
        raise InputError([Fault("sweep", "cluster", message)]) from error
    with client:
        shared = client.scatter(job, broadcast=True)
        futures = {
            client.submit(evaluate, shared, levels, pure=False): block for block, levels in blocks
        }
        try:
            for future, sums in as_completed(futures, loop=client.loop, with_results=True):
                yield futures[future], sums
        finally:
            client.cancel(list(futures))
