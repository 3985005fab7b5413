"""The demo from beginning to end: the main job on real data, started over HTTP as any client would."""

import sys
import time
from typing import Any

import msgspec
import typer

from ostinato.cli import demo_access, demo_data, demo_report, demo_server, following
from ostinato.cli.client import LOCAL_KEY, Server
from ostinato.cli.definitions import apply_files, read_files
from ostinato.cli.demo_access import WORKSPACE
from ostinato.cli.demo_report import API, CHECK_THAT_FAILS, ROWS, STEP_NOT_STARTED
from ostinato.cli.errors import Failure, Refused
from ostinato.cli.wire import Changes, Run, RunDetail, RunPage
from ostinato.config import Settings

PLAN = "Nightly flights"
BEGIN_SECONDS = 10
LOOK_SECONDS = 0.05


def tell(settings: Settings) -> None:
    """Run the example and print what happens; raises Failure if anything is not as documented."""
    # Not the server that OSTINATO_URL may name: the demo is for the one of this data folder.
    settings = msgspec.structs.replace(settings, url=f"http://{settings.host}:{settings.port}")
    data, definitions = demo_data.find_data(), demo_data.find_definitions()
    with demo_server.running(settings) as started:
        typer.echo(f"A server {'was started' if started else 'is running'} at {settings.url}, data in {settings.home}")
        variables = {"FLIGHTS_DATA": str(data), **demo_access.make_warehouse(settings)}
        with _as_administrator(settings) as administrator:
            body = apply_files(read_files(definitions), variables)
            made = administrator.post("/api/v1/definitions/apply", Changes, body)
        typer.echo(
            f"Definitions of {definitions}: {made.created} created, {made.changed} changed, {made.left} left alone"
        )
        with Server(settings, key=demo_access.key_of_user(settings)) as server:
            detail, plan = _run(server)
            typer.echo("\n".join(demo_report.report(server, detail)))
            ways_on = demo_report.ways_on(server, settings, detail, plan)
    _conclude(detail, started)
    typer.echo("\n".join(["", *demo_report.way_back(settings, started), "", *ways_on]))


def _run(server: Server) -> tuple[RunDetail, int]:
    """Trigger the map through the TimeXtender Orchestration API, and watch it through ours."""
    plan = _plan_number(server)
    before = _newest(server)
    path = f"{API}/{WORKSPACE}/process-maps/{plan}/trigger"
    typer.echo(f"POST {path}")
    try:
        server.post_json(path, {"uat": "Production"})
    except Refused as refusal:
        if refusal.status != 409 or before is None or before.ended:
            raise
        typer.echo("It is running already; this is that run")
        return following.follow(server, before.id, sys.stdout), plan
    return following.follow(server, _begun(server, before), sys.stdout), plan


def _plan_number(server: Server) -> int:
    plans: list[dict[str, Any]] = server.get_json(f"{API}/{WORKSPACE}/process-maps", uat="Production")
    for plan in plans:
        if plan["name"] == PLAN:
            return int(plan["processMapId"])
    raise Failure(f"The API does not list the process map {PLAN!r} for the user {demo_access.USER}")


def _newest(server: Server) -> Run | None:
    runs = server.get("/api/v1/runs", RunPage, workspace=WORKSPACE, environment="Production", limit=20)
    return next((run for run in runs.items if run.name == PLAN and run.kind == "plan"), None)


def _begun(server: Server, before: Run | None) -> int:
    deadline = time.monotonic() + BEGIN_SECONDS
    while time.monotonic() < deadline:
        newest = _newest(server)
        if newest is not None and (before is None or newest.id > before.id):
            return newest.id
        time.sleep(LOOK_SECONDS)
    raise Failure(f"{PLAN} was triggered, but no run of it appeared within {BEGIN_SECONDS} s")


def _as_administrator(settings: Settings) -> Server:
    """With the key that the server left for this machine, whatever key the environment names."""
    try:
        return Server(settings, key=(settings.home / LOCAL_KEY).read_text().strip())
    except OSError as error:
        raise Failure(f"The server left no key in {settings.home / LOCAL_KEY}: {error.strerror}") from error


def _conclude(detail: RunDetail, stopped: bool) -> None:
    surprises = demo_report.surprises(detail)
    if surprises:
        raise Failure("\n".join(["The demo did not go as documented:", *(f"  {surprise}" for surprise in surprises)]))
    found = f"{ROWS[CHECK_THAT_FAILS]:,}"
    typer.echo(
        f"All as documented: {CHECK_THAT_FAILS!r} found {found} flights of planes that are missing,\n"
        f"so {STEP_NOT_STARTED!r} was not started, the failure handler ran, and the plan ends as FAILED;\n"
        f"everything else succeeded.{' The server was stopped again.' if stopped else ''}"
    )
