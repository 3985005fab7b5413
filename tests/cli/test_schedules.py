"""`ostinato schedule` needs no server, but for schedules that one has."""

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.commands import PROGRAM, Cli
from tests.cli.test_usage import HEAVY
from tests.e2e.servers import Server

LAST_FRIDAYS = {"expression": "0 9 ? * 6L", "dialect": "quartz"}
BERLIN = ("--zone", "Europe/Berlin", "--from", "2026-03-28T12:00:00Z")


def test_the_next_fires_of_an_expression_are_shown(nowhere: Cli) -> None:
    done = nowhere("schedule", "preview", "--cron", "30 2 * * *", *BERLIN, "--count", "2", code=0)
    assert done.out.splitlines() == [
        "At 02:30 every day, on the clock of Europe/Berlin.",
        "2026-03-29T01:00:00Z  Sun 2026-03-29 03:00:00 CEST",
        "2026-03-30T00:30:00Z  Mon 2026-03-30 02:30:00 CEST",
    ]
    quartz = ("--cron", "0 9 ? * 6L", "--dialect", "quartz", "--from", "2026-01-01T00:00:00Z", "--count", "1", "--json")
    assert nowhere("schedule", "preview", *quartz, code=0).json["next"] == ["2026-01-30T09:00:00Z"]


def test_any_trigger_may_be_shown_from_a_file_or_stdin(nowhere: Cli, tmp_path: Path) -> None:
    trigger = {"when": {"type": "daily", "at": "09:00"}, "calendar": {"lists": ["bank"]}, "timeZone": "Europe/Berlin"}
    file, holidays = tmp_path / "trigger.json", tmp_path / "bank.ics"
    file.write_text(json.dumps(trigger))
    holidays.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260102\nEND:VEVENT\nEND:VCALENDAR\n")
    asked = ("--holidays", f"bank={holidays}", "--from", "2026-01-01T10:00", "--count", "1", "--json")
    for source, stdin in ((str(file), ""), ("-", file.read_text())):
        done = nowhere("schedule", "preview", "--trigger", source, *asked, code=0, stdin=stdin)
        assert done.json["next"] == ["2026-01-03T08:00:00Z"]
    assert "there is no holiday list 'bank'" in nowhere("schedule", "preview", "--trigger", str(file), code=2).err


def test_a_trigger_may_be_as_talend_clients_send_it(nowhere: Cli) -> None:
    at = {"type": "AT_TIME", "time": "10:00"}
    daily = {"type": "DAILY", "interval": 2, "startDate": "2026-03-27", "atTimes": at, "timeZone": "Europe/Paris"}
    cron = {"name": "weekdays", "type": "CRON", "cronExpression": "0 6 ? * 2-6", "timeZone": "UTC"}
    since = ("--from", "2026-03-28T00:00:00Z", "--count", "2", "--json")
    for sent, fires in (
        (daily, ["2026-03-29T08:00:00Z", "2026-03-31T08:00:00Z"]),
        (cron, ["2026-03-30T06:00:00Z", "2026-03-31T06:00:00Z"]),
    ):
        done = nowhere("schedule", "preview", "--trigger", "-", *since, code=0, stdin=json.dumps(sent))
        assert done.json["next"] == fires
    for wrong, said in (
        ({"type": "DAILY", "startDate": "2026-03-27"}, "atTimes: it is required for DAILY"),
        ({**cron, "cronExpression": "0 6 1 * 2"}, "cronExpression: character 9"),
        ({"type": "HOURLY"}, "type: "),
        ({**daily, "interval": "x"}, "interval: "),
    ):
        assert nowhere("schedule", "preview", "--trigger", "-", code=2, stdin=json.dumps(wrong)).err.startswith(said)


def test_what_is_wrong_is_said_with_its_place(nowhere: Cli) -> None:
    done = nowhere("schedule", "preview", "--cron", "0 9 ? * 2#6", "--dialect", "quartz", code=2)
    assert done.err == "when.expression: character 11 (day of week): 2#6: a number from 1 to 5 follows #\n"
    assert "name one trigger" in nowhere("schedule", "preview", code=2).err
    assert "stands alone" in nowhere("schedule", "preview", "--batch", "-", "--cron", "* * * * *", code=2).err
    assert "write it like" in nowhere("schedule", "preview", "--cron", "* * * * *", "--from", "now", code=2).err
    assert "cannot be read" in nowhere("schedule", "explain", "--trigger", "/none", code=2).err
    assert "is not NAME=FILE" in nowhere("schedule", "explain", "--cron", "* * * * *", "--holidays", "x", code=2).err
    assert "own timeZone" in nowhere("schedule", "explain", "--trigger", "-", "--zone", "UTC", code=2).err


def test_it_is_explained_why_it_fires_and_why_not(nowhere: Cli) -> None:
    done = nowhere("schedule", "explain", "--cron", "30 2 * * *", *BERLIN[:2], "--at", "2026-10-25T01:30:00Z", code=0)
    assert "It does not fire then" in done.out
    assert "for the second time" in done.out
    assert "Next: 2026-10-26T01:30:00Z" in done.out
    never = nowhere("schedule", "explain", "--cron", "0 0 31 4 *", "--from", "2026-01-01", "--json", code=0).json
    assert never["next"] is None
    assert never["never"] == ["April never has such a day: on the 31st of the month"]


def test_a_schedule_of_the_server_is_explained_by_its_id(cli: Cli, running_server: Server) -> None:
    pause = {"name": "hello", "paused": True, "note": "audit"}
    running_server.post("/api/v1/pauses", pause)
    trigger = {"when": {"type": "once", "at": "2026-01-01T06:00:00Z"}}
    wish = {"starts": {"name": "hello"}, "triggers": [{"name": "new year", "trigger": trigger}]}
    made = running_server.post("/api/v1/schedules", wish)["id"]
    try:
        done = cli("schedule", "explain", str(made), "--at", "2026-01-01T06:00:00Z", code=0)
        told = cli("schedule", "explain", str(made), "--at", "2026-01-01T06:00:00Z", "--json", code=0).json
        assert told == running_server.get(f"/api/v1/schedules/{made}/explanation?at=2026-01-01T06:00:00Z")
        assert done.out.splitlines() == [
            f"Schedule {made} starts task 'hello' in lab.",
            *(f"Obstacle: {one}" for one in told["obstacles"]),
            "Trigger new year: Once, at 2026-01-01 06:00:00Z, on the clock of UTC.",
            "  It fires then: it fires: the clock shows 2026-01-01 06:00, a Thursday",
            f"  What became of it: {told['triggers'][0]['became']}",
            "  It never fires again: its last time has passed",
        ]
        assert "(audit): resume it" in told["obstacles"][0]
        wrong = cli("schedule", "explain", str(made), "--at", "noon", code=1)
        assert wrong.err == "at: write a time with its offset, such as 2026-03-01T12:00:00Z\n"
    finally:
        running_server.post("/api/v1/pauses", {**pause, "paused": False, "note": None})
    mixed = cli("schedule", "explain", str(made), "--cron", "@daily", "--zone", "UTC", code=2)
    assert mixed.err == "the schedule has its own triggers: leave out --cron, --zone, or its ID\n"
    assert "name a schedule by its ID, or one trigger" in cli("schedule", "explain", code=2).err


def test_every_line_of_a_batch_is_answered_in_its_turn(nowhere: Cli, tmp_path: Path) -> None:
    lines = [
        '{"expression": "0 9 * * MON", "from": "2026-01-01T00:00:00Z", "count": 2}',
        "nonsense",
        "",
        json.dumps({**LAST_FRIDAYS, "timeZone": "Europe/Berlin", "from": "2026-01-01T00:00:00Z", "count": 1}),
        '{"expression": "0 9 ? * 6L"}',
        '{"expression": "* * * * *", "timeZone": "Mars/Phobos"}',
        '{"expression": "* * * * *", "count": 0}',
        '{"expression": "* * * * *", "zone": "UTC"}',
        '{"expression": "' + "x" * 200_000 + '"}',
        '{"expression": "0 0 30 2 *"}',
    ]
    file = tmp_path / "batch"
    file.write_text("\n".join(lines))
    answers = nowhere("schedule", "preview", "--batch", str(file), code=0).out.splitlines()
    assert nowhere("schedule", "preview", "--batch", "-", code=0, stdin=file.read_text()).out.splitlines() == answers
    told = [json.loads(line) for line in answers]
    assert told[0] == {"next": ["2026-01-05T09:00:00Z", "2026-01-12T09:00:00Z"]}
    assert told[3] == {"next": ["2026-01-30T08:00:00Z"]}
    assert told[4]["error"].startswith("expression: character 5 (day of month): ? belongs to Quartz")
    assert [list(line) for line in told] == [["next" if at in {0, 3, 9} else "error"] for at in range(len(lines))]
    assert told[9] == {"next": []}


def test_a_batch_is_answered_as_it_comes(nowhere: Cli) -> None:
    with subprocess.Popen(
        [*PROGRAM, "schedule", "preview", "--batch", "-"],
        env=dict(nowhere.environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        for day in (1, 2):
            process.stdin.write(f'{{"expression": "@daily", "from": "2026-01-0{day}T00:00:00Z", "count": 1}}\n')
            assert json.loads(process.stdout.readline()) == {"next": [f"2026-01-0{day + 1}T00:00:00Z"]}
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_no_server_is_loaded_for_a_preview(nowhere: Cli) -> None:
    look = (
        "import sys\nfrom ostinato.cli import app\n"
        "try:\n    app(['schedule', 'preview', '--cron', '@daily'])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        f"print('loaded:', *sorted({HEAVY | {'httpx', 'yaml'}!r} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], env=dict(nowhere.environment), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "loaded:"
