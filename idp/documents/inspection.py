"""Ask the inspector about a file, with a time limit; what it does not answer in time is refused."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from idp.documents.refusals import PROBLEMS, DocumentRefused, StorageFailed
from idp.policies.documents import FileKind

SECONDS = 20.0
INSPECTOR = Path(__file__).with_name("inspector.py")
# How a process ends that takes more than it may have.
ENDED_FOR_TAKING_MORE = {-signal.SIGXCPU, -signal.SIGKILL}


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file that is taken: what it is, and how many pages it has."""

    kind: FileKind
    pages: int


def inspect_file(source: Path, target: Path, preview: Path) -> Inspected:
    """Judge ``source``, write what is kept to ``target`` and its first page as PNG to ``preview``.

    Raises DocumentRefused, and StorageFailed where the disk does not take what is kept.
    """
    told = _asked("judge", str(source), str(target), str(preview))
    return Inspected(FileKind(str(told["kind"])), int(str(told["pages"])))


def draw_page(source: Path, target: Path, page: int) -> None:
    """Draw a page (from 0) of a file that was taken as PNG into ``target``. Raises DocumentRefused, StorageFailed."""
    _asked("draw", str(source), str(target), str(page))


def _asked(*words: str) -> dict[str, object]:
    # By its path, isolated and without our environment: neither our settings nor our code are its business.
    command = [sys.executable, "-I", str(INSPECTOR), *words]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False, env={})  # noqa: S603  (our own program)
    except subprocess.TimeoutExpired as error:
        raise DocumentRefused("document.slow") from error
    except OSError as error:
        raise StorageFailed from error
    if done.returncode in ENDED_FOR_TAKING_MORE:
        raise DocumentRefused("document.slow")
    try:
        told = json.loads(done.stdout)
    except ValueError as error:
        # What the file did to it ended it.
        raise DocumentRefused("document.damaged") from error
    if "failed" in told:
        raise StorageFailed
    problem = told.get("refused")
    if problem is not None:
        raise DocumentRefused(problem if problem in PROBLEMS else "document.damaged")
    return dict(told)
