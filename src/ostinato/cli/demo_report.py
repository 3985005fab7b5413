"""What the demo tells at its end, and whether everything went as examples/flights/README.md says."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ostinato.cli import text
from ostinato.cli.client import Server
from ostinato.cli.demo_access import KEY_FILE, WORKSPACE
from ostinato.cli.telling import in_order, outcome, task_table
from ostinato.cli.wire import FindingPage, Run, RunDetail
from ostinato.config import Settings

API = "/api/v0/orchestration"
CHECK_THAT_FAILS = "Planes are known"
STEP_NOT_STARTED = "publish fleet report"
ROWS: dict[str, int | None] = {
    "Load airlines": 16,
    "Load airports": 1_458,
    "Load planes": 3_322,
    "Load weather": 26_115,
    "Load flights": 336_776,
    "Planes are known": 50_094,
    "Carriers are known": 0,
    "Weather has no long gaps": 0,
    "Source and warehouse agree": 185,
    "Delays by carrier and weather": 77,
    "Delays by carrier": 16,
    "Delays by weather": 5,
    "Every flight is summarised": 0,
    "Note missing planes": 9,
    "Say that the fleet report is not published": None,
    "Delay summary": None,
}
"""The rows that each task copies, finds, compares or writes, in the data as published."""
HANDLERS = frozenset({"Note missing planes", "Say that the fleet report is not published"})
FINDINGS_SHOWN = 3
SLOWEST_SHOWN = 3


def surprises(detail: RunDetail) -> list[str]:
    """Everything that is not as documented; nothing: the demo went well, the failing check included."""
    found = []
    if (detail.run.state, detail.run.reason) != ("FAILED", "step_failed"):
        found.append(f"the plan should have FAILED (step_failed), but {_ended(detail.run)}")
    if detail.skipped_steps != [STEP_NOT_STARTED]:
        found.append(f"the step not started should be {STEP_NOT_STARTED!r}, but it is {detail.skipped_steps}")
    runs = {run.name: run for run in detail.children if run.kind == "task"}
    for name in sorted(ROWS.keys() - runs.keys()):
        found.append(f"{name} should have run, but did not")
    for name, run in runs.items():
        wanted = ("FAILED", "check_failed") if name == CHECK_THAT_FAILS else ("SUCCEEDED", None)
        if (run.state, run.reason) != wanted:
            found.append(f"{name} should have {wanted[0]}, but {_ended(run)}")
        elif name in ROWS and run.rows != ROWS[name]:
            found.append(f"{name} should be about {ROWS[name]} rows, but it is about {run.rows}")
        if run.handler != (name in HANDLERS):
            found.append(f"{name} runs as a failure handler, or does not, against what is documented")
    return found


def report(server: Server, detail: RunDetail) -> list[str]:
    """The tasks, what the checks found, and what took longest."""
    return ["", *task_table(detail), "", *outcome(detail), "", *_found(server, detail), *_slowest(detail)]


def ways_on(server: Server, settings: Settings, detail: RunDetail, plan: int) -> list[str]:
    """How to look further over HTTP, as any client would; `server` asks with the demo user's key."""
    load = _task(server, "Load flights")
    kind, task = load["taskType"], load["taskId"]
    execution = server.get_json(f"{API}/{WORKSPACE}/tasks/{kind}/{task}/executions", limit=1)[0]["executionId"]
    place = f"{settings.url}{API}/{WORKSPACE}"
    key = '-H "X-API-Key: $KEY"'
    return [
        "Look further, as the user demo:",
        f"  KEY=$(cat {shlex.quote(str(settings.home / KEY_FILE))})",
        f"  curl {settings.url}{API}/workspaces {key}",
        f'  curl "{place}/tasks?limit=50" {key}',
        f"  curl {place}/executions {key}",
        f'  curl "{place}/tasks/{kind}/{task}/executions?limit=10" {key}',
        f"  curl {place}/tasks/{kind}/{task}/executions/{execution}/log {key}",
        f"  curl -X POST {place}/process-maps/{plan}/trigger {key} \\",
        """    -H "Content-Type: application/json" -d '{"uat": "Production"}'""",
        "",
        "Or on the command line:",
        f"  {_command(settings)} status {detail.run.id}",
        f"  {_command(settings)} logs {detail.run.id}",
        f'  {_command(settings)} run "{detail.run.name}" --wait',
    ]


def way_back(settings: Settings, stopped: bool) -> list[str]:
    """How to open the server, and where its API can be tried in a browser."""
    if stopped:
        return [
            f"Start the server again:  {_command(settings)} up",
            f"Then see in a browser:   {settings.url}/swagger",
        ]
    return [f"The server goes on; see in a browser:  {settings.url}/swagger"]


def _command(settings: Settings) -> str:
    """The command line as it can be typed here."""
    program = "ostinato" if shutil.which("ostinato") else _from_here(Path(sys.executable).with_name("ostinato"))
    return f"{program} --home {shlex.quote(str(settings.home))} --host {settings.host} --port {settings.port}"


def _from_here(path: Path) -> str:
    below = path.is_relative_to(Path.cwd())
    return shlex.quote(str(path.relative_to(Path.cwd()) if below else path))


def _found(server: Server, detail: RunDetail) -> list[str]:
    lines = ["What the checks found:"]
    for _, run in in_order(detail):
        if run.task_type not in {"Query", "CompareQuery"}:
            continue
        if run.succeeded:
            lines.append(f"  {run.name}: {'no difference' if run.task_type == 'CompareQuery' else 'nothing'}")
            continue
        page = server.get(f"/api/v1/runs/{run.id}/findings", FindingPage, limit=FINDINGS_SHOWN)
        lines.append(f"  {run.name}: {text.plain(run.message or '')}; {page.total:,} are kept, the first are")
        lines += [f"    {line}" for line in _rows([finding.row for finding in page.items])]
    return [*lines, ""]


def _rows(rows: Sequence[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    heads = [text.plain(name) for name in rows[0]]
    return text.columns(heads, [["" if value is None else str(value) for value in row.values()] for row in rows])


def _slowest(detail: RunDetail) -> list[str]:
    tasks = [run for run in detail.children if run.task_type not in {None, "OrchestrationMap"}]
    tasks.sort(key=lambda run: run.duration_seconds or 0, reverse=True)
    lines = [f"  {run.name}: {text.duration(run.duration_seconds)}" for run in tasks[:SLOWEST_SHOWN]]
    return ["What took longest:", *lines, ""]


def _task(server: Server, name: str) -> dict[str, Any]:
    tasks: list[dict[str, Any]] = server.get_json(f"{API}/{WORKSPACE}/tasks", limit=100)
    return next(task for task in tasks if task["taskName"] == name)


def _ended(run: Run) -> str:
    return f"{run.state} ({run.reason}: {run.message})" if run.reason else run.state
