"""What a process and everything below it has used, from /proc: CPU, resident and proportional memory."""

import os
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
