"""Plans, as Talend clients keep them."""

from typing import Any

import pytest

from ostinato.api.talend.tasks_translate import number_of_type
from ostinato.app import history
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.object_ids import Kind
from tests.api.conftest import Call
from tests.api.factories import World, at
from tests.api.talend.conftest import Talk
from tests.api.talend.plan_making import Made, made
from tests.conftest import NOW
from tests.people import give, new_key

PLANS = "/executables/plans"
NO_PAUSE = {"pause": False}
CAMPAIGN = "550e8400-e29b-41d4-a716-446655440000"
"""An id of something, and of no plan here."""


def flow(there: Made, kind: str, name: str, **more: Any) -> dict[str, Any]:
    """A task or plan in a chart."""
    id = there.tasks[name] if kind == "task" else there.plans[name]
    package = {"id": there.ids.of(Kind.TYPE, number_of_type("Package")), "name": "Package", "version": "1.0"}
    return {
        "id": id,
        "name": name,
        "version": "1.0",
        "destination": "CLOUD",
        "workspaceId": there.workspaces["sales"],
        "plan": kind == "plan",
        **({"abstractPlanId": id} if kind == "plan" else {"artifact": package}),
        "taskPauseDetails": NO_PAUSE,
        "pauseDetails": NO_PAUSE,
        **more,
    }


def chart_step(id: str, name: str, status: str, flows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    tasks = [one["id"] for one in flows if not one["plan"]]
    both = {"id": id, "stepId": id, "abstractStepId": id, "name": name, "stepName": name}
    return {**both, "status": status, "flows": flows, "taskIds": tasks, **more}


async def test_a_plan_is_made_listed_found_changed_and_deleted(app: App, admin: Actor, talend: Talk) -> None:
    there = await made(app, admin)
    answer = await talend("POST", PLANS, there.request(description="every night"))
    assert answer.status_code == 201, answer.text
    told = answer.json()
    workspace = {
        "id": there.workspaces["sales"],
        "name": "Sales",
        "type": "custom",
        "environment": told["workspace"]["environment"],
        "protectedUpgrade": False,
        "protectedArtifactUpdate": False,
    }
    first, second = there.steps()
    one, other = (step["id"] for step in told["steps"])
    assert told == {
        "id": told["id"],
        "name": "night",
        "description": "every night",
        "workspace": workspace,
        "createDate": told["createDate"],
        "updateDate": told["createDate"],
        "author": "admin",
        "authorType": "HUMAN",
        "steps": [{**first, "id": one, "condition": "AT_LEAST_ONE_SUCCEEDED"}, {**second, "id": other}],
    }

    got = (await talend("GET", f"{PLANS}/{told['id']}")).json()
    handler = got["chart"]["stepOnException"]["id"]
    extract, clean = flow(there, "task", "extract", description="from the shop"), flow(there, "task", "clean")
    failing = [flow(there, "task", "alarm"), flow(there, "plan", "repair")]
    assert got == {
        "executable": told["id"],
        "name": "night",
        "workspace": workspace,
        "description": "every night",
        "chart": chart_step(
            one,
            "get",
            "PARTIAL_SUCCESS",
            [extract, clean],
            note="ask the shop",
            stepNote="ask the shop",
            stepOnException=chart_step(handler, "get", "FAIL", failing),
            nextStep=chart_step(other, "put", "PROCEED", [flow(there, "task", "load")]),
        ),
        "planPauseDetails": NO_PAUSE,
    }
    listed = (await talend("GET", PLANS)).json()
    assert [item["name"] for item in listed["items"]] == ["night", "repair"]
    assert listed == {"items": [got, listed["items"][1]], "limit": 100, "offset": 0, "total": 2}

    change = there.request("day", [there.step("put", "load")])
    changed = await talend("PUT", f"{PLANS}/{told['id']}", change)
    assert changed.status_code == 200, changed.text
    wanted = {name: value for name, value in told.items() if name != "description"}
    assert changed.json() == {
        **wanted,
        "name": "day",
        "updateDate": changed.json()["updateDate"],
        "steps": [{**there.step("put", "load"), "id": other}],
    }
    taken = await talend("PUT", f"{PLANS}/{told['id']}", {**change, "name": "repair"})
    assert (taken.status_code, taken.json()["message"]) == (
        409,
        "There is a plan 'repair' in this workspace already: choose another name",
    )
    assert (await talend("DELETE", f"{PLANS}/{told['id']}")).status_code == 204
    for method, body in (("GET", None), ("PUT", change), ("DELETE", None)):
        assert (await talend(method, f"{PLANS}/{told['id']}", body)).status_code == 404
    again = await talend("POST", PLANS, change)
    assert again.status_code == 201
    assert again.json()["id"] != told["id"]


async def test_plans_are_found_by_where_they_are_what_they_run_and_their_name(
    app: App, admin: Actor, world: World, talend: Talk
) -> None:
    there = await made(app, admin)
    there = await made(app, admin, "workspace: hr\nworkspaces: [{key: hr}]\n" + _file("hr task", "hr plan für Ärzte"))
    text = "environment: Test\nworkspace: sales\nworkspaces: [{key: sales}]\n" + _file("test task", "test plan")
    there = await made(app, admin, text)
    assert (await talend("POST", PLANS, {**there.request("Nightly"), "workspaceId": _sales(there)})).status_code == 201

    async def names(**query: Any) -> list[str]:
        found = (await talend("GET", PLANS, **query)).json()
        assert found["total"] == len(found["items"])
        return [item["name"] for item in found["items"]]

    assert await names() == ["Nightly", "test plan", "hr plan für Ärzte", "repair"]
    assert await names(environmentId=there.ids.of(Kind.ENVIRONMENT, 3)) == ["test plan"]
    assert await names(workspaceId=there.workspaces["hr"]) == ["hr plan für Ärzte"]
    assert await names(workspaceId=there.workspaces["hr"], environmentId=there.ids.of(Kind.ENVIRONMENT, 3)) == []
    assert await names(taskId=there.tasks["clean"]) == ["Nightly", "repair"]
    assert await names(taskId=there.tasks["alarm"]) == ["Nightly"]
    assert await names(planId=there.plans["repair"]) == ["repair"]
    assert await names(name="PLAN") == ["test plan", "hr plan für Ärzte"]
    assert await names(name="ÄRZTE") == ["hr plan für Ärzte"]
    assert await names(name="%") == []
    assert await names(name="") == await names()
    for nowhere in (
        {"workspaceId": "0" * 24},
        {"workspaceId": there.tasks["load"]},
        {"taskId": there.ids.task(99)},
        {"planId": CAMPAIGN},
    ):
        assert await names(**nowhere) == []
    page = (await talend("GET", PLANS, limit=1, offset=1)).json()
    assert ([item["name"] for item in page["items"]], page["total"]) == (["test plan"], 4)
    assert (await talend("GET", PLANS, offset=50)).json() == {"items": [], "limit": 100, "offset": 50, "total": 4}


async def test_the_status_of_a_plan_is_that_of_its_newest_run(app: App, world: World, talend: Talk) -> None:
    workspace = await world.workspace("finance")
    task = await world.task(workspace, "Package", 1, "load")
    plans = [await world.plan(workspace, number, f"plan {number}", [task]) for number in range(1, 6)]
    runs, went, failed, side_by_side = plans[1:]
    await world.run(plan=runs, state="SUCCEEDED", started="2026-02-01T10:00:00", ended="2026-02-01T10:00:05")
    await world.run(plan=runs, state="RUNNING", started="2026-02-01T11:00:00")
    await world.run(
        plan=went, state="FAILED", reason="step_failed", started="2026-02-01T10:00:00", ended="2026-02-01T10:01:00"
    )
    await world.run(plan=went, state="SUCCEEDED", started="2026-02-01T11:00:00", ended="2026-02-01T11:01:00")
    await world.run(plan=failed, state="SUCCEEDED", started="2026-02-01T10:00:00", ended="2026-02-01T10:01:00")
    await world.run(
        plan=failed,
        state="CANCELLED",
        reason="cancel_requested",
        started="2026-02-01T11:00:00",
        ended="2026-02-01T11:01:00",
    )
    await world.run(plan=side_by_side, state="SUCCEEDED", started="2026-02-01T10:00:00", ended="2026-02-01T12:00:00")
    await world.run(plan=side_by_side, state="SUCCEEDED", started="2026-02-01T11:00:00", ended="2026-02-01T11:30:00")
    wanted = ["execution_successful", "execution_failed", "execution_successful", "executing", None]

    async def statuses() -> list[str | None]:
        return [item.get("status") for item in (await talend("GET", PLANS)).json()["items"]]

    assert await statuses() == wanted
    assert await history.archive(app, at("2026-02-02T00:00:00")) == 7
    assert await statuses() == wanted


BAD_STEPS: list[tuple[dict[str, Any], str]] = [
    ({"condition": "SOMETIMES"}, "steps[1].condition"),
    ({"condition": None}, "steps[1].condition"),
    ({"taskIds": []}, "steps[1]: a step needs at least one task"),
    ({"taskIds": ["12"]}, "steps[1].taskIds[0]: Task ID is not valid id."),
    ({"taskIds": ["0" * 24]}, "steps[1].taskIds[0]: there is no task"),
    ({"taskIds": None}, "taskIds"),
    ({"handlerOnFailure": {"taskIds": ["0" * 24]}}, "steps[1].handlerOnFailure.taskIds[0]: there is no task"),
    ({"handlerOnFailure": {"planIds": ["0" * 24]}}, "steps[1].handlerOnFailure.planIds[0]: Plan ID is not valid id."),
    ({"handlerOnFailure": {"planIds": [CAMPAIGN]}}, "steps[1].handlerOnFailure.planIds[0]: there is no plan"),
    ({"handlerOnFailure": {"stepIds": []}}, "stepIds"),
    ({"name": "get"}, "steps[1].name: there are two steps 'get'"),
    ({"name": "\x07"}, "steps[1].name: a name has no control characters"),
    ({"name": "n" * 201}, "name"),
    ({"name": "nul \x00"}, "name"),
    ({"note": "nul \x00"}, "note"),
    ({"planIds": []}, "planIds"),
]


@pytest.mark.parametrize(("wrong", "words"), BAD_STEPS, ids=lambda value: value if isinstance(value, str) else "")
async def test_a_wrong_step_is_named(app: App, admin: Actor, talend: Talk, wrong: dict[str, Any], words: str) -> None:
    there = await made(app, admin)
    first, second = there.steps()
    answer = await talend("POST", PLANS, there.request(steps=[first, {**second, **wrong}]))
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["message"]


async def test_what_is_wrong_with_a_plan_is_named(app: App, admin: Actor, world: World, talend: Talk) -> None:
    there = await made(app, admin)
    await made(app, admin, "workspace: hr\nworkspaces: [{key: hr}]\n" + _file("hr task", "hr plan"))
    there = await made(app, admin)
    elsewhere = there.step("one", "hr task", handlerOnFailure={"planIds": [there.plans["hr plan"]]})
    for body, words in (
        ([], "body"),
        ({**there.request(), "name": ""}, "name"),
        ({**there.request(), "name": "\u202e"}, "name: a name has no control characters"),
        ({**there.request(), "author": "me"}, "author"),
        ({**there.request(), "steps": []}, "steps"),
        ({**there.request(), "steps": [there.step(f"{n}", "load") for n in range(501)]}, "steps"),
        ({**there.request(), "workspaceId": "sales"}, "workspaceId: Workspace ID is not valid id."),
        ({**there.request(), "workspaceId": there.tasks["load"]}, "workspaceId: there is no workspace"),
        (
            {**there.request(), "workspaceId": there.ids.of(Kind.WORKSPACE, 99)},
            "workspaceId: there is no such workspace",
        ),
        (there.request(steps=[elsewhere]), "steps[0].taskIds[0]: the workspace of the plan has no such task"),
        (
            there.request(steps=[elsewhere]),
            "steps[0].handlerOnFailure.planIds[0]: the workspace of the plan has no such",
        ),
        (there.request(steps=[there.step("one", "load", "load")]), "steps[0].taskIds[1]: 'load' is named twice"),
    ):
        answer = await talend("POST", PLANS, body)
        assert answer.status_code == 400, answer.text
        assert words in answer.json()["message"]
    taken = await talend("POST", PLANS, there.request("repair"))
    assert (taken.status_code, taken.json()["message"].partition(":")[0]) == (
        409,
        "There is a plan 'repair' in this workspace already",
    )
    assert [row["name"] for row in await world.fetch("SELECT name FROM plan ORDER BY id")] == ["repair", "hr plan"]


@pytest.mark.parametrize(
    "query",
    [
        {"environmentId": "1"},
        {"workspaceId": "x" * 24},
        {"taskId": "load"},
        {"planId": "0" * 24},
        {"limit": 0},
        {"limit": 101},
        {"offset": -1},
        {"offset": 10**30},
        {"name": "n" * 201},
        {"name": "nul \x00"},
    ],
    ids=str,
)
async def test_a_wrong_query_is_refused(talend: Talk, query: dict[str, Any]) -> None:
    answer = await talend("GET", PLANS, **query)
    assert answer.status_code == 400, answer.text


PATHS = ("", "/pause", "/run-config")


async def test_ids_lead_to_a_plan_or_are_refused(app: App, admin: Actor, talend: Talk) -> None:
    there = await made(app, admin)
    bodies = {
        ("PUT", ""): there.request(),
        ("PUT", "/pause"): {"pause": True},
        ("PUT", "/run-config"): {"trigger": {"type": "MANUAL"}},
    }
    for ending in PATHS:
        for method in ("GET", "PUT", "DELETE"):
            if ending == "/pause" and method != "PUT":
                continue
            body = bodies.get((method, ending))
            answer = await talend(method, f"{PLANS}/1{ending}", body)
            assert (answer.status_code, answer.json()["message"]) == (400, "Plan ID is not valid id.")
            for id in (CAMPAIGN, there.ids.plan(99)):
                assert (await talend(method, f"{PLANS}/{id}{ending}", body)).status_code == 404


async def test_strangers_and_viewers_are_refused(app: App, admin: Actor, call: Call, talend: Talk) -> None:
    there = await made(app, admin)
    plan = f"{PLANS}/{there.plans['repair']}"
    viewer, stranger, somewhere = [await new_key(app, name, NOW) for name in ("viewer", "stranger", "somewhere")]
    await give(app, "viewer", "sales", "Viewer", NOW)
    await made(app, admin, "workspace: hr\nworkspaces: [{key: hr}]\n" + _file("hr task", "hr plan"))
    await give(app, "somewhere", "hr", "Contributor", NOW)
    await give(app, "viewer", "hr", "Contributor", NOW)
    config, repair = {"trigger": {"type": "MANUAL"}}, there.request("repair", [there.step("clean up", "clean")])
    for method, path, body in (
        ("GET", plan, None),
        ("PUT", plan, repair),
        ("DELETE", plan, None),
        ("PUT", f"{plan}/pause", {"pause": True}),
        ("GET", f"{plan}/run-config", None),
        ("PUT", f"{plan}/run-config", config),
        ("DELETE", f"{plan}/run-config", None),
    ):
        assert (await call(method, f"/orchestration{path}", json=body)).status_code == 401
        hidden = await talend(method, path, body, key=somewhere)
        assert hidden.status_code == 404, hidden.text
        assert "repair" not in hidden.text
        assert (await talend(method, path, body, key=stranger)).status_code in (
            (404,) if method == "GET" else (403, 404)
        )
        if method != "GET":
            shut = await talend(method, path, body, key=viewer)
            assert (shut.status_code, "needs the permission" in shut.text) == (403, True), shut.text
    assert (await talend("POST", PLANS, there.request(), key=viewer)).status_code == 403
    assert (await talend("POST", PLANS, there.request(), key=somewhere)).status_code == 400
    assert (await talend("GET", PLANS, key=stranger)).json()["total"] == 0
    assert (await talend("GET", PLANS, key=somewhere)).json()["total"] == 1


def _file(task: str, plan: str) -> str:
    return (
        f"tasks: [{{name: {task}, type: Package, config: {{kind: command, command: ['true']}}}}]\n"
        f"plans: [{{name: {plan}, steps: [{{name: one, tasks: [{task}]}}]}}]\n"
    )


def _sales(there: Made) -> str:
    """The workspace in Production, which was made first."""
    return there.ids.of(Kind.WORKSPACE, 1)
