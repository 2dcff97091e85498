"""What a process and everything below it has used, from /proc: CPU, resident and proportional memory."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB of all processes together: RSS counts shared pages once for each process, PSS once for all."""

    rss: float
    pss: float
    processes: int


def _stat(pid: int) -> tuple[int, int] | None:
    """Parent, and ticks of user and system time with those of waited-for children (proc_pid_stat(5))."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may itself hold spaces and parentheses.
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), sum(int(field) for field in fields[11:15])


def tree(root: int) -> dict[int, int]:
    """Every living process from this one down, with its ticks."""
    seen = {int(name): _stat(int(name)) for name in os.listdir("/proc") if name.isdigit()}
    children: dict[int, list[int]] = {}
    for pid, stat in seen.items():
        if stat:
            children.setdefault(stat[0], []).append(pid)
    found: dict[int, int] = {}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        stat = seen.get(pid)
        if stat and pid not in found:
            found[pid] = stat[1]
            waiting.extend(children.get(pid, []))
    return found


def cpu_milliseconds(root: int | None) -> float:
    """CPU time of the tree so far: living processes and those waited for. 0 without a root."""
    return sum(tree(root).values()) * _TICK_MS if root else 0.0


def memory(root: int) -> Memory:
    """RSS and PSS of the tree now (smaps_rollup)."""
    rss = pss = 0
    pids = tree(root)
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        except (FileNotFoundError, ProcessLookupError):
            continue
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        rss += sizes.get("Rss", 0)
        pss += sizes.get("Pss", 0)
    return Memory(round(rss / 1024, 1), round(pss / 1024, 1), len(pids))


def database_processes(root: int | None, database: str) -> list[int]:
    """The processes of a PostgreSQL server that answer sessions of this database."""
    title = f"postgres: postgres {database} ".encode()
    return [pid for pid in tree(root) if _command_line(pid).startswith(title)] if root else []


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@dataclass(frozen=True, slots=True)
class Share:
    """Ms that the threads of some processes have run, and that they were ready to run but others had the cores."""

    ran: float
    waited: float


def share(pids: Iterable[int]) -> Share:
    """What these processes have had of the cores so far (/proc/<pid>/task/<tid>/schedstat); 0 where no kernel says."""
    ran = waited = 0
    for pid in pids:
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/schedstat", "rb") as file:
                    told = file.read().split()
                ran += int(told[0])
                waited += int(told[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return Share(ran / 1e6, waited / 1e6)


def undisturbed(took: float, before: Share, after: Share) -> float:
    """How long something took less the time it waited for a core that other work had, but at least what it ran."""
    return min(took, max(took - max(0.0, after.waited - before.waited), after.ran - before.ran))
