"""The contracts between the server, its workers and the plug-ins.

A task type and a connection type are one module each, found by entry point (`ostinato.task_types`,
`ostinato.connection_types`); the module itself fulfils the protocol below. Everything that travels between a server
and a worker is a struct from this file, encoded as MessagePack.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any, Literal, Protocol, TypeAlias

import msgspec

from ostinato.core.artifacts import ArtifactRef, Entry
from ostinato.core.ids import Lease, RunId
from ostinato.core.states import Reason

Secret = Annotated[str, msgspec.Meta(extra={"secret": True})]
"""A config field that is stored encrypted, never shown again, and redacted wherever it might be printed."""

Batches: TypeAlias = Any
"""A `pyarrow.RecordBatchReader`; the core does not know Arrow."""

WriteMode: TypeAlias = Literal["replace", "append", "merge"]


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A config that works, shown in the reference and run by a test.

    The test gives it a DuckDB connection `warehouse` holding `customers` (id, name, country) and `orders` (id,
    customer_id, amount), a `files` connection `exports`, an empty folder, and an artifact of type python.
    """

    title: str
    config: Mapping[str, Any]


class Finding(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One row that a data-quality check returned; `kind` says why (`row`, `missing_left`, `missing_right`, ...)."""

    kind: str
    row: Mapping[str, Any]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one attempt.

    `rows` is the number of rows the work was about (copied, returned, compared); `counts` holds further true counts
    by name; `findings` may be fewer than the true count, because they are capped.
    """

    succeeded: bool
    message: str = ""
    reason: Reason | None = None
    rows: int | None = None
    counts: Mapping[str, int] = msgspec.field(default_factory=dict)
    findings: Sequence[Finding] = ()


class Connection(Protocol):
    """An open connection to somebody's data. Used by one thread, closed by whoever opened it.

    Rows travel as Arrow record batches and never all at once. All failures are `ConnectionFailed`.
    """

    standard_literals: bool
    """Whether in a text literal of its SQL only a quote is special, and `#` begins no comment."""

    def read(self, query: str) -> Batches:
        """Run a query in the dialect of the connection and stream its result."""
        ...

    def table_query(self, table: str) -> str:
        """The query that reads a whole table (for `files`: a file), quoted as the dialect wants it."""
        ...

    def write(
        self, table: str, data: Batches, mode: WriteMode, keys: Sequence[str], tell: Callable[[int], None]
    ) -> int:
        """Write all batches in ONE transaction, so that a failure leaves the old data; returns the rows written.

        The table is made if it does not exist. `replace` empties it first, `append` adds, `merge` replaces the rows
        with the same keys and adds the others. `tell` is called with the rows so far.
        """
        ...

    def execute(self, script: str) -> int | None:
        """Run a script of one or several statements in one transaction; the rows changed, where the driver knows."""
        ...

    def close(self) -> None: ...


class ConnectionFailed(Exception):
    """The other system refused or did not answer; the text is its own, without secrets."""


class ConnectionType(Protocol):
    """A kind of system that data can be read from and written to: one module."""

    name: str
    title: str
    Config: type[msgspec.Struct]
    examples: Sequence[Example]

    def open(self, config: Any) -> Connection:
        """Open a connection; raises ConnectionFailed. `config` is an instance of `Config`, secrets in clear."""
        ...


class Context(Protocol):
    """What a running task sees of the world."""

    run: RunId
    attempt: int
    folder: str
    """An own directory of this attempt, with nothing in it but copies of resources; removed afterwards."""
    parameters: Mapping[str, Any]
    """The values of the run, and the paths of its resources."""

    def log(self, line: str) -> None: ...

    def progress(self, rows: int, total: int | None = None) -> None:
        """Tell how far the work is; cheap enough to be called for every batch, and from any thread."""
        ...

    def connect(self, name: str) -> Connection:
        """Open one of the task's own connections, a new one at every call; the worker closes it with the attempt."""
        ...

    def settings_of(self, connection: str) -> "OpenOrder":
        """How one of the task's own connections is opened, secrets in clear; raises ConnectionFailed."""
        ...

    def artifact(self) -> "AbstractContextManager[Unpacked]":
        """The artifact that the task names, unpacked for reading only, for as long as the context lasts; raises
        Invalid."""
        ...

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Name what stops the work when the attempt is cancelled or timed out (called in a signal handler)."""
        ...


class TaskType(Protocol):
    """One kind of work: one module. It has either `run` (runnable) or `expand` (composite), see below."""

    name: str
    title: str
    Config: Any
    """A msgspec Struct, or a union of tagged Structs."""
    examples: Sequence[Example]

    def connections(self, config: Any) -> frozenset[str]:
        """The names of the connections that a config refers to."""
        ...


class UsesArtifact(TaskType, Protocol):
    """A task type of which a config may name an artifact, always in a field `artifact`."""

    def artifact(self, config: Any) -> ArtifactRef | None:
        """The artifact that a config names, if it names one."""
        ...


class Runnable(TaskType, Protocol):
    def run(self, config: Any, context: Context) -> Outcome:
        """Do the work. Raising ConnectionFailed or any other exception fails the attempt with reason `error`."""
        ...


class StepSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A step that a composite task consists of; tasks and plans are named within the task's own workspace."""

    name: str
    tasks: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Composite(TaskType, Protocol):
    def expand(self, config: Any) -> Sequence[StepSpec]:
        """The steps this task consists of; the scheduler runs them as a child plan."""
        ...


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """All that an executor sees of an attempt."""

    run: RunId
    attempt: int
    lease: Lease
    engine: str
    timeout_s: float | None


class WorkOrder(msgspec.Struct, frozen=True, kw_only=True):
    """All that a worker needs for one attempt; holds decrypted secrets, so it is never stored or logged."""

    run: RunId
    attempt: int
    lease: Lease
    task_type: str
    task_name: str
    config: dict[str, Any]
    connections: dict[str, "OpenOrder"]
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    invalid: str = ""
    """Why the attempt cannot be made at all, if it cannot."""
    artifact: "ArtifactOrder | None" = None
    resources: dict[str, "ResourceOrder"] = msgspec.field(default_factory=dict)
    """By the parameters as which the attempt gets the paths of its copies."""


class ArtifactOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The version of an artifact that a run began with; the executor has its content by the digest."""

    name: str
    version: str
    digest: str
    entry: Entry


class ResourceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A resource as it is when an attempt begins; a folder is a zip until it is unpacked."""

    digest: str
    is_file: bool
    file_name: str | None
    """What it was called where it came from."""


class ContentSource(msgspec.Struct, frozen=True, kw_only=True):
    """How workers on this machine come by the content of artifacts."""

    objects: str
    """The folder with the content, which they only read."""
    unpacked: str
    """The folder in which they unpack it."""
    fetch: Callable[[str], Awaitable[object]] | None = None
    """Brings the content of a digest into the folder; none: all content is there."""
    withheld: frozenset[str] = frozenset()
    """Variables of the environment that open the object store: no worker gets them."""


class Unpacked(msgspec.Struct, frozen=True, kw_only=True):
    """An artifact, and the folder in which its content is."""

    order: ArtifactOrder
    folder: str


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """How to open one connection."""

    type: str
    config: dict[str, Any]
    secrets: tuple[str, ...] = ()
    """The secret values among the config, to be redacted from everything the attempt says."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """How it went when a connection was opened to try it."""

    ok: bool
    message: str
    """Why not, if not; without secrets."""
    seconds: float


class LogLine(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One line of output. `at` is seconds since the epoch, UTC."""

    at: float
    text: str


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    run: RunId
    attempt: int
    lease: Lease
    at: float


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag="beat"):
    """The attempt is alive; `rows` of `total` are done, where that is known."""

    run: RunId
    attempt: int
    lease: Lease
    rows: int | None = None
    total: int | None = None


class Log(msgspec.Struct, frozen=True, kw_only=True, tag="log"):
    run: RunId
    attempt: int
    lease: Lease
    lines: Sequence[LogLine]
    first: int = 1
    """The number of the first of the lines within the attempt."""


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    run: RunId
    attempt: int
    lease: Lease
    at: float
    outcome: Outcome
    started: float | None = None
    """When the work began, by the worker's own clock; None: it never did."""


class Returned(msgspec.Struct, frozen=True, kw_only=True, tag="returned"):
    """An executor gives an attempt back that it has no room for; it never began."""

    run: RunId
    attempt: int
    lease: Lease


Report: TypeAlias = Started | Beat | Log | Finished | Returned
"""The four verbs in which a worker tells what happens, and the one of an executor that has no room."""


class Executor(Protocol):
    """Starts attempts somewhere. It never touches the database and never decides anything about a run."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """End all attempts and let go; nothing is reported for them."""
        ...

    def submit(self, launches: Iterable[Launch]) -> None: ...

    def cancel(self, lease: Lease) -> None:
        """End this attempt; it reports `Finished` with reason `cancel_requested`. Unknown ones: nothing."""
        ...

    def free_slots(self, engine: str) -> int:
        """How many attempts may be submitted now. Where attempts are short, a few more than can start at once."""
        ...
