"""The real app in a process of its own: on a free port of this machine, with files of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "streamlit_app.py"
START_TIME = 60.0  # seconds that a busy machine may need


@dataclass(frozen=True)
class RunningApp:
    """Where the app answers, where it saves, and what it wrote to its log."""

    url: str
    home: Path
    log_file: Path

    @property
    def scenarios(self) -> Path:
        """Return the folder that the app saves to."""
        return self.home / "scenarios"

    @property
    def log(self) -> str:
        """Return what the app wrote to its log so far."""
        return self.log_file.read_text(encoding="utf-8")


def make_home(folder: Path) -> Path:
    """Make a folder that stands in for the repository: its scenarios as a copy, so that saving is safe."""
    (folder / "market_data").symlink_to(ROOT / "market_data", target_is_directory=True)
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    return folder


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(folder: Path, script: Path = SCRIPT) -> Iterator[RunningApp]:
    """Start the app, wait until it is healthy, and end it afterwards.

    Parameters
    ----------
    folder : Path
        An empty folder.
    script : Path
        The script that Streamlit runs.
    """
    port = free_port()
    log_file = folder / "app.log"
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    environment = {**os.environ, "SANDTABLE_HOME": str(make_home(folder))}
    with (
        log_file.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            app = RunningApp(f"http://127.0.0.1:{port}", folder, log_file)
            wait_until_healthy(app, process)
            yield app
        finally:
            process.terminate()


def wait_until_healthy(app: RunningApp, process: subprocess.Popen[bytes]) -> None:
    """Wait until the app answers; raise with its log when it ended or takes too long."""
    end = time.monotonic() + START_TIME
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"{app.url}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the app did not become healthy within {START_TIME:.0f} s:\n{app.log}")
