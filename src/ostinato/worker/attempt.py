"""Runs one attempt: a folder of its own, open connections, the task, and always an outcome."""

import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from ostinato import plugins
from ostinato.core.contracts import Connection, ConnectionFailed, OpenOrder, Outcome, Unpacked, WorkOrder
from ostinato.core.errors import Invalid, Problem
from ostinato.core.ids import RunId
from ostinato.core.states import Reason
from ostinato.worker import resources
from ostinato.worker.artifacts import ArtifactCache
from ostinato.worker.reporter import PipeReporter

OF_THE_ENGINE = frozenset({Reason.CANCEL_REQUESTED, Reason.LOST, Reason.SHUTDOWN, Reason.MISFIRED, Reason.STEP_FAILED})


class Cancelled(BaseException):
    """The attempt was asked to end while its task was at work in this process."""


class AttemptContext:
    """What the running task sees of the world."""

    def __init__(
        self, order: WorkOrder, reporter: PipeReporter, folder: str, artifacts: ArtifactCache | None = None
    ) -> None:
        self.run: RunId = order.run
        self.attempt = order.attempt
        self.folder = folder
        self.parameters: Mapping[str, Any] = order.parameters
        """With the paths of resources as soon as these are there."""
        self._order, self._reporter, self._artifacts = order, reporter, artifacts
        self._open: list[Connection] = []
        self.stop: Callable[[], None] | None = None

    def log(self, line: str) -> None:
        self._reporter.log(line)

    def progress(self, rows: int, total: int | None = None) -> None:
        self._reporter.progress(rows, total)

    def on_cancel(self, stop: Callable[[], None]) -> None:
        self.stop = stop

    def connect(self, name: str) -> Connection:
        wanted = self.settings_of(name)
        kind = plugins.connection_type(wanted.type)
        try:
            config = msgspec.convert(wanted.config, kind.Config, strict=False)
        except msgspec.ValidationError as error:
            raise ConnectionFailed(f"Connection {name!r} has an unusable config: {error}") from error
        connection = kind.open(config)
        self._open.append(connection)
        return connection

    def settings_of(self, connection: str) -> OpenOrder:
        wanted = self._order.connections.get(connection)
        if wanted is None:
            raise ConnectionFailed(f"Connection {connection!r} is not there, or its secrets cannot be decrypted")
        return wanted

    def take_resources(self) -> None:
        """Raises Invalid, and OSError where there is no room for them."""
        if self._order.resources:
            if self._artifacts is None:
                raise Invalid(Problem(path="resources", message="this worker was given none"))
            paths = resources.place(self._order.resources, self._artifacts, Path(self.folder))
            self.parameters = {**self._order.parameters, **paths}

    @contextmanager
    def artifact(self) -> Iterator[Unpacked]:
        order = self._order.artifact
        if order is None or self._artifacts is None:
            raise Invalid(Problem(path="artifact", message="this worker was given none"))
        with self._artifacts.use(order.digest) as folder:
            yield Unpacked(order=order, folder=str(folder))

    def close(self) -> None:
        """Close every connection; one that does not close says so in the log, for the outcome is decided already."""
        for connection in reversed(self._open):
            try:
                connection.close()
            except Exception as error:
                self.log(f"A connection could not be closed: {error}")


class Folders:
    """Gives every attempt an empty folder. One that an attempt never touched serves the next one as well: making and
    removing a folder can take longer than a short attempt."""

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        self._number = 0
        self._folder: str | None = None
        self._untouched: int | None = None

    def take(self) -> str:
        """Raises OSError if no folder can be made."""
        folder = self._folder
        if folder is None or not self._parent.exists():
            self._number += 1
            folder = str(self._parent / f"{os.getpid()}-{self._number}")
            os.mkdir(folder, 0o700)  # noqa: PTH102  (Path.mkdir takes ten times as long)
            self._folder = folder
            self._untouched = os.stat(folder).st_mtime_ns  # noqa: PTH116
            os.environ["TMPDIR"] = tempfile.tempdir = folder
        return folder

    def give_back(self) -> None:
        if self._folder is None:
            return
        try:
            untouched = os.stat(self._folder).st_mtime_ns == self._untouched  # noqa: PTH116
        except OSError:
            untouched = False
        if not untouched:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


class Attempts:
    """Runs attempts one after another, and ends the one at work when the process is told to."""

    def __init__(self, reporter: PipeReporter, folder: Path, artifacts: ArtifactCache | None = None) -> None:
        """`folder` holds the folders of the attempts."""
        self._reporter, self._folders, self._artifacts = reporter, Folders(folder), artifacts
        self._context: AttemptContext | None = None
        self._busy = False
        self.cancelled = False
        signal.signal(signal.SIGTERM, self._cancel)

    def run(self, order: WorkOrder) -> None:
        """Run one attempt and report its outcome. Raises ServerGone."""
        self._busy = True
        self._reporter.begin(order)
        try:
            folder = self._folders.take()
        except OSError as error:
            outcome = Outcome(succeeded=False, reason=Reason.ERROR, message=f"No folder could be made: {error}")
        else:
            outcome = self._outcome(order, AttemptContext(order, self._reporter, folder, self._artifacts))
            self._folders.give_back()
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
    try:
        context.take_resources()
    except Invalid as refusal:
        return _invalid(str(refusal))
    outcome = task_type.run(config, context)
    if outcome.reason in OF_THE_ENGINE:  # what only the engine can know
        return msgspec.structs.replace(outcome, reason=Reason.ERROR)
    return outcome


def _invalid(message: str) -> Outcome:
    return Outcome(succeeded=False, reason=Reason.INVALID, message=message)
