"""Runs every benchmark on an embedded PostgreSQL in a temporary folder, durable as in production."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import structlog
import uvloop

from bench import compare_memory, engine, http
from ostinato.store.embedded import EmbeddedPostgres

PLUGIN = Path(__file__).parent / "plugin"


def main() -> None:
    """Print a line per figure."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    sys.path.insert(0, str(PLUGIN))
    os.environ["PYTHONPATH"] = str(PLUGIN)
    with tempfile.TemporaryDirectory(prefix="ostinato-bench-", ignore_cleanup_errors=True) as folder:
        postgres = EmbeddedPostgres(Path(folder))
        postgres.start()
        try:
            asyncio.Runner(loop_factory=uvloop.new_event_loop).run(engine.measure(postgres.url, Path(folder)))
        finally:
            postgres.stop()
    http.measure()
    compare_memory.main(compare_memory.ROWS)


if __name__ == "__main__":
    main()
