"""Where the bench works, and what it keeps."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.provider import ROOT

OUTPUT = ROOT / "var" / "bench"
LOG = "provider.log"


@contextmanager
def working_folder() -> Iterator[Path]:
    """A place on the disk of the checkout: figures from a file system in memory would flatter."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=OUTPUT))
    try:
        yield folder
    finally:
        if (folder / LOG).exists():
            shutil.copy(folder / LOG, OUTPUT / LOG)
        shutil.rmtree(folder, ignore_errors=True)


def keep(document: Mapping[str, Any], kind: str = "") -> Path:
    """Write everything measured to a JSON file of its own; its path within the checkout."""
    kept = OUTPUT / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}{kind}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    return kept.relative_to(ROOT)
