"""A program on the worker's machine: its output becomes the log, its exit code the outcome.

The program leads a process group of its own. When it ends, whatever it left running in that group is killed; when the
attempt is stopped, the group gets SIGTERM and after a grace SIGKILL. A watchman, a shell that reads from a pipe whose
other end only the worker holds, kills the group when the worker itself disappears, however that happens. A program
that leaves the group by `setsid`, as daemons do, is out of reach: it is neither waited for nor ended.

Each parameter of the task is a variable of the program, `OSTINATO_PARAMETER_` and its name as it is declared. In a
list of arguments `${parameter:NAME}` stands for its text; a line of shell has only the variables, for there a text
could be more than a value.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated

import msgspec

from ostinato.core.contracts import Context, Example, Outcome
from ostinato.core.parameter_references import as_text, plain, references
from ostinato.core.states import Reason

GRACE_S = 5.0
LINE_BYTES = 16 * 1024
READ_BYTES = 64 * 1024
DRAIN_READS = 32
"""More than a pipe can hold."""
PASSED_ON = frozenset({"PATH", "HOME", "LANG", "TZ", "TMPDIR"})
OWN = "OSTINATO_"
PARAMETER = f"{OWN}PARAMETER_"
WATCHMAN = 'read -r group || exit 0; read -r over || kill -KILL "-$group"'
"""First line: the group to watch. A second line means that all is over; the end of the pipe, that the worker died."""


class Command(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="command"):
    """A program to run; exit code 0 is success."""

    command: Annotated[
        str | Annotated[list[str], msgspec.Meta(min_length=1)],
        msgspec.Meta(
            description="The program and its arguments, in which `${parameter:NAME}` stands for the text of a"
            ' parameter; or one text, which /bin/sh runs, and where it is `"$OSTINATO_PARAMETER_NAME"`'
        ),
    ]
    environment: Annotated[
        dict[str, str],
        msgspec.Meta(
            description="Variables for the program, besides PATH, HOME, LANG, LC_*, TZ and TMPDIR of the worker;"
            " no name may begin with OSTINATO_. Each parameter NAME is there as OSTINATO_PARAMETER_NAME"
        ),
    ] = msgspec.field(default_factory=dict)
    working_directory: Annotated[
        str | None, msgspec.Meta(description="Folder to run in; without it an empty one that is removed afterwards")
    ] = None

    def __post_init__(self) -> None:
        if not self.command or not self.command[0].strip():
            raise ValueError("command must name a program")
        if any(name.startswith(OWN) or not name or "=" in name for name in self.environment):
            raise ValueError(f"environment: a name must not be empty, hold '=' or begin with {OWN}")
        if isinstance(self.command, str) and (named := references(self.command)):
            own = f'"${PARAMETER}{named[0]}"'
            raise ValueError(f"command: a line of shell has parameters as variables: write {own}")


examples = (
    Example(title="A line of shell", config={"kind": "command", "command": "echo hello from $PWD && date"}),
    Example(
        title="A program with arguments and a variable",
        config={"kind": "command", "command": ["env", "-u", "HOME"], "environment": {"STAGE": "test"}},
    ),
)


def run(config: Command, context: Context) -> Outcome:
    arguments = (
        ["/bin/sh", "-c", config.command]
        if isinstance(config.command, str)
        else [as_text(argument, context.parameters) for argument in config.command]
    )
    return run_program(arguments, context, folder=config.working_directory, environment=config.environment)


def run_program(
    arguments: Sequence[str],
    context: Context,
    *,
    folder: str | None,
    environment: Mapping[str, str],
    descriptors: Sequence[int] = (),
) -> Outcome:
    """Run a program to its end, in `folder` or that of the attempt; it inherits the `descriptors`."""
    with _Stop() as stop:
        # Before anything is started: what would be raised instead while it starts would leave it running.
        context.on_cancel(stop)
        with _watchman() as watch:
            return _run(arguments, context, stop, watch, folder, environment, descriptors)


def _run(
    arguments: Sequence[str],
    context: Context,
    stop: "_Stop",
    watch: Callable[[int], None],
    folder: str | None,
    environment: Mapping[str, str],
    descriptors: Sequence[int],
) -> Outcome:
    if stop.requested:
        return _failed("told to stop before it was started")
    try:
        program = subprocess.Popen(
            arguments,
            cwd=folder or context.folder,
            env=_environment(environment, context, os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=descriptors,
        )
    except (OSError, ValueError) as error:
        return _failed(_not_started(error, arguments[0], folder))
    watch(program.pid)
    with program, stop.over(program.pid):
        _follow(program, stop, context.log)
    return _outcome(program.returncode, stop.requested)


class _Stop:
    """Asks a process group to end, or to end as soon as there is one. May be called within a signal handler, again
    and again.
    """

    def __init__(self) -> None:
        self._group: int | None = None
        self._over = False
        self._told = False
        self.requested = False
        self.kill_at: float | None = None
        self.woken, self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def __call__(self) -> None:
        if self._over or self.requested:
            return
        self.requested = True
        self._tell()

    def __enter__(self) -> "_Stop":
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        os.close(self.woken)
        os.close(self._wake)

    @contextmanager
    def over(self, group: int) -> Iterator[None]:
        """Within, the group is there to be told; afterwards its number may be another's."""
        self._group = group
        try:
            if self.requested:
                self._tell()
            yield
        finally:
            self._group = None

    def seconds_left(self) -> float | None:
        return None if self.kill_at is None else max(0.0, self.kill_at - time.monotonic())

    def kill_if_due(self) -> None:
        if self.seconds_left() == 0.0 and self._group is not None:
            _signal_group(self._group, signal.SIGKILL)
            self.kill_at = None

    def _tell(self) -> None:
        """Once, though the signal may come while the program is being attached."""
        if self._told or self._group is None:
            return
        self._told = True
        self.kill_at = time.monotonic() + GRACE_S
        _signal_group(self._group, signal.SIGTERM)
        os.write(self._wake, b"!")


class _Lines:
    """Cuts output into lines of text; over-long ones into pieces, between characters."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._rest = b""

    def add(self, block: bytes) -> None:
        *whole, self._rest = (self._rest + block).split(b"\n")
        for line in whole:
            self._say(self._cut(line).removesuffix(b"\r"))
        self._rest = self._cut(self._rest)

    def end(self) -> None:
        if self._rest:
            self._say(self._rest)
        self._rest = b""

    def _cut(self, line: bytes) -> bytes:
        """Say the leading pieces of a line; the last piece."""
        while len(line) > LINE_BYTES:
            end = LINE_BYTES
            while end > LINE_BYTES - 4 and line[end] & 0xC0 == 0x80:
                end -= 1
            self._say(line[:end])
            line = line[end:]
        return line

    def _say(self, line: bytes) -> None:
        self._log(line.decode("utf-8", "replace"))


@contextmanager
def _watchman() -> Iterator[Callable[[int], None]]:
    """Gives what to tell the group to."""
    with subprocess.Popen(
        ["/bin/sh", "-c", WATCHMAN],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        start_new_session=True,
    ) as watchman:
        pipe = watchman.stdin
        assert pipe is not None

        def tell(line: object) -> None:
            with suppress(BrokenPipeError):
                pipe.write(f"{line}\n".encode())
                pipe.flush()

        try:
            yield tell
        finally:
            tell("over")


def _environment(own: Mapping[str, str], context: Context, worker: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the worker's own settings reaches the program."""
    return {
        **{name: value for name, value in worker.items() if name in PASSED_ON or name.startswith("LC_")},
        **own,
        f"{OWN}RUN_ID": str(context.run),
        f"{OWN}ATTEMPT": str(context.attempt),
        **{PARAMETER + name: plain(value) for name, value in context.parameters.items()},
    }


def _follow(program: subprocess.Popen[bytes], stop: _Stop, log: Callable[[str], None]) -> None:
    """Log the output until the program has ended, then end what it left behind.

    The end of the program is what counts, not that of its output: something it left running may hold that open. It
    has not been waited for yet when its group is killed, so that the number cannot mean another group by then.
    """
    assert program.stdout is not None
    output = program.stdout.fileno()
    ended = os.pidfd_open(program.pid)
    lines = _Lines(log)
    try:
        with selectors.DefaultSelector() as selector:
            for source in (output, ended, stop.woken):
                selector.register(source, selectors.EVENT_READ)
            _until_ended(selector, output, ended, stop, lines)
    finally:
        _signal_group(program.pid, signal.SIGKILL)
        os.close(ended)
    _drain(output, lines)
    lines.end()


def _until_ended(selector: selectors.BaseSelector, output: int, ended: int, stop: _Stop, lines: _Lines) -> None:
    while True:
        ready = {key.fd for key, _ in selector.select(stop.seconds_left())}
        if output in ready:
            block = os.read(output, READ_BYTES)
            lines.add(block)
            if not block:
                selector.unregister(output)
        elif ended in ready:
            return
        if stop.woken in ready:
            selector.unregister(stop.woken)
        stop.kill_if_due()


def _drain(output: int, lines: _Lines) -> None:
    """What is still in the pipe; never wait for more, which only a process that left the group could write."""
    os.set_blocking(output, False)
    with suppress(BlockingIOError):
        for _ in range(DRAIN_READS):
            block = os.read(output, READ_BYTES)
            if not block:
                return
            lines.add(block)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _not_started(error: Exception, program: str, folder: str | None) -> str:
    if isinstance(error, OSError) and folder is not None and error.filename == folder:
        return f"the working directory {folder!r} cannot be used: {error.strerror}"
    if isinstance(error, FileNotFoundError):
        return f"there is no program {program!r} on the worker's machine; install it, or correct command"
    return f"the program {program!r} cannot be started: {error}"


def _outcome(code: int, stopped: bool) -> Outcome:
    if code == 0 and not stopped:
        return Outcome(succeeded=True)
    if stopped:
        return _failed(f"told to stop; {_ending(code, 'it ended with ', 'it was ended by ')}")
    return _failed(_ending(code, "", "ended by "))


def _ending(code: int, by_itself: str, by_signal: str) -> str:
    return f"{by_itself}exit code {code}" if code >= 0 else f"{by_signal}{_signal_name(-code)}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _failed(message: str) -> Outcome:
    return Outcome(succeeded=False, message=message, reason=Reason.EXIT_CODE)
