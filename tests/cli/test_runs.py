import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import pytest

from ostinato import __version__
from tests.cli.commands import PROGRAM, Cli, wait_until

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def test_a_run_is_started_and_the_command_says_how_to_watch_it(cli: Cli) -> None:
    done = cli("run", "hello", code=0)

    assert re.fullmatch(r"Run (\d+) of task hello has been started; see `ostinato status \1` and .*\n", done.out)
    assert done.err == ""


def test_waiting_for_a_plan_that_succeeds_ends_with_0_and_a_table_of_its_tasks(cli: Cli) -> None:
    done = cli("run", "good", "--wait", code=0)

    assert re.search(r"^\d\d:\d\d:\d\d  hello  SUCCEEDED  \d+\.\d s$", done.out, re.MULTILINE)
    table = done.out[done.out.index("TASK") :].splitlines()
    assert [line.split()[:2] for line in table[1:3]] == [["hello", "SUCCEEDED"], ["colours", "SUCCEEDED"]]
    assert re.match(r"Run \d+, plan good: SUCCEEDED after \d+\.\d s", table[-1])


def test_waiting_for_a_plan_that_fails_ends_with_1_and_says_why_and_what_never_started(cli: Cli) -> None:
    done = cli("run", "bad", "--wait", code=1)

    assert "exit_code" in next(line for line in done.out.splitlines() if line.startswith("broken "))
    assert "handles the failure of first" in next(line for line in done.out.splitlines() if line.startswith("hello "))
    assert re.search(r"plan bad: FAILED after \d+\.\d s \(step_failed", done.out)
    assert done.out.endswith("Never started: second\n")


def test_each_change_of_state_is_one_line_without_control_characters(cli: Cli) -> None:
    done = cli("run", "good", "--wait", code=0)

    assert not CONTROL.search(done.out)
    progress = done.out[: done.out.index("TASK")].strip().splitlines()
    assert len(progress) == len({line[10:] for line in progress})


def test_json_has_stdout_for_itself_and_progress_goes_to_stderr(cli: Cli) -> None:
    done = cli("run", "bad", "--wait", "--json", code=1)

    assert done.json["run"]["state"] == "FAILED"
    assert done.json["skippedSteps"] == ["second"]
    assert "broken  FAILED" in done.err


def test_a_task_by_itself_has_a_table_too(cli: Cli) -> None:
    done = cli("run", "broken", "--wait", "--workspace", "lab", "--environment", "Production", code=1)

    assert re.search(r"^broken  FAILED", done.out, re.MULTILINE)


def test_an_unknown_name_is_refused_in_one_line(cli: Cli) -> None:
    done = cli("run", "nothing like it", code=1)

    assert done.err == "Task or plan 'nothing like it' does not exist, or you may not see it\n"
    assert done.out == ""


def test_an_environment_that_does_not_exist_is_said_to_be_what_is_missing(cli: Cli) -> None:
    refused = cli("run", "hello", "-e", "Nope", code=1)

    assert refused.err == "Environment 'Nope' does not exist, or you may not see it\n"
    assert "Task or plan 'hello'" in cli("run", "hello", "-e", "Test", code=1).err


def test_ctrl_c_leaves_the_run_going_and_says_how_to_look_and_cancel(cli: Cli) -> None:
    watching = cli.begin("run", "gate", "--wait")
    assert watching.stdout is not None
    line = watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=20)

    number = int(re.findall(r"Run (\d+) goes on", err)[0])
    assert line.strip()
    assert watching.returncode == 130
    assert err.strip().endswith(f"look with `ostinato status {number}`, end it with `ostinato cancel {number}`")
    assert cli.state(number) in {"CLAIMED", "RUNNING", "QUEUED"}


def test_a_cancelled_run_ends_and_whoever_waits_for_it_gets_1(cli: Cli) -> None:
    number = cli.start("gate")
    wait_until(lambda: cli.state(number) == "RUNNING")

    assert cli("cancel", str(number), code=0).out == (
        f"Run {number} is asked to end; `ostinato status {number}` shows when it has\n"
    )
    wait_until(lambda: cli.state(number) == "CANCELLED")
    assert cli("cancel", str(number), code=0).out == f"Run {number} has ended: CANCELLED\n"
    assert cli("cancel", str(number), "--json", code=0).json["state"] == "CANCELLED"


def test_status_shows_the_latest_runs_and_why_others_wait(cli: Cli) -> None:
    number = cli.start("crowd")
    wait_until(lambda: cli("status", "--json", code=0).json["work"] == {"queued": 4, "running": 8, "plans": 1})

    done = cli("status", code=0)

    assert f"Ostinato {__version__} at http://127.0.0.1:{cli.port}" in done.out
    assert "tasks: 8 running, 4 waiting; plans: 1 running" in done.out
    assert re.search(rf"^ *{number}  crowd +Production/lab +RUNNING", done.out, re.MULTILINE)
    waits = re.findall(
        r"^  run \d+, crowd \d+: is ready: all 8 worker slots of 1 server are busy.*$", done.out, re.MULTILINE
    )
    assert len(waits) == 4


def test_status_of_a_plan_says_what_its_steps_wait_for(cli: Cli) -> None:
    number = cli.start("gates")
    wait_until(lambda: cli("status", "--json", code=0).json["work"]["running"] == 1)

    done = cli("status", str(number), code=0)

    assert done.out.endswith("Steps:\n  second: waits for step first\n")


def test_status_of_a_run_shows_everything_below_it(cli: Cli) -> None:
    number = cli("run", "bad", "--wait", "--json", code=1).json["run"]["id"]

    done = cli("status", str(number), code=0)

    assert done.out.startswith(f"Run {number}, plan bad: FAILED")
    assert re.search(r"^ *\d+  broken  first  FAILED", done.out, re.MULTILINE)
    assert cli("status", str(number), "--json", code=0).json["run"]["id"] == number


def test_an_unknown_run_is_refused_by_every_command_that_names_one(cli: Cli) -> None:
    for command in (("status", "999999"), ("logs", "999999"), ("cancel", "999999")):
        assert cli(*command, code=1).err == "Run 999999 does not exist, or you may not see it\n"


def test_the_log_of_a_run_is_printed_line_by_line(cli: Cli) -> None:
    number = cli("run", "hello", "--wait", "--json", code=0).json["run"]["id"]

    lines = cli("logs", str(number), code=0).out.splitlines()

    assert [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ", "", line) for line in lines] == ["hello", "world"]


def test_log_lines_as_json_are_one_object_each(cli: Cli) -> None:
    number = cli("run", "good", "--wait", "--json", code=0).json["run"]["id"]

    lines = [json.loads(line) for line in cli("logs", str(number), "--json", code=0).out.splitlines()]

    assert [line["text"] for line in lines if line["name"] == "hello"] == ["hello", "world"]
    assert lines[0].keys() == {"run", "name", "seq", "attempt", "at", "text"}


def test_the_log_of_a_plan_names_the_task_of_each_line_and_cannot_steer_a_terminal(cli: Cli) -> None:
    number = cli("run", "good", "--wait", "--json", code=0).json["run"]["id"]

    out = cli("logs", str(number), code=0).out

    assert re.search(r"^hello \| .*  world$", out, re.MULTILINE)
    assert re.search("^colours \\| .*  red \ufffdbell$", out, re.MULTILINE)
    assert not CONTROL.search(out)


def test_a_log_can_be_followed_until_the_run_ends(cli: Cli, gate: Path) -> None:
    number = cli.start("gate")
    following = cli.begin("logs", str(number), "-f")
    assert following.stdout is not None
    first = following.stdout.readline()
    gate.touch()
    rest, err = following.communicate(timeout=40)

    assert first.endswith("  waiting\n")
    assert rest.endswith("  open\n")
    assert (following.returncode, err) == (0, "")


@pytest.mark.parametrize("name", ["good", "bad"])
def test_a_terminal_gets_a_live_table_that_is_cleared_before_the_final_one(cli: Cli, name: str) -> None:
    shown, code = _on_terminal(cli, "run", name, "--wait")

    assert "\x1b[" in shown, "it is redrawn in place"
    assert code == (0 if name == "good" else 1)
    final = shown[shown.rindex("TASK") :]
    assert not CONTROL.search(final.replace("\r", ""))


def _on_terminal(cli: Cli, *arguments: str) -> tuple[str, int]:
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *arguments], env={**cli.environment, "TERM": "xterm"}, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    shown = b""
    try:
        while block := os.read(ours, 65_536):
            shown += block
    except OSError:
        pass  # the way in which Linux says that the other end is closed
    os.close(ours)
    return shown.decode(), process.wait(20)


def test_a_run_takes_a_priority_and_a_key_and_refuses_what_is_not_declared(cli: Cli) -> None:
    first = cli("run", "hello", "--priority", "3", "--key", "cli-once", "--json", code=0)
    second = cli("run", "hello", "--priority", "3", "--key", "cli-once", "--json", code=0)

    assert first.json["id"] == second.json["id"]
    assert first.json["priority"] == 3
    assert "it declares no parameters" in cli("run", "colours", "-p", "rows=3", code=1).err
    assert "is not NAME=VALUE" in cli("run", "colours", "-p", "rows", code=2).err


def test_what_failed_runs_again_and_points_to_what_it_was(cli: Cli) -> None:
    old = cli("run", "bad", "--wait", "--json", code=1).json["run"]["id"]

    again = cli("rerun", str(old), "--failed", "--wait", "--json", code=1).json

    assert again["run"]["rerunOf"] == old
    assert [child["name"] for child in again["children"] if not child["handler"]] == ["broken"]
    assert "exclude one another" in cli("rerun", str(old), "--failed", "--from-step", "first", code=2).err


def test_a_paused_task_says_so_until_it_is_resumed(cli: Cli) -> None:
    assert cli("pause", "colours", "--note", "broken printer", code=0).out == "Task colours is paused\n"
    assert cli("pause", "colours", code=0).out == "Task colours is already paused\n"
    assert "paused since" in cli("run", "colours", code=1).err
    assert cli("resume", "colours", code=0).out == "Task colours is resumed\n"
    assert cli("resume", "colours", code=0).out == "Task colours is not paused\n"
