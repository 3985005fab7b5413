"""Runs one attempt: a folder of its own, open connections, the task, and always an outcome."""

import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from ostinato import plugins
from ostinato.core.contracts import Connection, ConnectionFailed, Outcome, WorkOrder
from ostinato.core.ids import RunId
from ostinato.core.states import Reason
from ostinato.worker.reporter import PipeReporter


class Cancelled(BaseException):
    """The attempt was asked to end while its task was at work in this process."""


class AttemptContext:
    """What the running task sees of the world."""

    def __init__(self, order: WorkOrder, reporter: PipeReporter, folder: str) -> None:
        self.run: RunId = order.run
        self.attempt = order.attempt
        self.folder = folder
        self.parameters: Mapping[str, Any] = order.parameters
        self._order, self._reporter = order, reporter
        self._open: list[Connection] = []
        self.stop: Callable[[], None] | None = None

    def log(self, line: str) -> None:
        self._reporter.log(line)

    def progress(self, rows: int, total: int | None = None) -> None:
        self._reporter.progress(rows, total)

    def on_cancel(self, stop: Callable[[], None]) -> None:
        self.stop = stop

    def connect(self, name: str) -> Connection:
        wanted = self._order.connections.get(name)
        if wanted is None:
            raise ConnectionFailed(f"Connection {name!r} is not there, or its secrets cannot be decrypted")
        kind = plugins.connection_type(wanted.type)
        try:
            config = msgspec.convert(wanted.config, kind.Config, strict=False)
        except msgspec.ValidationError as error:
            raise ConnectionFailed(f"Connection {name!r} has an unusable config: {error}") from error
        connection = kind.open(config)
        self._open.append(connection)
        return connection

    def close(self) -> None:
        """Close every connection; one that does not close says so in the log, for the outcome is decided already."""
        for connection in reversed(self._open):
            try:
                connection.close()
            except Exception as error:
                self.log(f"A connection could not be closed: {error}")


class Attempts:
    """Runs attempts one after another, and ends the one at work when the process is told to."""

    def __init__(self, reporter: PipeReporter, folder: Path) -> None:
        """`folder` holds the folders of the attempts."""
        self._reporter, self._folder = reporter, folder
        self._context: AttemptContext | None = None
        self._busy = False
        self.cancelled = False
        signal.signal(signal.SIGTERM, self._cancel)

    def run(self, order: WorkOrder) -> None:
        """Run one attempt and report its outcome. Raises ServerGone."""
        self._busy = True
        self._reporter.begin(order)
        folder = f"{self._folder}/{order.run}-{order.attempt}-{order.lease}"
        try:
            os.mkdir(folder, 0o700)  # noqa: PTH102  (a tenth of the time)
        except OSError as error:
            outcome = Outcome(succeeded=False, reason=Reason.ERROR, message=f"No folder could be made: {error}")
        else:
            os.environ["TMPDIR"] = tempfile.tempdir = folder
            outcome = self._outcome(order, AttemptContext(order, self._reporter, folder))
            _remove(folder)
        self._reporter.finish(outcome)
        self._busy = False

    def _outcome(self, order: WorkOrder, context: AttemptContext) -> Outcome:
        """What became of the task; whatever it raises is an outcome too."""
        try:
            self._context = context
            if self.cancelled:
                raise Cancelled
            outcome = _perform(order, context)
            self._context = None
        except Cancelled:
            self._context = None
            outcome = Outcome(succeeded=False)
        except ConnectionFailed as error:
            self._context = None
            outcome = Outcome(succeeded=False, reason=Reason.ERROR, message=str(error))
        except Exception as error:
            self._context = None
            context.log(traceback.format_exc().rstrip())
            outcome = Outcome(succeeded=False, reason=Reason.ERROR, message=f"{type(error).__name__}: {error}")
        context.close()
        if self.cancelled and not outcome.succeeded:
            return Outcome(succeeded=False, reason=Reason.CANCEL_REQUESTED, message="The attempt was ended on request")
        return outcome

    def _cancel(self, _signal: int, _frame: FrameType | None) -> None:
        self.cancelled = True
        context = self._context
        if not self._busy:
            sys.exit(0)
        if context is None:
            return
        if context.stop is not None:
            context.stop()
        else:
            self._context = None
            raise Cancelled


def _remove(folder: str) -> None:
    try:
        os.rmdir(folder)  # noqa: PTH106  (most attempts leave nothing in it)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


def _perform(order: WorkOrder, context: AttemptContext) -> Outcome:
    if order.invalid:
        return _invalid(order.invalid)
    try:
        task_type = plugins.task_type(order.task_type)
    except KeyError:
        return _invalid(f"The task type {order.task_type!r} is not installed on this worker")
    if not plugins.is_runnable(task_type):
        return _invalid(f"The task type {order.task_type!r} cannot be run by a worker")
    try:
        config = msgspec.convert(order.config, task_type.Config, strict=False)
    except msgspec.ValidationError as error:
        return _invalid(f"The config of task {order.task_name!r} cannot be used: {error}")
    return task_type.run(config, context)


def _invalid(message: str) -> Outcome:
    return Outcome(succeeded=False, reason=Reason.INVALID, message=message)
