"""How much memory comparing 10 million rows a side takes, everything included.

    python bench/compare_memory.py [rows]

Two DuckDB files are made in a temporary folder; a child process runs the task type CompareQuery on them through the
connection type `duckdb`, and its peak resident memory is what counts. The floor is the peak of a child that imports
the same modules and reads both results to their ends, batch by batch, without keeping anything: what streaming alone
costs. One JSON line on stdout, the story on stderr.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from ostinato.connections import duckdb as duckdb_type
from ostinato.core.ids import RunId
from ostinato.tasks import compare_query

ROWS = 10_000_000
DIFFERENT_EVERY = 1_000_000
MEASURES = ("compare", "floor")
QUERY = "SELECT * FROM accounts"


class Context:
    """Just enough of a context for the task: two connections to files, and a folder."""

    run = RunId(1)
    attempt = 1
    parameters: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, base: Path) -> None:
        self._base = base
        self.folder = str(base / "attempt")

    def log(self, line: str) -> None:
        print(f"  {line}", file=sys.stderr)

    def progress(self, rows: int, total: int | None = None) -> None:
        """Nobody watches."""

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Nobody stops it."""

    def connect(self, name: str) -> Any:
        return duckdb_type.open(duckdb_type.Config(path=str(self._base / f"{name}.duckdb"), memory_mb=128))


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory(prefix="ostinato-bench-") as name:
        base = Path(name)
        # In a child as well: a process inherits the peak of the one that starts it.
        subprocess.run([sys.executable, __file__, "make", str(base), str(rows)], check=True)
        peaks = {}
        for measure in MEASURES:
            (base / "attempt").mkdir()
            began = time.monotonic()
            child = [sys.executable, __file__, measure, str(base)]
            peaks[measure] = float(subprocess.run(child, check=True, stdout=subprocess.PIPE).stdout)
            print(f"{measure}: {peaks[measure]:.0f} MB peak, {time.monotonic() - began:.1f} s", file=sys.stderr)
            subprocess.run(["rm", "-rf", base / "attempt"], check=True)
    figure = {
        "name": "compare_10m_peak_mb" if rows == ROWS else f"compare_{rows}_peak_mb",
        "value": round(peaks["compare"], 1),
        "unit": "MB",
        "floor": round(peaks["floor"], 1),
        "ratio": round(peaks["compare"] / peaks["floor"], 2),
        "runs": 1,
    }
    print(json.dumps(figure))


def make(base: Path, rows: int) -> None:
    for side, change in (("left", "0"), ("right", f"(range % {DIFFERENT_EVERY} = 7)::INTEGER")):
        with duckdb.connect(str(base / f"{side}.duckdb"), config={"memory_limit": "1GB"}) as database:
            database.execute(
                "CREATE TABLE accounts AS SELECT range AS id, 'account ' || range AS name,"
                f" (range % 1000)::DECIMAL(12, 2) + {change} AS balance, TIMESTAMP '2024-01-01' + to_seconds(range)"
                f" AS opened FROM range({rows}) WHERE range % {DIFFERENT_EVERY} <> {3 if side == 'left' else 5}"
            )


def compare(base: Path) -> None:
    side = {"query": QUERY}
    columns = [{"name": "id", "role": "key"}, {"name": "name"}, {"name": "balance"}, {"name": "opened"}]
    config = {"left": {"connection": "left", **side}, "right": {"connection": "right", **side}, "columns": columns}
    outcome = compare_query.run(msgspec.convert(config, compare_query.Config), Context(base))
    print(f"  {outcome.message}; {dict(outcome.counts)}", file=sys.stderr)
    assert outcome.counts["left_rows"] > 0
    expected = -(-outcome.counts["left_rows"] // DIFFERENT_EVERY)
    assert [outcome.counts[kind] for kind in compare_query.KINDS] == [expected] * 3, outcome.counts


def stream(base: Path) -> None:
    for name in ("left", "right"):
        connection = Context(base).connect(name)
        for _ in connection.read(QUERY):
            pass
        connection.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] and sys.argv[1] in MEASURES:
        {"compare": compare, "floor": stream}[sys.argv[1]](Path(sys.argv[2]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        sys.stdout.flush()
        os._exit(0)
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else ROWS)
