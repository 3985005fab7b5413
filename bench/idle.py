"""What a server takes that has nothing to do: processor and memory of its whole tree, database and workers included."""

import sys
import time
from pathlib import Path

import psutil

from bench.report import Figure
from bench.server import Server, running

NAMES = ("idle_cpu_pct", "idle_rss_mb")
RUNS = 5
SETTLE_SECONDS = 5
SECONDS = 10
MB = 1024


def measure(wanted: frozenset[str]) -> None:
    """The memory is what is shared by several processes counted once (PSS); the floor is the tree without workers."""
    with running() as server:
        time.sleep(SETTLE_SECONDS)
        shares, sizes, floors = [], [], []
        for _ in range(RUNS):
            before, began = _seconds(server), time.monotonic()
            time.sleep(SECONDS)
            shares.append(100 * (_seconds(server) - before) / (time.monotonic() - began))
            sizes.append(sum(_pss(process) for process in server.tree()))
            floors.append(sum(_pss(process) for process in server.tree() if "ostinato.worker" not in process.cmdline()))
        if "idle_cpu_pct" in wanted:
            Figure("idle_cpu_pct", "%", shares, [0.0] * RUNS).print()
        if "idle_rss_mb" in wanted:
            Figure("idle_rss_mb", "MB", sizes, floors).print()
            resident = sum(process.memory_info().rss for process in server.tree()) / MB / MB
            print(f"  pages that processes share counted once in each: {resident:.0f} MB", file=sys.stderr)


def _seconds(server: Server) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in server.tree())


def _pss(process: psutil.Process) -> float:
    lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("Pss:")) / MB
