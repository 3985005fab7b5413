"""Programs: their output, their end, and that nothing of them stays."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ostinato.core.states import Reason
from ostinato.tasks import package
from ostinato.tasks.package import command
from tests.tasks.recording import RecordingContext, run


def shell(context: RecordingContext, line: Any, **more: Any) -> Any:
    return run(package, context, kind="command", command=line, **more)


def wait_until(condition: Any, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """Whether a process is alive; a zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_output_and_errors_become_log_lines_in_order(context: RecordingContext) -> None:
    outcome = shell(context, "echo one; echo two >&2; printf 'th\\303\\244ree\\r\\n'; printf 'bad \\377'")
    assert outcome.succeeded
    assert context.lines == ["one", "two", "thäree", "bad \ufffd"]


def test_a_list_is_run_without_a_shell(context: RecordingContext) -> None:
    shell(context, ["echo", "$HOME; rm"])
    assert context.lines == ["$HOME; rm"]


def test_an_exit_code_fails_the_attempt(context: RecordingContext) -> None:
    outcome = shell(context, "exit 3")
    assert (outcome.succeeded, outcome.reason, outcome.message) == (False, Reason.EXIT_CODE, "exit code 3")


def test_a_deadly_signal_is_named(context: RecordingContext) -> None:
    assert shell(context, "kill -SEGV $$").message == "ended by SIGSEGV"


def test_a_program_that_does_not_exist_is_named(context: RecordingContext) -> None:
    outcome = shell(context, ["no-such-program"])
    assert outcome.reason == Reason.EXIT_CODE
    assert "no program 'no-such-program'" in outcome.message


def test_a_working_directory_that_does_not_exist_is_named(context: RecordingContext) -> None:
    assert "'/no/such'" in shell(context, "true", working_directory="/no/such").message


def test_it_runs_in_the_folder_of_the_attempt(context: RecordingContext, tmp_path: Path) -> None:
    shell(context, "pwd")
    shell(context, "pwd", working_directory=str(tmp_path))
    assert context.lines == [context.folder, str(tmp_path)]


def test_the_program_sees_little_of_the_workers_environment(
    context: RecordingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSTINATO_SECRET_KEY_FILE", "/key")
    monkeypatch.setenv("AWS_TOKEN", "canary")
    monkeypatch.setenv("LC_TIME", "C")
    shell(context, ["env"], environment={"STAGE": "test"})
    seen = dict(line.split("=", 1) for line in context.lines)
    assert (seen["STAGE"], seen["LC_TIME"], seen["PATH"]) == ("test", "C", os.environ["PATH"])
    assert {name for name in seen if name.startswith("OSTINATO_")} == {"OSTINATO_RUN_ID", "OSTINATO_ATTEMPT"}
    assert (seen["OSTINATO_RUN_ID"], seen["OSTINATO_ATTEMPT"]) == ("7", "2")
    assert "AWS_TOKEN" not in seen


@pytest.mark.parametrize(
    "config",
    [{"command": ""}, {"command": []}, {"command": [" "]}, {"command": "true", "environment": {"OSTINATO_HOME": "x"}}],
)
def test_a_command_that_cannot_be_run_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"kind": "command", **config}, package.Config)


def test_a_long_line_is_cut_between_characters(context: RecordingContext) -> None:
    shell(context, [sys.executable, "-c", "print('x' + 'é' * 20000)"])
    assert "".join(context.lines) == "x" + "é" * 20000
    assert max(len(line.encode()) for line in context.lines) <= command.LINE_BYTES


def test_lines_come_while_the_program_runs(context: RecordingContext, tmp_path: Path) -> None:
    def open_gate() -> None:
        wait_until(lambda: context.lines)
        (tmp_path / "gate").touch()

    helper = threading.Thread(target=open_gate)
    helper.start()
    outcome = shell(context, f"echo waiting; while [ ! -e {tmp_path}/gate ]; do sleep 0.01; done; echo done")
    helper.join()
    assert outcome.succeeded
    assert context.lines == ["waiting", "done"]


def test_what_a_program_leaves_running_is_killed(context: RecordingContext) -> None:
    outcome = shell(context, "sleep 600 & echo $!")
    assert outcome.succeeded
    wait_until(lambda: not runs(int(context.lines[0])))


def test_a_process_that_left_the_group_does_not_hold_the_attempt(context: RecordingContext) -> None:
    began = time.monotonic()
    assert shell(context, "setsid sleep 3 & echo started").succeeded
    assert time.monotonic() - began < 2


def stopping(context: RecordingContext, line: str) -> Any:
    """Run a program and stop it, as a worker does: from a signal handler, twice, once the program is under way."""

    def handler(*_: object) -> None:
        assert context.stop is not None
        context.stop()
        context.stop()

    def interrupt() -> None:
        wait_until(lambda: context.lines)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handler)
    helper = threading.Thread(target=interrupt)
    helper.start()
    try:
        return shell(context, line)
    finally:
        helper.join()
        signal.signal(signal.SIGUSR1, before)


def test_a_stopped_program_may_end_in_good_order(context: RecordingContext) -> None:
    outcome = stopping(context, "trap 'echo tidy; exit 0' TERM; echo ready; while true; do sleep 0.01; done")
    assert not outcome.succeeded
    assert outcome.message == "told to stop; it ended with exit code 0"
    assert context.lines[-1] == "tidy"
    assert context.stop is not None
    context.stop()


def test_a_program_that_does_not_listen_is_killed_after_the_grace(
    context: RecordingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "GRACE_S", 0.3)
    began = time.monotonic()
    outcome = stopping(context, "trap '' TERM; (trap '' TERM; echo $$; exec sleep 600); sleep 600")
    assert 0.3 <= time.monotonic() - began < 4
    assert outcome.message == "told to stop; it was ended by SIGKILL"
    wait_until(lambda: not runs(int(context.lines[0])))


WORKER = """
import sys
from tests.tasks.recording import RecordingContext, run
from ostinato.tasks import package

class Context(RecordingContext):
    def log(self, line):
        print(line, flush=True)

run(package, Context(sys.argv[1], {}), kind="command", command="sleep 600 & echo $! $$; wait")
"""


def test_a_killed_worker_leaves_no_program_behind(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as worker:
        assert worker.stdout is not None
        pids = [int(pid) for pid in worker.stdout.readline().split()]
        assert len(pids) == 2
        assert all(runs(pid) for pid in pids)
        worker.kill()
        worker.wait()
        wait_until(lambda: not any(runs(pid) for pid in pids))


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_stop_while_the_program_starts_ends_it(
    context: RecordingContext, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The stop comes as the worker's does, from a signal handler: just before or just after the program is there."""
    started = subprocess.Popen

    def handler(*_: object) -> None:
        assert context.stop is not None
        context.stop()

    def start(arguments: Any, **more: Any) -> Any:
        ours = "sleep 600" in arguments
        if ours and moment == "before":
            signal.raise_signal(signal.SIGUSR1)
        program = started(arguments, **more)
        if ours and moment == "after":
            signal.raise_signal(signal.SIGUSR1)
        return program

    before = signal.signal(signal.SIGUSR1, handler)
    monkeypatch.setattr(subprocess, "Popen", start)
    try:
        outcome = shell(context, "sleep 600")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert outcome.message == "told to stop; it was ended by SIGTERM"


def test_a_stop_before_the_program_starts_keeps_it_from_starting(context: RecordingContext, tmp_path: Path) -> None:
    context.on_cancel = lambda stop: stop()  # type: ignore[method-assign]
    outcome = shell(context, f"touch {tmp_path}/ran")
    assert (outcome.succeeded, outcome.message) == (False, "told to stop before it was started")
    assert not (tmp_path / "ran").exists()
