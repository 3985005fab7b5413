"""Brings a database to the newest version: numbered forward migrations, one server at a time."""

from importlib.resources import files

from ostinato.core.errors import Unavailable
from ostinato.store.db import Database, Tx, execute, fetch_value

LOCK = 7_300_000_001
OLDEST_POSTGRESQL = 15


def migrations() -> list[tuple[int, str, str]]:
    """All migrations in order: number, file name, text."""
    found = [file for file in files("ostinato.store").joinpath("migrations").iterdir() if file.name.endswith(".sql")]
    return [
        (int(file.name[:4]), file.name, file.read_text(encoding="utf-8"))
        for file in sorted(found, key=lambda f: f.name)
    ]


async def migrate(db: Database) -> list[str]:
    """Apply what is missing, in one transaction under an advisory lock; the names of the files applied."""
    async with db.transaction() as tx:
        await _check_version(tx)
        await execute(tx, "migrations/lock", LOCK)
        await execute(tx, "migrations/make_table")
        done = set(await fetch_value(tx, "migrations/applied"))
        newest = max((number for number, _, _ in migrations()), default=0)
        if done and max(done) > newest:
            raise Unavailable(
                f"The database was made by a newer Ostinato (migration {max(done)}, this one knows {newest}): upgrade"
            )
        applied = []
        for number, name, text in migrations():
            if number not in done:
                await tx.execute(text)
                await execute(tx, "migrations/record", number, name)
                applied.append(name)
        return applied


async def _check_version(tx: Tx) -> None:
    number = int(await fetch_value(tx, "migrations/server_version"))
    if number < OLDEST_POSTGRESQL * 10_000:
        raise Unavailable(f"PostgreSQL {number // 10_000} is too old: use {OLDEST_POSTGRESQL} or newer")
