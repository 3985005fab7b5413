"""`ostinato backfill`."""

import json
import re
import signal
from pathlib import Path

from tests.cli.commands import Cli, wait_until

WINDOW = ("--from", "2026-03-01T00:00:00Z", "--to", "2026-03-01T03:00:00Z")
HOURLY = (*WINDOW, "--cron", "0 * * * *")


def test_waiting_for_a_backfill_shows_its_progress_and_ends_as_it_does(cli: Cli) -> None:
    done = cli("backfill", "start", "hello", *HOURLY, "--wait", code=0)
    lines = done.out.splitlines()
    assert re.search(r"^\d\d:\d\d:\d\d  \d of 3 done, \d live, 0 failed$", lines[0])
    assert re.fullmatch(r"Backfill \d+, task hello: succeeded; of 3 times 3 succeeded", lines[-1])
    assert len(set(lines)) == len(lines)
    failed = cli("backfill", "start", "broken", *HOURLY, "--stop-on-failure", "--wait", "--json", code=1)
    assert failed.json["counts"] == {"notStarted": 2, "live": 0, "succeeded": 0, "failed": 1, "cancelled": 0}
    assert "1 failed" in failed.err
    shown = cli("backfill", "show", str(failed.json["id"]), code=0).out
    assert "Stopped: a run failed, and it was told to stop then" in shown
    assert re.search(r"^2026-03-01T00:00:00.000Z +\d+  FAILED$", shown, re.MULTILINE)
    assert re.search(r"^2026-03-01T02:00:00.000Z +not started$", shown, re.MULTILINE)


def test_a_dry_run_tells_the_times(cli: Cli, tmp_path: Path) -> None:
    trigger = tmp_path / "trigger.json"
    trigger.write_text(json.dumps({"when": {"type": "interval", "everyMinutes": 1}}))
    asked = ("good", *WINDOW, "--trigger", str(trigger), "--version", "current", "--newest-first", "--dry-run")
    lines = cli("backfill", "start", *asked, code=0).out.splitlines()
    assert len(lines) == 22
    assert lines[0].startswith("180 runs of plan good in Production/lab, version 1")
    assert (lines[1], lines[-1]) == ("  2026-03-01T02:59:00.000Z", "  and 160 more")


def test_a_backfill_goes_on_after_ctrl_c_and_is_cancelled_as_a_whole(cli: Cli) -> None:
    watching = cli.begin("backfill", "start", "gate", *HOURLY, "--wait")
    assert watching.stdout is not None
    assert "0 of 3 done" in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=30)
    assert watching.returncode == 130
    [number] = re.findall(r"`ostinato backfill cancel (\d+)`", said)
    assert re.search(rf"^ *{number}  gate .* running ", cli("backfill", "list", code=0).out, re.MULTILINE)
    assert f"Backfill {number}, task gate" in cli("backfill", "cancel", number, code=0).out

    def state() -> str:
        found: str = cli("backfill", "show", number, "--json", code=0).json["state"]
        return found

    wait_until(lambda: state() == "cancelled")
    again = cli("backfill", "cancel", number, code=0).out
    assert again.endswith("Stopped: admin cancelled it\n")


def test_what_is_wrong_is_said_with_its_place(cli: Cli) -> None:
    assert "overlap" in cli("backfill", "start", "hello", *HOURLY, "--concurrency", "2", code=1).err
    assert "--version is 'old'" in cli("backfill", "start", "good", *HOURLY, "--version", "old", code=2).err
    assert "--from is 'then'" in cli("backfill", "start", "good", "--from", "then", "--to", "now", code=2).err
