"""A folder of files as a database."""

import gzip
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from ostinato.connections import files
from ostinato.core.contracts import ConnectionFailed
from tests.connections.opening import opened, silent, stream

CITIES = "id,name\n1,Aarhus\n2,Odense\n"


def read(connection: Any, query: str) -> list[dict[str, Any]]:
    return list(connection.read(query).read_all().to_pylist())


def write(connection: Any, table: str, mode: Any = "replace", keys: Any = (), **columns: Any) -> int:
    return int(connection.write(table, stream(columns), mode, keys, silent))


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.zip", ".parquet"])
def test_a_file_is_a_table_named_by_its_stem_or_its_whole_name(file_folder: Any, folder: Path, ending: str) -> None:
    file = folder / f"cities{ending}"
    match ending:
        case ".csv":
            file.write_text(CITIES)
        case ".csv.gz":
            file.write_bytes(gzip.compress(CITIES.encode()))
        case ".csv.zip":
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("whatever/../../cities of denmark.csv", CITIES)
        case _:
            parquet.write_table(pa.table({"id": [1, 2], "name": ["Aarhus", "Odense"]}), file)
    expected = [{"id": 1, "name": "Aarhus"}, {"id": 2, "name": "Odense"}]
    assert read(file_folder, "SELECT * FROM cities ORDER BY id") == expected
    assert read(file_folder, f"{file_folder.table_query(file.name)} ORDER BY id") == expected
    assert [entry.name for entry in folder.iterdir()] == [file.name]


def test_queries_join_files(file_folder: Any, folder: Path) -> None:
    (folder / "a.csv").write_text("id,x\n1,10\n")
    (folder / "b c.csv").write_text("id,y\n1,20\n")
    query = 'WITH a2 AS (SELECT * FROM a) SELECT x + y AS z FROM a2 JOIN "b c" USING (id)'
    assert read(file_folder, query) == [{"z": 30}]


def test_types_are_taken_from_the_whole_file(folder: Path) -> None:
    lines = [f"{n},NA,NA,2013-01-01T05:00:00Z" for n in range(60_000)] + ["60000,1.5,x,2013-01-01T05:00:00Z"]
    (folder / "weather.csv").write_text("nr,gust,note,at\n" + "\n".join(lines) + "\n")
    connection = opened(files, path=str(folder), null_values=["", "NA"])
    data = connection.read("SELECT * FROM weather WHERE nr IN (0, 60000) ORDER BY nr")
    assert [str(kind) for kind in data.schema.types] == ["int64", "double", "string", "timestamp[us, tz=UTC]"]
    rows = data.read_all().to_pylist()
    assert (rows[0]["gust"], rows[0]["note"], rows[1]["gust"], rows[1]["note"]) == (None, None, 1.5, "x")
    connection.close()


def test_empty_text_and_missing_values_are_kept_apart(file_folder: Any) -> None:
    write(file_folder, "t.csv", id=[1, 2, 3], text=["", None, 'a"b\nc,d'])
    assert [row["text"] for row in read(file_folder, "SELECT * FROM t ORDER BY id")] == ["", None, 'a"b\nc,d']


COLUMNS = {
    "id": [1, 2],
    "amount": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
    "day": [date(2024, 2, 29), None],
    "at": pa.array([datetime(2024, 1, 1, 1, 2, 3, 4, UTC), None], pa.timestamp("us", "UTC")),
    "flag": [True, None],
    "bytes": [b"\x00\xff", None],
}


def test_parquet_keeps_types_exactly(file_folder: Any) -> None:
    write(file_folder, "t.parquet", **COLUMNS)
    assert file_folder.read("SELECT * FROM t").read_all().to_pylist() == pa.table(COLUMNS).to_pylist()


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.csv.zip"])
def test_csv_keeps_values(file_folder: Any, name: str) -> None:
    write(file_folder, name, **COLUMNS)
    first = read(file_folder, "SELECT * FROM t ORDER BY id")[0]
    assert first == {
        "id": 1,
        "amount": 1.5,
        "day": date(2024, 2, 29),
        "at": datetime(2024, 1, 1, 1, 2, 3, 4, UTC),
        "flag": True,
        "bytes": "AP8=",
    }


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.csv.zip", "t.parquet"])
def test_files_are_replaced_appended_to_and_merged(file_folder: Any, name: str) -> None:
    write(file_folder, name, id=[1, 2], value=["a", "b"])
    assert write(file_folder, name, "append", value=["c"], id=[3]) == 1
    assert write(file_folder, "t", "merge", ["id"], id=[2, 4, None], value=["B", "D", "N"]) == 3
    assert write(file_folder, "t", "merge", ["id"], id=pa.array([None], pa.int64()), value=["M"]) == 1
    assert [(r["id"], r["value"]) for r in read(file_folder, "SELECT * FROM t ORDER BY id NULLS LAST")] == [
        (1, "a"), (2, "B"), (3, "c"), (4, "D"), (None, "M"),
    ]  # fmt: skip
    write(file_folder, name, id=[9])
    assert read(file_folder, "SELECT * FROM t") == [{"id": 9}]


def test_appending_needs_the_same_columns(file_folder: Any) -> None:
    write(file_folder, "t.csv", id=[1], value=["a"])
    with pytest.raises(ConnectionFailed, match="'colour'"):
        write(file_folder, "t.csv", "append", id=[1], value=["a"], colour=["red"])
    with pytest.raises(ConnectionFailed, match="'value'"):
        write(file_folder, "t.csv", "append", id=[1])
    with pytest.raises(ConnectionFailed, match="needs keys"):
        write(file_folder, "t.csv", "merge", id=[1], value=["a"])


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.csv.zip"])
@pytest.mark.parametrize("mode", ["replace", "append"])
def test_a_failure_leaves_the_old_file_and_nothing_else(file_folder: Any, folder: Path, name: str, mode: Any) -> None:
    def batches() -> Iterator[Any]:
        yield pa.record_batch({"id": [2]})
        raise ConnectionFailed("the source went away")

    write(file_folder, name, id=[1])
    before = (folder / name).read_bytes()
    data = pa.RecordBatchReader.from_batches(pa.schema({"id": pa.int64()}), batches())
    with pytest.raises(ConnectionFailed, match="went away"):
        file_folder.write(name, data, mode, (), silent)
    assert (folder / name).read_bytes() == before
    assert [entry.name for entry in folder.iterdir()] == [name]


@pytest.mark.parametrize(
    "name", ["../t.csv", "a/t.csv", "..", ".", "", "/etc/t.csv", "a\\t.csv", ".hidden.csv", "a\0.csv"]
)
def test_names_that_lead_out_of_the_folder_are_refused(file_folder: Any, name: str) -> None:
    with pytest.raises(ConnectionFailed, match="not a file name"):
        write(file_folder, name, id=[1])
    with pytest.raises(ConnectionFailed, match="not a file name"):
        file_folder.table_query(name)


def test_a_new_file_needs_an_ending_that_says_its_format(file_folder: Any) -> None:
    with pytest.raises(ConnectionFailed, match=r"add one of \.csv"):
        write(file_folder, "t", id=[1])


def test_a_name_that_two_files_have_is_refused(file_folder: Any, folder: Path) -> None:
    (folder / "t.csv").write_text("id\n1\n")
    write(file_folder, "t.parquet", id=[2])
    with pytest.raises(ConnectionFailed, match=r"t\.csv or t\.parquet"):
        read(file_folder, "SELECT * FROM t")
    assert read(file_folder, 'SELECT * FROM "t.csv"') == [{"id": 1}]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/hostname')",
        'SELECT * FROM "/etc/passwd"',
        'SELECT * FROM "../outside.csv"',
        "SET enable_external_access = true; SELECT 1",
        "SELECT * FROM getenv('HOME')",
        "ATTACH '/tmp/other.db'",
        "COPY (SELECT 1 AS a) TO '/tmp/ostinato-out.csv'",
        "INSTALL httpfs",
        "SELECT * FROM read_csv('https://example.org/a.csv')",
    ],
)
def test_queries_reach_nothing_but_the_folder(file_folder: Any, folder: Path, query: str) -> None:
    (folder.parent / "outside.csv").write_text("id\n1\n")
    with pytest.raises(ConnectionFailed):
        file_folder.read(query).read_all()
    with pytest.raises(ConnectionFailed):
        file_folder.execute(query)


def test_variables_of_the_program_are_no_tables(file_folder: Any) -> None:
    with pytest.raises(ConnectionFailed, match="session"):
        file_folder.read("SELECT * FROM session")


def test_an_archive_that_unpacks_to_too_much_is_refused(folder: Path) -> None:
    with zipfile.ZipFile(folder / "bomb.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", "a\n" + "0\n" * 2_000_000)
    connection = opened(files, path=str(folder), max_unzipped_mb=1)
    with pytest.raises(ConnectionFailed, match="more than 1 MB"):
        read(connection, "SELECT * FROM bomb")
    connection.close()


def test_an_archive_of_several_files_is_refused(file_folder: Any, folder: Path) -> None:
    with zipfile.ZipFile(folder / "two.csv.zip", "w") as archive:
        archive.writestr("a.csv", CITIES)
        archive.writestr("b.csv", CITIES)
    with pytest.raises(ConnectionFailed, match="holds 2 files"):
        read(file_folder, "SELECT * FROM two")
    (folder / "none.csv.zip").write_bytes(b"not a zip")
    with pytest.raises(ConnectionFailed, match="not a zip file"):
        read(file_folder, "SELECT * FROM none")


def test_a_file_that_changes_is_read_anew(file_folder: Any, folder: Path) -> None:
    (folder / "t.csv").write_text("id\n1\n")
    assert read(file_folder, "SELECT * FROM t") == [{"id": 1}]
    (folder / "t.csv").write_text("id,name\n1,a\n")
    assert read(file_folder, "SELECT * FROM t") == [{"id": 1, "name": "a"}]


def test_a_script_may_write_into_the_folder(file_folder: Any, folder: Path) -> None:
    (folder / "t.csv").write_text("id\n1\n2\n")
    file_folder.execute(f"COPY (SELECT sum(id) AS total FROM t) TO '{folder}/sum.parquet'")
    assert read(file_folder, "SELECT * FROM sum") == [{"total": 3}]


def test_a_table_that_is_no_file_is_named_with_those_there_are(file_folder: Any, folder: Path) -> None:
    with pytest.raises(
        ConnectionFailed, match=r"there is no table 'nothing here': the folder .* holds no CSV or Parquet"
    ):
        read(file_folder, 'SELECT * FROM "nothing here"')
    for name in ("b.parquet", "a.csv"):
        write(file_folder, name, id=[1])
    with pytest.raises(ConnectionFailed, match=r"^there is no table 'nope'; the folder '.*' holds a\.csv, b\.parquet"):
        read(file_folder, file_folder.table_query("nope"))
    for number in range(30):
        (folder / f"c{number}.csv").write_text("id\n1\n")
    with pytest.raises(ConnectionFailed, match=r" and 12 more") as refusal:
        file_folder.execute("SELECT * FROM nope")
    assert "pg_" not in str(refusal.value)


def test_a_folder_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConnectionFailed, match="does not exist"):
        opened(files, path="/no/such/folder")


def test_closing_leaves_no_temporary_files(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    private = tmp_path / "tmp"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    connection = opened(files, path=str(folder))
    with zipfile.ZipFile(folder / "t.csv.zip", "w") as archive:
        archive.writestr("t.csv", CITIES)
    read(connection, "SELECT * FROM t")
    connection.close()
    assert list(private.iterdir()) == []
