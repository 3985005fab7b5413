"""Writes `src/ostinato/store/schema.sql`: what all migrations together make, for people to read.

python -m tools.schema
"""

import asyncio
import os
import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ostinato.store.db import Database
from ostinato.store.embedded import EmbeddedPostgres, program
from ostinato.store.migrate import migrate

TARGET = Path(__file__).parent.parent / "src" / "ostinato" / "store" / "schema.sql"
HEAD = "-- What all migrations together make. Written by `python -m tools.schema`; change it by a migration.\n\n"
NOISE = re.compile(r"^(--|SET |SELECT pg_catalog\.set_config|COMMENT ON SCHEMA|\\(un)?restrict )")


def dump(url: str) -> str:
    """The schema of a database without what differs between servers and versions of pg_dump."""
    parts = urlsplit(url)
    command = [str(program("pg_dump")), "--schema-only", "--no-owner", "--no-privileges", "--schema=public"]
    clean = url.replace(f":{parts.password}@", "@") if parts.password else url
    done = subprocess.run(
        [*command, clean],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PGPASSWORD": unquote(parts.password or "")},
    )
    lines = [line for line in done.stdout.splitlines() if not NOISE.match(line) and line != "CREATE SCHEMA public;"]
    return HEAD + re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip().replace("public.", "") + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ostinato-schema-", ignore_cleanup_errors=True) as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        try:
            asyncio.run(_migrate(server.url))
            TARGET.write_text(dump(server.url), encoding="utf-8")
        finally:
            server.stop()


async def _migrate(url: str) -> None:
    db = Database(url, connections=1)
    await db.open()
    await migrate(db)
    await db.close()


if __name__ == "__main__":
    main()
