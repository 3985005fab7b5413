"""A context for tests: opens connections by module and config, and keeps what the task says."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import msgspec

from ostinato.core.contracts import Connection, OpenOrder, Outcome, Unpacked
from ostinato.core.ids import RunId


class RecordingContext:
    run = RunId(7)
    attempt = 2

    def __init__(
        self,
        folder: str,
        types: Mapping[str, tuple[ModuleType, Mapping[str, Any]]],
        unpacked: Unpacked | None = None,
    ) -> None:
        self.folder = folder
        self.unpacked = unpacked
        self.parameters: Mapping[str, Any] = {}
        self.lines: list[str] = []
        self.told: list[int] = []
        self.stop: Callable[[], None] | None = None
        self._types = types
        self._opened: list[Connection] = []

    def log(self, line: str) -> None:
        self.lines.append(line)

    def progress(self, rows: int, total: int | None = None) -> None:
        self.told.append(rows)

    def connect(self, name: str) -> Any:
        module, config = self._types[name]
        connection = module.open(msgspec.convert(config, module.Config))
        self._opened.append(connection)
        return connection

    def settings_of(self, connection: str) -> OpenOrder:
        module, config = self._types[connection]
        return OpenOrder(type=module.name, config=dict(config))

    @contextmanager
    def artifact(self) -> Iterator[Unpacked]:
        assert self.unpacked is not None, "the test gave one"
        yield self.unpacked

    def on_cancel(self, stop: Callable[[], None]) -> None:
        self.stop = stop

    def close(self) -> None:
        for connection in self._opened:
            connection.close()
        self._opened.clear()


def run(module: Any, context: RecordingContext, **config: Any) -> Outcome:
    outcome: Outcome = module.run(msgspec.convert(config, module.Config), context)
    return outcome
