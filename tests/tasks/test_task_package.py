"""Transfers and scripts."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ostinato.core.contracts import ConnectionFailed
from ostinato.tasks import package
from tests.tasks.recording import RecordingContext, run


def transfer(context: RecordingContext, source: dict[str, Any], target: dict[str, Any], **more: Any) -> Any:
    return run(package, context, kind="transfer", source=source, target=target, **more)


def rows(context: RecordingContext, name: str, query: str) -> list[dict[str, Any]]:
    return list(context.connect(name).read(query).read_all().to_pylist())


def test_a_table_is_copied_between_systems(context: RecordingContext) -> None:
    outcome = transfer(context, {"connection": "warehouse", "table": "customers"}, {"connection": "shop", "table": "c"})
    assert (outcome.succeeded, outcome.rows) == (True, 3)
    assert len(rows(context, "shop", "SELECT * FROM c")) == 3
    assert context.told[-1] == 3
    assert context.lines[-1].startswith("copied 3 rows from warehouse.customers to shop.c in ")


@pytest.mark.parametrize("name", ["warehouse", "shop"])
def test_a_transfer_may_stay_within_one_database(context: RecordingContext, name: str) -> None:
    if name == "shop":
        transfer(context, {"connection": "warehouse", "table": "orders"}, {"connection": "shop", "table": "orders"})
    source = {"connection": name, "query": "SELECT id, amount FROM orders WHERE amount > 15"}
    assert transfer(context, source, {"connection": name, "table": "large"}).rows == 1
    assert (
        transfer(
            context, {"connection": name, "table": "large"}, {"connection": name, "table": "large"}, mode="append"
        ).rows
        == 1
    )
    assert len(rows(context, name, "SELECT * FROM large")) == 2


def test_a_failed_transfer_leaves_the_old_data(context: RecordingContext) -> None:
    target = {"connection": "shop", "table": "numbers"}
    good = {"connection": "warehouse", "query": "SELECT range AS n FROM range(100000)"}
    bad = {
        "connection": "warehouse",
        "query": "SELECT CAST(if(range = 99999, 'x', '1') AS BIGINT) AS n FROM range(100000)",
    }
    transfer(context, good, target)
    with pytest.raises(ConnectionFailed, match="Could not convert string 'x'"):
        transfer(context, bad, target)
    assert rows(context, "shop", "SELECT count(*) AS n, max(n) AS last FROM numbers") == [{"n": 100000, "last": 99999}]


def test_a_file_is_a_table(context: RecordingContext, exports: Path) -> None:
    (exports / "cities.csv").write_text("id,name\n1,Aarhus\n2,Odense\n")
    outcome = transfer(context, {"connection": "exports", "table": "cities"}, {"connection": "shop", "table": "cities"})
    assert outcome.rows == 2
    transfer(context, {"connection": "shop", "table": "cities"}, {"connection": "exports", "table": "copy.csv.gz"})
    assert rows(context, "exports", "SELECT * FROM copy ORDER BY id DESC")[0] == {"id": 2, "name": "Odense"}


@pytest.mark.parametrize(
    "change",
    [
        {"source": {"connection": "a"}},
        {"source": {"connection": "a", "query": "q", "table": "t"}},
        {"mode": "merge"},
        {"keys": ["id"]},
        {"mode": "upsert"},
        {"kind": "copy"},
    ],
)
def test_a_transfer_that_says_too_little_or_too_much_is_refused(change: dict[str, Any]) -> None:
    good = {
        "kind": "transfer",
        "source": {"connection": "a", "table": "t"},
        "target": {"connection": "b", "table": "t"},
    }
    msgspec.convert(good, package.Config)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**good, **change}, package.Config)


def test_a_script_tells_the_rows_it_changed(context: RecordingContext) -> None:
    script = "UPDATE orders SET amount = 0 WHERE amount IS NULL; DELETE FROM customers WHERE id = 3;"
    outcome = run(package, context, kind="sql", connection="warehouse", script=script)
    assert (outcome.succeeded, outcome.rows) == (True, 2)


def test_a_script_that_fails_changes_nothing(context: RecordingContext) -> None:
    with pytest.raises(ConnectionFailed, match="no_such"):
        run(package, context, kind="sql", connection="warehouse", script="DELETE FROM orders; DELETE FROM no_such")
    assert rows(context, "warehouse", "SELECT count(*) AS n FROM orders") == [{"n": 3}]


def test_a_package_names_its_connections() -> None:
    config = msgspec.convert(package.examples[2].config, package.Config)
    assert package.connections(config) == {"warehouse", "exports"}
