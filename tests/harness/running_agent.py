"""The card agent as a process of its own, on a free port of both loopback addresses."""

import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from tests.harness.processes import ROOT, Process, free_port


class RunningAgent:
    """An agent that listens. ``started_in`` says after how many seconds."""

    def __init__(
        self, folder: Path, *words: str, program: tuple[str, ...] = ("-m", "idp.cardbridge"), port: int | None = None
    ) -> None:
        self.port = port or free_port()
        self.address = f"http://localhost:{self.port}"
        self.origins = folder / "origins.json"
        self.log = folder / "agent.log"
        command = [sys.executable, *program, "--backend", *words]
        began = time.monotonic()
        self._process = Process(
            [*command, "--port", str(self.port), "--origins", str(self.origins)],
            folder=ROOT if program[0] == "-m" else folder,
            environment={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            log=self.log,
        )
        while not self._answers():
            assert self._process.is_running(), f"the agent ended: {self.log.read_text()}"
            assert time.monotonic() - began < 20, f"the agent does not answer: {self.log.read_text()}"
            time.sleep(0.005)
        self.started_in = time.monotonic() - began

    @property
    def memory(self) -> int:
        """Its resident set in bytes."""
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def seconds_of_work(self) -> float:
        """The processor time it has used."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def stop(self) -> None:
        """End it."""
        self._process.stop()

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/agent.css", timeout=2).close()
        except (urllib.error.URLError, OSError):
            return False
        return True
