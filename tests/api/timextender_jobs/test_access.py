"""Nobody sees or starts more than they may, and an id that is not theirs looks like one that does not exist."""

import httpx
import msgspec
import pytest

from ostinato.api.asgi import make_asgi
from ostinato.app.application import App
from ostinato.config import Settings
from ostinato.core import guids
from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.timextender_jobs.conftest import BASE, EMPTY, Finance

MADE_UP = "6f9619ff-8b86-d011-b42d-00c04fc964ff"


async def test_a_stranger_sees_nothing_and_finds_nothing(call: Call, finance: Finance) -> None:
    run = await finance.ran()
    stranger = await finance.world.key("eve")
    for path in (BASE, f"{BASE}/status"):
        answer = await call("GET", path, stranger)
        assert (answer.status_code, answer.json()) == (200, [])
    job = f"{BASE}/{finance.job()}"
    for method, path in (
        ("GET", f"{job}/status"),
        ("GET", f"{job}/logs"),
        ("GET", f"{job}/logs/{finance.trigger(run)}"),
        ("POST", f"{job}/execute"),
    ):
        hidden, missing = (
            await call(method, path, stranger),
            await call(method, path.replace(finance.job(), MADE_UP), stranger),
        )
        assert hidden.status_code == missing.status_code == 404
        assert hidden.json()["detail"] == missing.json()["detail"].replace(MADE_UP, finance.job())
        assert hidden.json()["detail"] == f"Job {finance.job()} does not exist, or you may not see it"


async def test_without_a_key_nothing_is_told(call: Call, finance: Finance) -> None:
    job = f"{BASE}/{finance.job()}"
    for method, path in (("GET", BASE), ("GET", f"{BASE}/status"), ("GET", f"{job}/logs"), ("POST", f"{job}/execute")):
        refused = await call(method, path)
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"


async def test_a_viewer_reads_everything_and_starts_nothing(call: Call, finance: Finance) -> None:
    await finance.ran()
    viewer = await finance.world.key("bob", finance="Viewer")
    job = f"{BASE}/{finance.job()}"
    for path in (BASE, f"{BASE}/status", f"{job}/status", f"{job}/logs", f"{job}/logs/{EMPTY}"):
        assert (await call("GET", path, viewer)).json() == (await call("GET", path, finance.key)).json()
    refused = await call("POST", f"{job}/execute", viewer)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "Starting 'Nightly' needs the permission EXECUTE in its workspace"
    assert len(await finance.logs()) == 1


async def test_tasks_of_a_workspace_that_may_not_be_seen_leave_no_trace(call: Call, finance: Finance) -> None:
    hidden = await finance.world.workspace("hr")
    salaries = await finance.world.task(hidden, "Package", 9, "Load salaries")
    run = await finance.ran()
    await finance.did(run, finance.load)
    below = await finance.did(run, salaries, "FAILED", reason="error", message="salary 12 is missing")
    await finance.world.log(below, ("2026-03-14T22:00:06", "WARNING: reading salaries"))
    [execution] = await finance.logs("?details=true")
    assert execution["State"] == 2
    assert "salar" not in str(execution)
    both = await finance.world.key("cleo", finance="Viewer", hr="Viewer")
    [execution] = await finance.logs("?details=true", both)
    assert execution["State"] == 4
    assert "Task 'Load salaries': WARNING: reading salaries" in str(execution)


async def test_ids_of_other_things_are_not_found(call: Call, finance: Finance, world: World) -> None:
    run = await finance.ran()
    test = await world.workspace("finance", environment="Test")
    elsewhere = await world.plan(test, 1, "Nightly")
    foreign = str(guids.make(finance.number ^ 1, guids.Kind.PLAN, finance.plan))
    for job in (finance.job(elsewhere), foreign, finance.execution(run), finance.trigger(run), EMPTY, MADE_UP):
        for path in ("status", "logs", f"logs/{finance.trigger(run)}"):
            answer = await call("GET", f"{BASE}/{job}/{path}", finance.key)
            assert (answer.status_code, answer.json()["detail"]) == (
                404,
                f"Job {job} does not exist, or you may not see it",
            )
    weekly = await world.plan(finance.workspace, 2, "Weekly")
    other = await world.run(plan=weekly, started="2026-03-14T22:00:00", ended="2026-03-14T22:05:00")
    by_hand = await finance.ran(cause="manual")
    task = await finance.did(run, finance.load)
    for trigger in (
        finance.trigger(other),
        finance.trigger(by_hand),
        finance.trigger(task),
        finance.execution(run),
        finance.job(),
        MADE_UP,
    ):
        answer = await call("GET", f"{BASE}/{finance.job()}/logs/{trigger}", finance.key)
        assert (answer.status_code, answer.json()["detail"]) == (
            404,
            f"Trigger {trigger} does not exist, or you may not see it",
        )


async def test_a_page_before_an_execution_that_never_was_is_not_the_first_page(call: Call, finance: Finance) -> None:
    run = await finance.ran()
    for before in (MADE_UP, EMPTY, finance.trigger(run), finance.job()):
        answer = await call("GET", f"{BASE}/{finance.job()}/logs?before={before}", finance.key)
        assert (answer.status_code, answer.json()["detail"]) == (
            404,
            f"Execution {before} does not exist, or you may not see it",
        )
    assert await finance.logs(f"?before={finance.execution(run)}") == []


async def test_a_guid_may_be_written_as_dotnet_writes_it(call: Call, finance: Finance) -> None:
    await finance.ran()
    for job in (finance.job().upper(), finance.job().replace("-", ""), f"{{{finance.job()}}}", f"({finance.job()})"):
        assert (await call("GET", f"{BASE}/{job}/logs", finance.key)).json() == await finance.logs()


@pytest.mark.parametrize("sent", ["1", "Nightly", "%00", "%FF", "2a50eedd", "a%0D%0AX-Evil:1", "g" * 5000])
async def test_what_is_no_guid_is_refused_by_name(call: Call, finance: Finance, sent: str) -> None:
    job = f"{BASE}/{finance.job()}"
    for method, path, name in (
        ("GET", f"{BASE}/{sent}/status", "job_id"),
        ("GET", f"{BASE}/{sent}/logs", "job_id"),
        ("POST", f"{BASE}/{sent}/execute", "job_id"),
        ("GET", f"{job}/logs/{sent}", "trigger_id"),
        ("GET", f"{job}/logs?before={sent}", "before"),
    ):
        refused = await call(method, path, finance.key)
        assert refused.status_code == 400, path[:100]
        assert refused.json()["errors"][0]["path"] == name
        assert len(refused.text) < 1_000


async def test_paths_that_are_not_documented_do_not_exist(call: Call, finance: Finance) -> None:
    job = f"{BASE}/{finance.job()}"
    for method, path, status in (
        ("GET", job, 404),
        ("GET", f"{BASE}/retention", 404),
        ("GET", "/public/nothing", 404),
        ("POST", BASE, 405),
        ("POST", f"{BASE}/status", 405),
        ("GET", f"{job}/execute", 405),
    ):
        answer = await call(method, path, finance.key)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), path


async def test_a_server_that_starts_and_an_address_that_guesses_are_told_when_to_try_again(
    app: App, settings: Settings, finance: Finance
) -> None:
    strict = msgspec.structs.replace(settings, failed_attempts=1)
    for asgi, key, status in (
        (make_asgi(app, settings, lambda: False), finance.key, 503),
        (make_asgi(app, strict, lambda: True), "txk_" + "a" * 32, 429),
    ):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url="http://ostinato.test") as client:
            await client.get(BASE, headers={"ApiKey": key})
            refused = await client.get(f"{BASE}/status", headers={"ApiKey": key})
        assert refused.status_code == refused.json()["status"] == status
        assert int(refused.headers["retry-after"]) > 0
