"""Parameters of a run reach every database as the values they are."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostinato.core.errors import Invalid
from ostinato.core.parameter_references import as_sql

TEXTS = ["", "it's", "'; DROP TABLE t; --", '"`$1 %s :a ? ${parameter:v}', "two\nlines", "Ærø ☃ 🐍", "/* # -- */", "$$"]


def echo(connection: Any, value: Any, text: str = "SELECT ${parameter:v} AS v") -> Any:
    (row,) = connection.read(as_sql(text, {"v": value}, standard=connection.standard_literals)).read_all().to_pylist()
    return row["v"]


@pytest.mark.parametrize("value", TEXTS)
def test_a_text_comes_back_as_it_went(database: Any, value: str) -> None:
    assert echo(database, value) == value


@pytest.mark.parametrize("value", ["a\\b", "\\", "\\'; SELECT 1 --", "\\\\'"])
def test_a_backslash_comes_back_or_is_refused(database: Any, value: str) -> None:
    if not database.standard_literals:
        with pytest.raises(Invalid, match="has a backslash or NUL"):
            echo(database, value)
        return
    assert echo(database, value) == value


@pytest.mark.parametrize("value", [0, 5, -5, 2**63 - 1, 1.5, -1.5, 1e20, 1e-7])
def test_a_number_comes_back_as_it_went(database: Any, value: float) -> None:
    assert float(echo(database, value)) == float(value)
    assert float(echo(database, value, "SELECT 0 -${parameter:v} AS v")) == -float(value)


@pytest.mark.parametrize("value", [True, False])
def test_a_truth_can_be_asked_for(database: Any, value: bool) -> None:
    assert echo(database, value, "SELECT CASE WHEN ${parameter:v} THEN 'yes' ELSE 'no' END AS v") == (
        "yes" if value else "no"
    )


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.sampled_from("'\"\\`$;-/*#aE\n"), max_size=20))
def test_no_text_is_more_than_a_text(database: Any, value: str) -> None:
    if "\\" in value and not database.standard_literals:
        return
    assert echo(database, value) == value


def test_a_script_takes_literals_as_a_query_does(database: Any, table: str) -> None:
    script = f"CREATE TABLE {table} (v VARCHAR(80)); INSERT INTO {table} VALUES (${{parameter:v}})"

    database.execute(as_sql(script, {"v": TEXTS[2]}, standard=database.standard_literals))

    assert database.read(f"SELECT v FROM {table}").read_all().to_pylist() == [{"v": TEXTS[2]}]


def test_files_take_literals(file_folder: Any) -> None:
    assert echo(file_folder, "it's\\") == "it's\\"
