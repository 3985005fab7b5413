"""Brings a database to the newest version: numbered forward migrations, one server at a time."""

import hashlib
from importlib.resources import files

import msgspec

from ostinato.core.errors import Unavailable
from ostinato.store.db import Database, Tx, execute, fetch, fetch_value

LOCK = 7_300_000_001
OLDEST_POSTGRESQL = 15


class Migration(msgspec.Struct, frozen=True):
    """One step forward; `digest` tells whether its text is still the one that was applied."""

    number: int
    name: str
    digest: str


def migrations() -> list[tuple[Migration, str]]:
    """All migrations in order, with their texts."""
    found = [file for file in files("ostinato.store").joinpath("migrations").iterdir() if file.name.endswith(".sql")]
    texts = [(file.name, file.read_text(encoding="utf-8")) for file in sorted(found, key=lambda file: file.name)]
    return [(Migration(int(name[:4]), name, hashlib.sha256(text.encode()).hexdigest()), text) for name, text in texts]


async def migrate(db: Database) -> list[str]:
    """Apply what is missing, in one transaction under an advisory lock; the names of the files applied.

    Raises Unavailable if the database is not one that this version can go on with.
    """
    async with db.transaction() as tx:
        await _check_version(tx)
        await execute(tx, "migrations/lock", LOCK)
        await execute(tx, "migrations/make_table")
        done = {migration.number: migration for migration in await fetch(tx, "migrations/applied", Migration)}
        known = migrations()
        _check_history(done, {migration.number: migration for migration, _ in known})
        missing = [(migration, text) for migration, text in known if migration.number not in done]
        for migration, text in missing:
            await tx.execute(text)
            await execute(tx, "migrations/record", migration.number, migration.name, migration.digest)
        return [migration.name for migration, _ in missing]


def _check_history(done: dict[int, Migration], known: dict[int, Migration]) -> None:
    for number, migration in done.items():
        if number not in known:
            raise Unavailable(
                f"The database was made by a newer Ostinato (migration {migration.name}): upgrade this one"
            )
        if migration.digest != known[number].digest:
            raise Unavailable(
                f"The database was made by another Ostinato, whose migration {migration.name} was different: "
                "use that version, or begin with a new database"
            )


async def _check_version(tx: Tx) -> None:
    number = int(await fetch_value(tx, "migrations/server_version"))
    if number < OLDEST_POSTGRESQL * 10_000:
        raise Unavailable(f"PostgreSQL {number // 10_000} is too old: use {OLDEST_POSTGRESQL} or newer")
