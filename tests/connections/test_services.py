"""The private MariaDB of the tests, which a machine without a running one gets."""

from typing import Any

import pymysql
import pytest

from tests import services


def test_a_private_mariadb_is_started_where_none_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[tuple[Any, ...]] = []
    monkeypatch.setattr(services.atexit, "register", lambda *call: ended.append(call))
    server = services._private_mariadb()
    with pymysql.connect(**server) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert server["port"] != services.MACHINE_MARIADB["port"]
    (stop, running, folder), *_ = ended
    stop(running, folder)
    assert running.returncode is not None
    assert not folder.exists()
