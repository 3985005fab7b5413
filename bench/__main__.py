"""Runs the benchmarks, all of them or those that are named: `python -m bench [NAME...]`.

Everything runs on an embedded PostgreSQL in a temporary folder, durable as in production.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import structlog
import uvloop

from bench import compare_memory, engine, idle, keys, pages, schedules, starts, triggers
from ostinato.store.embedded import EmbeddedPostgres

PLUGIN = Path(__file__).parent / "plugin"
COMPARE = "compare_10m_peak_mb"
ALL = (*engine.NAMES, *starts.NAMES, *pages.NAMES, *keys.NAMES, *idle.NAMES, *triggers.NAMES, *schedules.NAMES, COMPARE)


def main() -> None:
    """Print a line per figure."""
    unknown = [name for name in sys.argv[1:] if name not in ALL]
    if unknown:
        sys.exit(f"{', '.join(unknown)}: no such benchmark; there are {', '.join(ALL)}")
    wanted = frozenset(sys.argv[1:] or ALL)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    sys.path.insert(0, str(PLUGIN))
    os.environ["PYTHONPATH"] = str(PLUGIN)
    if wanted & set(engine.NAMES):
        with tempfile.TemporaryDirectory(prefix="ostinato-bench-", ignore_cleanup_errors=True) as folder:
            postgres = EmbeddedPostgres(Path(folder))
            postgres.start()
            try:
                work = engine.measure(postgres.url, Path(folder), wanted)
                asyncio.Runner(loop_factory=uvloop.new_event_loop).run(work)
            finally:
                postgres.stop()
    for part in (starts, pages, keys, idle, triggers, schedules):
        if wanted & set(part.NAMES):
            part.measure(wanted)
    if COMPARE in wanted:
        compare_memory.main(compare_memory.ROWS)


if __name__ == "__main__":
    main()
