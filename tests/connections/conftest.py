"""Open connections to real databases, each test with tables of its own."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ostinato.connections import duckdb, files, mysql, sqlite
from ostinato.connections import postgresql as postgresql_type
from tests.connections.opening import opened
from tests.services import mariadb, postgresql

DATABASES = ("postgresql", "mysql", "sqlite", "duckdb")


@pytest.fixture(params=DATABASES)
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    """Opens connections to each of the SQL databases in turn."""
    match request.param:
        case "postgresql":
            arguments = (postgresql_type, postgresql())
        case "mysql":
            arguments = (mysql, mariadb())
        case "sqlite":
            arguments = (sqlite, {"path": str(tmp_path / "test.sqlite")})
        case _:
            arguments = (duckdb, {"path": str(tmp_path / "test.duckdb")})
    made: list[Any] = []

    def another() -> Any:
        made.append(opened(arguments[0], **arguments[1]))
        return made[-1]

    yield another
    for connection in made:
        connection.close()


@pytest.fixture
def database(connect: Callable[[], Any]) -> Any:
    """A connection to each of the SQL databases in turn."""
    return connect()


@pytest.fixture
def table() -> str:
    """A table name that no other test uses."""
    return f"t_{secrets.token_hex(6)}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    return made


@pytest.fixture
def file_folder(folder: Path) -> Iterator[Any]:
    connection = opened(files, path=str(folder))
    yield connection
    connection.close()
