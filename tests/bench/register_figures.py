"""`python -m tests.bench.register_figures ROWS`: search the register, in a process of its own with its IDP_ settings.

Each line of standard input is an operation, how many seconds to do it, and the processes that work for it beside this
one; the answer is a line of JSON.
"""

import dataclasses
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from flask import Flask

from idp.app import create_app
from idp.db import session
from idp.policies.company_names import folded_name
from idp.policies.registry import Finding
from idp.policies.tax_id import TaxId
from idp.services.registry import look_up, search_by_name
from tests.bench.provider import ROOT, ProviderFailed
from tests.bench.register_file import number_in_register, rows
from tests.bench.timings import Timings

OPERATIONS = {"by_number": "register, by number", "by_name": "register, by name"}
NAMES_KNOWN = 2000
KNOWN_PART = 0.9


class Searches:
    """What people type: numbers of which most are in the register, and the beginnings of names."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._luck = random.Random(2)
        self._names = [row[3] for row in islice(rows(count), NAMES_KNOWN)]

    def by_number(self) -> Callable[[], None]:
        """A look-up of one number, ready to be timed."""
        is_known = self._luck.random() < KNOWN_PART
        n = self._luck.randrange(self._count) if is_known else self._luck.randrange(self._count, 9_999_999)
        number = TaxId(number_in_register(n))

        def ask() -> None:
            found = look_up(number).finding
            session.commit()
            if (found is Finding.FOUND) is not is_known:
                raise ValueError(f"{number}: {found}")

        return ask

    def by_name(self) -> Callable[[], None]:
        """A search by two characters of a name or more."""
        name = self._luck.choice(self._names)
        text = name[: self._luck.randint(2, len(name))]

        def ask() -> None:
            found = search_by_name(text)
            session.commit()
            if not found or not all(folded_name(each.name or "").startswith(folded_name(text)) for each in found):
                raise ValueError(f"{text}: {len(found)} found")

        return ask


def _measured(following: Callable[[], Callable[[], None]], seconds: float, pids: Sequence[int]) -> Timings:
    found = Timings()
    for _ in found.repeatedly(seconds):
        ask = following()
        try:
            with found.one(pids):
                ask()
        except ValueError as error:
            found.failed(error)
    return found


def main(count: int) -> None:
    """Obey the lines of standard input until it ends."""
    searches = Searches(count)
    app: Flask = create_app()
    with app.app_context():
        for line in sys.stdin:
            name, seconds, *pids = line.split()
            found = _measured(getattr(searches, name), float(seconds), [os.getpid(), *map(int, pids)])
            print(json.dumps(dataclasses.asdict(found)), flush=True)


class RegisterProcess:
    """Such a process, as the measuring one sees it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.pid = process.pid

    def measure(self, name: str, seconds: float, pids: Sequence[int]) -> Timings:
        """Do an operation for so long. Raises ProviderFailed when the process has ended."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ProviderFailed("the process that searches the register has no pipes")
        try:
            print(name, seconds, *pids, file=self._process.stdin, flush=True)
            return Timings(**json.loads(self._process.stdout.readline()))
        except (BrokenPipeError, ValueError) as error:
            raise ProviderFailed("the process that searches the register has ended") from error


@contextmanager
def register_process(environment: Mapping[str, str], count: int) -> Iterator[RegisterProcess]:
    """Start one, and end it after the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.register_figures", str(count)],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield RegisterProcess(process)
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    main(int(sys.argv[1]))
