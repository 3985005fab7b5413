"""What a Talend client defines is seen, run and told of by TimeXtender clients: one story, told as by curl."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.commands import Cli, wait_until
from tests.e2e.servers import Server, free_port

SECRET = "a7 very secret word"
MANIFEST = {
    "kind": "python",
    "name": "orders",
    "entry_point": "orders:work",
    "parameters": [
        {"name": "what", "required": True, "comment": "read, check, load or alarm"},
        {"name": "day", "default": "monday"},
        {"name": "orders", "default": ""},
    ],
}
SOURCE = """
import json, os, sqlite3

def given(name):
    return json.loads(os.environ["OSTINATO_CONNECTION_" + name])["config"]

def work(what, day, orders):
    print(what, "by version", VERSION)
    if what == "read":
        store = given("aws")
        print("store:", store["parameters"]["region"], store["secrets"]["secret"])
        lines = open(orders).read().split()
        with sqlite3.connect(given("sqlite")["path"]) as shop:
            shop.execute("CREATE TABLE IF NOT EXISTS sold (day, line)")
            shop.executemany("INSERT INTO sold VALUES (?, ?)", [(day, line) for line in lines])
        shop.close()
        return {"rows": len(lines)}
    if what == "check" and VERSION == 1:
        raise ValueError("three orders are too few")
"""
ENVIRONMENTS, WORKSPACES = "/orchestration/environments", "/orchestration/workspaces"
CONNECTIONS, RESOURCES = "/orchestration/connections", "/orchestration/resources"
TASKS, PLANS = "/orchestration/executables/tasks", "/orchestration/executables/plans"
ARTIFACTS = "/orchestration/artifacts"
ORDERS = "/api/v0/orchestration/orders"
UAT = {"uat": "Test"}


ROOT = Path(__file__).parent.parent.parent
HOWTO = ROOT / "docs" / "howto" / "use-talend-clients.md"


class Client:
    """Asks as curl would, with a token and nothing else."""

    def __init__(self, url: str, token: str) -> None:
        self._asks = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def __call__(self, method: str, path: str, body: Any = None, *, code: int = 200, **more: Any) -> Any:
        answer = self._asks.request(method, path, **({} if body is None else {"json": body}), **more)
        assert answer.status_code == code, f"{method} {path}: {answer.status_code}\n{answer.text}"
        return answer.json() if answer.content else None

    def close(self) -> None:
        self._asks.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("story") / "home", free_port(), OSTINATO_JOBS_ENVIRONMENT="Acceptance")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cli(server: Server) -> Cli:
    return Cli(server.home, server.port)


@pytest.fixture
def curl(server: Server, cli: Cli) -> Iterator[Client]:
    token = cli("admin", "create-token", "--user", "admin", "--description", "a Talend client", code=0).out.strip()
    client = Client(server.url, token)
    yield client
    client.close()


def publish(cli: Cli, folder: Path, version: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "artifact.yaml").write_text(json.dumps(MANIFEST))
    (folder / "orders.py").write_text(f"VERSION = {version}\n{SOURCE}")
    named = ("-w", "orders", "-e", "Acceptance", "--version", f"{version}.0.0")
    cli("artifact", "publish", str(folder), *named, code=0)


def test_what_a_talend_client_defines_is_run_and_told_of_by_timextender_clients(
    server: Server, cli: Cli, curl: Client, tmp_path: Path
) -> None:
    place = make_environment(server, curl)
    publish(cli, tmp_path / "orders", 1)
    things = make_things(curl, place, tmp_path)
    tasks = make_tasks(curl, place, things)
    plan = make_plan(curl, place, tasks)
    number = see_it_elsewhere(curl, plan)

    run(curl, plan, number, "execution_failed")
    see_the_failure(curl, plan, tmp_path)
    publish(cli, tmp_path / "orders", 2)
    assert curl("GET", f"{TASKS}/{tasks['check']}")["artifact"]["version"] == "2.0.0"
    run(curl, plan, number, "execution_successful")
    assert "load by version 2" in texts(curl, "load")
    schedule(curl, plan)
    delete_everything(curl, place, things, tasks, plan)


def make_environment(server: Server, curl: Client) -> dict[str, str]:
    """The ids of the environment and of its workspace. To TimeXtender clients it is Test, in place of ours."""
    curl("POST", ENVIRONMENTS, {"name": "Acceptance", "workspaceName": "Orders"}, code=201)
    [environment] = curl("GET", ENVIRONMENTS, params={"query": "name==Accept*;default==false"})
    query = f"environment.id=={environment['id']};type==custom"
    [workspace] = curl("GET", WORKSPACES, params={"query": query})
    assert (workspace["name"], workspace["owner"]) == ("Orders", "admin")
    [older] = curl("GET", "/tmc/v2.2/workspaces", params={"_s": query})
    assert older == workspace
    [test] = curl("GET", ENVIRONMENTS, params={"query": "name==Test"})
    curl("DELETE", f"{ENVIRONMENTS}/{test['id']}", code=204)
    server.apply("environments: [{name: Acceptance, stage: test}]\n")
    return {"environmentId": environment["id"], "workspaceId": workspace["id"]}


def make_things(curl: Client, place: dict[str, str], folder: Path) -> dict[str, str]:
    """The ids of connections, a resource and the artifact."""
    workspace = place["workspaceId"]
    region = {"name": "region", "value": "eu"}
    secret = {"name": "secret", "value": SECRET, "encrypted": True}
    store = {"name": "store", "app": "aws", "workspaceId": workspace, "parameters": [region, secret]}
    path = {"name": "path", "value": str(folder / "shop.sqlite")}
    shop = {"name": "shop", "app": "SQLite", "workspaceId": workspace, "parameters": [path]}
    made = curl("POST", CONNECTIONS, store, code=201)
    assert {"name": "secret", "encrypted": True} in made["parameters"]
    about = json.dumps({"name": "orders.csv", "workspaceId": workspace})
    files = {"resource": (None, about), "file": ("orders.csv", b"apple\npear\nplum\n")}
    [artifact] = curl("GET", ARTIFACTS, params={"workspaceId": workspace})["items"]
    return {
        "aws": made["id"],
        "sqlite": curl("POST", CONNECTIONS, shop, code=201)["id"],
        "orders": curl("POST", RESOURCES, files=files, code=201)["id"],
        "artifact": artifact["id"],
    }


def make_tasks(curl: Client, place: dict[str, str], things: dict[str, str]) -> dict[str, str]:
    """Ids by names: one that reads, one that fails, one that would come after it, one that handles the failure."""
    needs = {
        "connections": {"aws": things["aws"], "sqlite": things["sqlite"]},
        "resources": {"orders": things["orders"]},
        "parameters": {"what": "read", "day": "friday"},
    }
    found = {}
    for name in ("read", "check", "load", "alarm"):
        task = {
            **place,
            "name": name,
            "artifact": {"id": things["artifact"], "version": "1.0.0"},
            "autoUpgradeInfo": {"autoUpgradable": True},
            **(needs if name == "read" else {"parameters": {"what": name}}),
        }
        found[name] = curl("POST", TASKS, task, code=201)["id"]
    return found


def make_plan(curl: Client, place: dict[str, str], tasks: dict[str, str]) -> str:
    steps: list[dict[str, Any]] = [
        {"name": name, "condition": "ALL_SUCCEEDED", "taskIds": [tasks[name]]} for name in ("read", "check", "load")
    ]
    steps[1]["handlerOnFailure"] = {"taskIds": [tasks["alarm"]]}
    made = curl("POST", PLANS, {"name": "night", "workspaceId": place["workspaceId"], "steps": steps}, code=201)
    return str(made["id"])


def see_it_elsewhere(curl: Client, plan: str) -> int:
    """The plan is a process map, of which this gives the number, and a job."""
    [shown] = curl("GET", f"{ORDERS}/process-maps", params=UAT)
    assert (shown["name"], shown["workspace"]) == ("night", "orders")
    number = int(shown["processMapId"])
    listed = [one["taskName"] for one in curl("GET", f"{ORDERS}/process-maps/{number}/tasks", params=UAT)]
    assert listed == ["read", "check", "alarm", "load"]
    [job] = curl("GET", "/public/jobs")
    assert (job["Id"], job["Name"]) == (plan, "night")
    return number


def run(curl: Client, plan: str, number: int, end: str) -> None:
    curl("POST", f"{ORDERS}/process-maps/{number}/trigger", UAT, code=202)
    wait_until(lambda: curl("GET", f"{PLANS}/{plan}")["status"] != "executing")
    assert curl("GET", f"{PLANS}/{plan}")["status"] == end


def texts(curl: Client, name: str) -> list[str]:
    """The log of the newest execution of a task."""
    [task] = [one for one in curl("GET", f"{ORDERS}/tasks", params=UAT) if one["taskName"] == name]
    path = f"{ORDERS}/tasks/{task['taskType']}/{task['taskId']}/executions"
    newest = curl("GET", path, params=UAT)[0]["executionId"]
    return [line["log"] for line in curl("GET", f"{path}/{newest}/log")]


def see_the_failure(curl: Client, plan: str, folder: Path) -> None:
    read = texts(curl, "read")
    assert "read by version 1" in read
    assert "store: eu •••" in read
    with sqlite3.connect(folder / "shop.sqlite") as shop:
        assert shop.execute("SELECT * FROM sold").fetchall() == [("friday", one) for one in ("apple", "pear", "plum")]
    shop.close()
    assert "ValueError: three orders are too few" in "\n".join(texts(curl, "check"))
    assert "alarm by version 1" in texts(curl, "alarm")
    statuses = {one["taskName"]: one["status"] for one in curl("GET", f"{ORDERS}/executions", params=UAT)}
    assert statuses == {"read": "Finished", "check": "Failed", "load": "Outdated", "alarm": "Finished"}
    [execution] = curl("GET", f"/public/jobs/{plan}/logs")
    assert "three orders are too few" in str(execution)
    assert SECRET not in str(execution)


def schedule(curl: Client, plan: str) -> None:
    at = {"type": "AT_TIME", "time": "02:30"}
    trigger = {"type": "DAILY", "interval": 1, "startDate": "2030-01-01", "timeZone": "Europe/Paris", "atTimes": at}
    config = {"trigger": trigger, "runtime": {"type": "CLOUD"}, "parallelExecutionAllowed": False}
    assert curl("PUT", f"{PLANS}/{plan}/run-config", config)["trigger"]["type"] == "DAILY"
    [listed] = curl("GET", "/api/v1/schedules")["items"]
    assert (listed["name"], listed["kind"]) == ("night", "plan")


def delete_everything(
    curl: Client, place: dict[str, str], things: dict[str, str], tasks: dict[str, str], plan: str
) -> None:
    kinds = {"aws": CONNECTIONS, "sqlite": CONNECTIONS, "orders": RESOURCES, "artifact": ARTIFACTS}
    paths = [f"{kinds[name]}/{id}" for name, id in things.items()]
    for path in (*paths, f"{TASKS}/{tasks['read']}"):
        curl("DELETE", path, code=409)
    curl("DELETE", f"{PLANS}/{plan}", code=204)
    for path in (*(f"{TASKS}/{task}" for task in tasks.values()), *paths):
        curl("DELETE", path, code=204)
        curl("GET", path, code=404)
    assert curl("GET", "/api/v1/schedules")["items"] == []
    assert [one["name"] for one in curl("GET", "/api/v1/runs")["items"]] == ["night", "night"]
    curl("DELETE", f"{WORKSPACES}/{place['workspaceId']}", code=204)
    curl("DELETE", f"{ENVIRONMENTS}/{place['environmentId']}", code=204)
    curl("DELETE", f"{ENVIRONMENTS}/{place['environmentId']}", code=404)
    assert curl("GET", "/api/v1/runs")["items"] == []
    assert curl("GET", "/public/jobs") == []


def test_every_block_of_the_how_to_does_what_it_says(server: Server, cli: Cli) -> None:
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", HOWTO.read_text(), re.DOTALL))
    script = blocks.replace("http://127.0.0.1:7300", server.url)
    path = f"{Path(sys.executable).parent}:{cli.environment['PATH']}"
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={**cli.environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.findall(r"\d+ day (\w+)", ended.stdout) == ["SUCCEEDED", "SUCCEEDED"]
