"""CSV and Parquet files: which there are in a folder, how one is read by DuckDB, how one is written."""

import fcntl
import gzip
import os
import secrets
import shutil
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
from pyarrow import csv, parquet

from ostinato.connections.arrow import pieces
from ostinato.connections.duckdb_session import literal
from ostinato.core.contracts import Batches, ConnectionFailed

FORMATS = (".csv", ".csv.gz", ".csv.zip", ".parquet")
ROW_GROUP = 120_000
COPY_BYTES = 1024 * 1024


def format_of(file_name: str) -> str | None:
    """The format that the ending of a file name says, whatever its case."""
    return next((ending for ending in FORMATS if file_name.lower().endswith(ending)), None)


def stem(file_name: str) -> str:
    return file_name[: -len(format_of(file_name) or "")] or file_name


def require_plain_name(name: str) -> None:
    if not name or name in {".", ".."} or name.startswith(".") or any(c in name for c in "/\\\0"):
        raise ConnectionFailed(f"{name!r} is not a file name in the folder of the connection; leave out paths")


def found(folder: Path, name: str) -> Path | None:
    """The file that a table name means: the file of this name, or the only one with this stem; None: there is none."""
    require_plain_name(name)
    return only(name, tables_of(folder).get(name, []))


def only(name: str, files: Sequence[Path]) -> Path | None:
    if len(files) > 1:
        raise ConnectionFailed(
            f"{name!r} could be {' or '.join(file.name for file in files)}; name one with its ending, in double quotes"
        )
    return files[0] if files else None


def tables_of(folder: Path) -> dict[str, list[Path]]:
    """What the files of a folder are called as tables: by their whole names and by their stems."""
    files = tables_in(folder)
    names: dict[str, list[Path]] = {}
    for file in files:
        names.setdefault(stem(file.name), []).append(file)
    return {**names, **{file.name: [file] for file in files}}


def tables_in(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.iterdir()) if format_of(file.name) and file.is_file()]


def relation(file: Path, null_values: Sequence[str]) -> str:
    """The DuckDB table function that reads a file; the types of CSV are taken from the whole file."""
    if format_of(file.name) == ".parquet":
        return f"read_parquet({literal(str(file))})"
    nulls = ", ".join(map(literal, null_values))
    return (
        f"read_csv({literal(str(file))}, header = true, sample_size = -1, nullstr = [{nulls}],"
        " allow_quoted_nulls = false)"
    )


def unzipped(archive: Path, folder: Path, limit_bytes: int) -> Path:
    """The only CSV file of an archive, unpacked into a private folder under a name of our own choosing.

    The entry's own name and the size it claims are not trusted: unpacking stops when there is more than allowed.
    """
    target = folder / f"{secrets.token_hex(8)}.csv"
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [e for e in opened.infolist() if not e.is_dir() and not e.filename.startswith("__MACOSX/")]
            if len(entries) != 1:
                raise ConnectionFailed(f"{archive.name} holds {len(entries)} files; it must hold exactly one")
            if entries[0].file_size > limit_bytes:
                raise _too_large(archive, limit_bytes)
            with opened.open(entries[0]) as source, target.open("wb") as sink:
                _copy(source, sink, archive, limit_bytes)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise ConnectionFailed(f"{archive.name}: {error}") from None
    return target


def save(file: Path, data: Batches, tell: Callable[[int], None]) -> int:
    """Write a whole file beside its place and move it there at the end; a failure leaves what was there before."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        with _writer(part, file.name, data.schema) as write:
            rows = 0
            for batch in pieces(data):
                write(batch)
                rows += batch.num_rows
                tell(rows)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(file)
    except OSError as error:
        raise ConnectionFailed(f"{file.name} cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    return rows


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Within, nobody else of ours writes the file: a hidden lock file beside it says so, and goes afterwards.

    Whoever waited for the lock may hold that of a file which is gone by then, and looks for the new one.
    """
    place = file.with_name(f".{file.name}.lock")
    try:
        lock = _locked(place)
    except OSError as error:
        raise ConnectionFailed(f"{file.name} cannot be written: {error.strerror or error}") from None
    try:
        yield
    finally:
        place.unlink(missing_ok=True)
        os.close(lock)


def _locked(place: Path) -> int:
    while True:
        lock = os.open(place, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_at(lock, place):
                return lock
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)


def _is_at(opened: int, place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), place.stat())
    except FileNotFoundError:
        return False


@contextmanager
def _writer(part: Path, file_name: str, schema: Any) -> Iterator[Callable[[Any], None]]:
    if format_of(file_name) == ".parquet":
        with parquet.ParquetWriter(part, schema) as writer:
            groups = _RowGroups(writer)
            yield groups.add
            groups.flush()
        return
    text_schema = pa.schema([pa.field(f.name, pa.string() if pa.types.is_binary(f.type) else f.type) for f in schema])
    with _sink(part, file_name) as sink, csv.CSVWriter(sink, text_schema) as writer:
        yield lambda batch: writer.write_batch(_without_bytes(batch, text_schema))


class _RowGroups:
    """Gathers batches, for a Parquet file of many small row groups is slow to read."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self._batches: list[Any] = []
        self._rows = 0

    def add(self, batch: Any) -> None:
        self._batches.append(batch)
        self._rows += batch.num_rows
        if self._rows >= ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches))
        self._batches, self._rows = [], 0


@contextmanager
def _sink(part: Path, file_name: str) -> Iterator[IO[bytes]]:
    match format_of(file_name):
        case ".csv.gz":
            with gzip.open(part, "wb", compresslevel=6) as packed:
                yield cast(IO[bytes], packed)
        case ".csv.zip":
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                with archive.open(f"{stem(file_name)}.csv", "w", force_zip64=True) as entry:
                    yield entry
        case _:
            with part.open("wb") as sink:
                yield sink


def _without_bytes(batch: Any, schema: Any) -> Any:
    """CSV cannot hold bytes; they are written as base64."""
    if batch.schema == schema:
        return batch
    columns = [
        pa.array([None if v is None else b64encode(v).decode() for v in column.to_pylist()], pa.string())
        if pa.types.is_binary(column.type)
        else column
        for column in batch.columns
    ]
    return pa.record_batch(columns, schema=schema)


def _copy(source: IO[bytes], sink: IO[bytes], archive: Path, limit_bytes: int) -> None:
    left = limit_bytes
    while block := source.read(COPY_BYTES):
        left -= len(block)
        if left < 0 or shutil.disk_usage(Path(sink.name).parent).free < COPY_BYTES * 64:
            raise _too_large(archive, limit_bytes)
        sink.write(block)


def _too_large(archive: Path, limit_bytes: int) -> ConnectionFailed:
    return ConnectionFailed(
        f"{archive.name} unpacks to more than {limit_bytes // 1024**2} MB or than the disk holds; raise max_unzipped_mb"
    )
