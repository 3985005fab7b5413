"""Ways to open a connection and to hand it rows."""

from types import ModuleType
from typing import Any

import msgspec
import pyarrow as pa


def opened(module: ModuleType, **config: Any) -> Any:
    return module.open(msgspec.convert(config, module.Config))


def stream(rows: dict[str, Any], schema: Any = None, batch_rows: int = 1000) -> Any:
    table = pa.table(rows, schema=schema)
    return pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=batch_rows))


def silent(_: int) -> None:
    """Nobody wants to know how far a write is."""
