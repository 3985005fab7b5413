"""The tables, the statements and the enums of the core say the same."""

import re
from enum import StrEnum

import asyncpg
import psycopg
import pytest
from tools import schema

from ostinato.core.access import Permission
from ostinato.core.definitions import Overlap, Stage
from ostinato.core.plans import Condition
from ostinato.core.progress import StepState
from ostinato.core.states import Reason, State
from ostinato.store.embedded import VERSION
from ostinato.store.sql import names, statement


async def test_every_statement_fits_the_tables(app):
    refused = {}
    for name in names():
        if name.startswith("migrations/"):
            continue
        try:
            async with app.db.transaction() as tx:
                await tx.prepare(statement(name))
        except asyncpg.PostgresError as error:
            refused[name] = str(error)

    assert refused == {}


@pytest.mark.parametrize("name", names())
def test_every_statement_opens_with_what_it_means(name):
    first, *rest = statement(name).splitlines()

    assert re.match(r"-- \S.{10,}\S", first)
    assert any(line and not line.startswith("--") for line in rest)


@pytest.mark.parametrize("name", names())
def test_every_file_holds_one_statement(name):
    code = re.sub(r"--[^\n]*|'[^']*'", "", statement(name))

    assert ";" not in code.rstrip().removesuffix(";")


@pytest.mark.parametrize(
    ("table", "column", "enum"),
    [
        ("run", "state", State),
        ("run", "reason", Reason),
        ("step_run", "state", StepState),
        ("step_run", "condition", Condition),
        ("workspace_grant", "permissions", Permission),
        ("task_ever", "overlap", Overlap),
        ("plan_ever", "overlap", Overlap),
        ("environment", "stage", Stage),
    ],
)
def test_a_column_allows_what_its_enum_has(database_url, table: str, column: str, enum: type[StrEnum]):
    with psycopg.connect(database_url) as connection:
        checks = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
            [table],
        ).fetchall()
    sets = [set(re.findall(r"'(\w+)'::text", text)) for (text,) in checks if re.match(rf"CHECK \(\({column}\W", text)]

    assert sets == [set(enum)]


def test_the_schema_file_is_up_to_date(database_url):
    with psycopg.connect(database_url) as connection:
        if connection.info.server_version // 10_000 != VERSION:
            pytest.skip("the dump is made by the version that is embedded")

    assert schema.TARGET.read_text(encoding="utf-8") == schema.dump(database_url), "run python -m tools.schema"
