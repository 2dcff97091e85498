"""What the tests of this folder read: the files of the project, its tests with their marks, the tables of its docs."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.harness.processes import ROOT

DOCS = ROOT / "docs"
LEFT_OUT = ("node_modules", "__pycache__", ".venv", "var")


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that is, or would be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:  # an unpacked archive
        found = [path for path in ROOT.rglob("*") if not set(path.relative_to(ROOT).parts) & set(LEFT_OUT)]
    return tuple(sorted(path for path in found if path.is_file()))


def named(path: Path) -> str:
    """A file's name as seen from the top of the project."""
    return path.relative_to(ROOT).as_posix()


def python_files(*folders: str) -> list[Path]:
    """Our Python files in these folders of the project."""
    return [p for p in project_files() if p.suffix == ".py" and p.relative_to(ROOT).parts[0] in folders]


@dataclass(frozen=True)
class MarkedTest:
    """A test of the suite and the R-numbers it is marked with."""

    file: str
    name: str
    requirements: tuple[str, ...]


@cache
def all_tests() -> tuple[MarkedTest, ...]:
    """Every test of the suite, read from the sources."""
    return tuple(test for path in python_files("tests") for test in _tests_in(path))


def _tests_in(path: Path) -> Iterator[MarkedTest]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield MarkedTest(named(path), node.name, tuple(_requirements(node)))


def _requirements(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.requirement":
            for argument in decorator.args:
                yield ast.literal_eval(argument)


def rows_of(page: str) -> list[list[str]]:
    """The cells of every row of every table on a page of the docs, without the heads."""
    rows: list[list[str]] = []
    for line in (DOCS / page).read_text().splitlines():
        if line.startswith("|---") or line.startswith("| ---"):
            rows.pop()
        elif line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
    return rows


def in_code(text: str) -> list[str]:
    """What stands between backquotes."""
    return re.findall(r"`([^`]+)`", text)
