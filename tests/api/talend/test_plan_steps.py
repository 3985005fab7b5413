"""The steps of plans in the Talend API: chains, what a chain cannot say, and what needs a plan."""

import json
from typing import Any

from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.plan_chains import LONGEST
from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.api.talend.furniture import furnished
from tests.api.talend.plan_making import TASKS, made
from tests.conftest import NOW
from tests.people import new_key

PLANS = "/executables/plans"
MANUAL = {"trigger": {"type": "MANUAL"}}
CHAIN = """\
  - name: weekly
    description: once a week
    parameters: {day: {default: monday}}
    run_timeout: 3600
    retries: {attempts: 2}
    overlap: queue
    priority: 5
    limit: 3
    steps:
      - {name: second, tasks: [load], after: [first], limit: 1}
      - {name: first, tasks: [extract, clean], limit: 2}
"""
GRAPH = """\
  - name: wide
    limit: 2
    steps:
      - {name: last, tasks: [load], after: [left, right]}
      - {name: left, tasks: [extract], on_failure: {tasks: [alarm]}}
      - {name: right, plans: [repair], limit: 1, note: careful}
"""


async def row(world: World, name: str) -> dict[str, Any]:
    [found] = await world.fetch(
        """SELECT plan.*, graph.body AS graph FROM plan JOIN graph ON graph.id = plan.graph_id WHERE name = $1""", name
    )
    return found


def shown(chart: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The steps of a chart, one after the other."""
    found = []
    while chart is not None:
        found.append(chart)
        chart = chart.get("nextStep")
    return found


def sent(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """What a client sends that takes the steps from a chart."""
    conditions = {
        "SUCCESS": "ALL_SUCCEEDED",
        "PARTIAL_SUCCESS": "AT_LEAST_ONE_SUCCEEDED",
        "PROCEED": "ALWAYS_PROCEED_ON",
    }
    steps = []
    for one in shown(chart):
        step = {"id": one["id"], "name": one["name"], "condition": conditions[one["status"]], "taskIds": one["taskIds"]}
        if "stepOnException" in one:
            flows = one["stepOnException"]["flows"]
            step["handlerOnFailure"] = {
                "taskIds": [flow["id"] for flow in flows if not flow["plan"]],
                "planIds": [flow["id"] for flow in flows if flow["plan"]],
            }
        steps.append({**step, "note": one.get("note", "")})
    return steps


async def test_what_a_chain_says_nothing_of_stays_when_its_steps_change(
    app: App, admin: Actor, world: World, talend: Talk
) -> None:
    there = await made(app, admin, TASKS + CHAIN)
    plan = f"{PLANS}/{there.plans['weekly']}"
    before = await row(world, "weekly")
    chart = (await talend("GET", plan)).json()["chart"]
    first, second = sent(chart)
    assert [first["name"], second["name"]] == ["first", "second"]
    anew = {"name": "first", "condition": "ALL_SUCCEEDED", "taskIds": [there.tasks["alarm"]]}
    steps = [{**second, "name": "renamed"}, anew, there.step("third", "clean")]
    changed = await talend("PUT", plan, there.request("weekly", steps))
    assert changed.status_code == 200, changed.text
    after = await row(world, "weekly")
    assert after["version"] == 2
    kept = ("id", "number", "parameters", "run_timeout_s", "retries", "overlap", "priority")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["description"] is None
    assert after["graph"]["limit"] == 3
    assert [(step["name"], step.get("limit"), step.get("after")) for step in after["graph"]["steps"]] == [
        ("renamed", 1, None),
        ("first", 2, [0]),
        ("third", None, [1]),
    ]


async def test_the_steps_of_a_plan_keep_their_ids_while_they_keep_their_names(
    app: App, admin: Actor, talend: Talk
) -> None:
    there = await made(app, admin)
    told = (await talend("POST", PLANS, there.request())).json()
    first, second = told["steps"]
    other = (await talend("POST", PLANS, there.request("other"))).json()
    assert {step["id"] for step in other["steps"]}.isdisjoint({first["id"], second["id"]})
    swapped = await talend("PUT", f"{PLANS}/{told['id']}", there.request(steps=[second, first]))
    assert swapped.json()["steps"] == [second, first]
    copied = await talend("POST", PLANS, there.request("copy", [{**first, "id": "no guid"}, second]))
    assert copied.status_code == 201
    assert [step["name"] for step in copied.json()["steps"]] == ["get", "put"]
    twice = await talend("PUT", f"{PLANS}/{told['id']}", there.request(steps=[first, {**second, "id": first["id"]}]))
    assert (twice.status_code, "steps[1].id: two steps have this id" in twice.text) == (400, True)


async def test_only_what_differs_makes_a_version_and_is_recorded(
    app: App, admin: Actor, world: World, talend: Talk
) -> None:
    there = await made(app, admin)
    told = (await talend("POST", PLANS, there.request(description="d"))).json()
    plan = f"{PLANS}/{told['id']}"
    same = await talend("PUT", plan, there.request(description="d", steps=told["steps"]))
    assert same.json() == told
    assert (await talend("PUT", plan, there.request("day", description="e"))).status_code == 200
    assert (await row(world, "day"))["version"] == 1
    assert (await talend("PUT", plan, there.request("day", [there.step("get", "load")]))).status_code == 200
    assert (await talend("PUT", f"{plan}/run-config", MANUAL | {"parallelExecutionAllowed": True})).status_code == 200
    assert (await talend("DELETE", plan)).status_code == 204
    records = await world.fetch(
        "SELECT action, target, before, after FROM audit WHERE kind = 'plan' ORDER BY id OFFSET 1"
    )
    assert [(one["action"], one["target"]) for one in records] == [
        ("create", "night"),
        ("rename", "night"),
        ("change", "day"),
        ("change", "day"),
        ("change", "day"),
        ("delete", "day"),
    ]
    assert records[1]["after"] == {"name": "day"}
    assert (records[2]["before"], records[2]["after"]) == ({"description": "d"}, {"description": "e"})
    assert sorted(records[3]["after"]) == ["description", "steps"]
    assert records[4]["after"] == {"overlap": "parallel"}
    assert records[5]["before"] == {"description": None, "version": 2}


async def test_a_graph_is_shown_in_an_order_in_which_it_can_run(app: App, admin: Actor, talend: Talk) -> None:
    there = await made(app, admin, TASKS + GRAPH)
    got = (await talend("GET", f"{PLANS}/{there.plans['wide']}")).json()
    left, right, last = shown(got["chart"])
    assert [left["name"], right["name"], last["name"]] == ["left", "right", "last"]
    assert right["taskIds"] == []
    assert [(flow["id"], flow["plan"]) for flow in right["flows"]] == [(there.plans["repair"], True)]
    assert left["stepOnException"]["taskIds"] == [there.tasks["alarm"]]


async def test_a_graph_is_kept_while_its_steps_are_sent_as_they_are_shown_and_never_lost(
    app: App, admin: Actor, world: World, talend: Talk
) -> None:
    there = await made(app, admin, TASKS + GRAPH)
    plan = f"{PLANS}/{there.plans['wide']}"
    before = await row(world, "wide")
    steps = sent((await talend("GET", plan)).json()["chart"])
    kept = await talend("PUT", plan, there.request("broad", steps, description="as wide as before"))
    assert kept.status_code == 200, kept.text
    assert [(step["name"], step["taskIds"]) for step in kept.json()["steps"]] == [
        ("left", [there.tasks["extract"]]),
        ("right", []),
        ("last", [there.tasks["load"]]),
    ]
    after = await row(world, "broad")
    assert (after["graph_id"], after["version"], after["description"]) == (before["graph_id"], 1, "as wide as before")
    for change in (steps[:2], [steps[1], steps[0], steps[2]], [{**steps[0], "note": "other"}, *steps[1:]]):
        refused = await talend("PUT", plan, there.request("narrow", change))
        assert refused.status_code == 409, refused.text
        assert refused.json()["message"] == (
            "The steps of this plan are more than a chain, which would be lost: 'right' starts at once; 'right' runs a"
            " plan; 'last' starts after 'left' and 'right'. Change them where they were made, or send them as they are"
            " shown"
        )
    assert (await row(world, "broad"))["graph_id"] == before["graph_id"]


async def test_a_plan_cannot_contain_itself(app: App, admin: Actor, talend: Talk) -> None:
    there = await made(app, admin)
    told = (await talend("POST", PLANS, there.request())).json()
    handler = {"planIds": [told["id"]]}
    for plan in ("night", "repair"):
        path = f"{PLANS}/{told['id'] if plan == 'night' else there.plans['repair']}"
        step = there.step("clean up", "clean", handlerOnFailure=handler)
        refused = await talend("PUT", path, there.request(plan, [step]))
        assert refused.status_code == 400
        assert refused.json()["message"].startswith(f"steps: it contains itself: plan '{plan}' contains plan ")


async def test_a_plan_stays_in_its_workspace(app: App, admin: Actor, talend: Talk) -> None:
    there = await made(app, admin, TASKS + "---\nworkspace: hr\nworkspaces: [{key: hr}]\n")
    plan = f"{PLANS}/{there.plans['repair']}"
    body = {**there.request("repair"), "workspaceId": there.workspaces["hr"]}
    refused = await talend("PUT", plan, body)
    assert refused.status_code == 400
    assert (
        refused.json()["message"] == "workspaceId: a plan stays in its workspace: send the id of the workspace 'sales'"
    )


async def test_what_another_plan_task_or_run_needs_is_not_deleted(
    app: App, admin: Actor, world: World, talend: Talk
) -> None:
    composite = "---\nworkspace: sales\ntasks: [{name: whole, type: OrchestrationMap, config: {plan: weekly}}]\n"
    there = await made(app, admin, TASKS + CHAIN + composite)
    told = (await talend("POST", PLANS, there.request())).json()

    async def refusal(method: str, plan: str, body: Any = None) -> str:
        answer = await talend(method, f"{PLANS}/{plan}", body)
        assert answer.status_code == 409, answer.text
        return str(answer.json()["message"])

    weekly, repair = there.plans["weekly"], there.plans["repair"]
    assert await refusal("DELETE", repair) == "The plan 'repair' cannot be deleted: the plan 'night' runs it"
    assert await refusal("DELETE", weekly) == "The plan 'weekly' cannot be deleted: the task 'whole' runs it"
    steps = sent((await talend("GET", f"{PLANS}/{weekly}")).json()["chart"])
    renamed = await refusal("PUT", weekly, there.request("monthly", steps))
    assert renamed == "The plan 'weekly' cannot get another name: the task 'whole' runs it"
    run = await world.run(plan=there.numbers["repair"] + 2, state="RUNNING", started="2026-03-01T10:00:00")
    assert (await refusal("DELETE", told["id"])).endswith(f"run {run} of it has not ended: wait for it, or cancel it")
    assert (await talend("PUT", f"{PLANS}/{told['id']}", there.request(steps=[there.step("a", "load")]))).is_success
    assert (await refusal("DELETE", repair)).endswith(
        f"run {run}, which has not ended, will come to it: wait for it, or cancel it"
    )
    await world.execute("UPDATE run SET state = 'SUCCEEDED', ended_at = now() WHERE id = $1", run)
    assert (await talend("DELETE", f"{PLANS}/{repair}")).status_code == 204
    assert (await talend("DELETE", f"{PLANS}/{told['id']}")).status_code == 204


async def test_runs_of_a_deleted_plan_are_told_of_under_its_name(
    app: App, admin: Actor, call: Call, talend: Talk, world: World
) -> None:
    there = await made(app, admin)
    key = await new_key(app, "admin", NOW)
    run = await world.run(plan=there.numbers["repair"], started="2026-02-01T10:00:00", ended="2026-02-01T10:00:05")
    before = (await call("GET", "/api/v1/runs", key)).json()
    assert [run["name"] for run in before["items"]] == ["repair"]
    assert (await talend("DELETE", f"{PLANS}/{there.plans['repair']}")).status_code == 204
    assert (await call("GET", "/api/v1/runs", key)).json() == before
    assert (await call("GET", f"/api/v1/runs/{run}", key)).json()["run"]["name"] == "repair"
    left = "SELECT (SELECT count(*) FROM plan_member) + (SELECT count(*) FROM plan_part) AS number"
    assert await world.fetch(left) == [{"number": 0}]
    assert (await talend("GET", PLANS, taskId=there.tasks["clean"])).json()["total"] == 0


async def test_a_plan_is_a_process_map_and_a_job_at_once(app: App, admin: Actor, call: Call, talend: Talk) -> None:
    there = await made(app, admin)
    told = (await talend("POST", PLANS, there.request())).json()
    key = await new_key(app, "admin", NOW)
    maps = (await call("GET", "/api/v0/orchestration/sales/process-maps", key)).json()
    assert "night" in json.dumps(maps)
    jobs = (await call("GET", "/public/jobs", key)).json()
    assert told["id"] in json.dumps(jobs)


async def test_the_longest_plan_is_made_and_shown(app: App, admin: Actor, talend: Talk) -> None:
    there = await made(app, admin)
    steps = [there.step(f"step {number}", *there.tasks) for number in range(LONGEST)]
    told = await talend("POST", PLANS, there.request("long", steps))
    assert told.status_code == 201, told.text
    chart = (await talend("GET", f"{PLANS}/{told.json()['id']}")).json()["chart"]
    assert [one["name"] for one in shown(chart)] == [step["name"] for step in steps]
    too_much = await talend("POST", PLANS, there.request("longer", steps, description="d" * 1_000_000))
    assert too_much.status_code == 413
    too_much = await talend("PUT", f"{PLANS}/{told.json()['id']}", there.request("d" * 1_000_000, steps))
    assert too_much.status_code == 413


async def test_of_a_longer_plan_the_beginning_is_shown_and_nothing_is_lost(
    app: App, admin: Actor, world: World, talend: Talk
) -> None:
    steps: list[dict[str, Any]] = [
        {"name": f"s{n}", "tasks": ["load"], "after": [f"s{n - 1}"]} for n in range(1, 1_000)
    ]
    long = json.dumps({"name": "long", "steps": [{"name": "s0", "tasks": ["load"]}, *steps]})
    there = await made(app, admin, f"{TASKS}  - {long}\n")
    plan = f"{PLANS}/{there.plans['long']}"
    chart = (await talend("GET", plan)).json()["chart"]
    assert len(shown(chart)) == LONGEST
    kept = await talend("PUT", plan, there.request("longer", sent(chart)))
    assert (kept.status_code, len(kept.json()["steps"])) == (200, LONGEST)
    assert len((await row(world, "longer"))["graph"]["steps"]) == 1_000
    refused = await talend("PUT", plan, there.request("longer", sent(chart)[1:]))
    assert (refused.status_code, "lost: 500 steps after the first 500." in refused.text) == (409, True), refused.text


async def test_a_chart_shows_what_its_tasks_are_made_from(app: App, admin: Actor, talend: Talk) -> None:
    room = await furnished(app, admin)
    where, artifact = {"workspaceId": room.workspace}, {"id": room.artifact, "version": "1"}
    task = {**where, "environmentId": room.environment, "name": "greet", "artifact": artifact}
    task |= {"parameters": {"times": 3}}
    answer = await talend("POST", "/executables/tasks", task)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    step = {"name": "one", "condition": "ALL_SUCCEEDED", "taskIds": [made["id"]]}
    plan = (await talend("POST", PLANS, {**where, "name": "greetings", "steps": [step]})).json()
    [flow] = (await talend("GET", f"{PLANS}/{plan['id']}")).json()["chart"]["flows"]
    assert {name: flow[name] for name in ("id", "name", "version", "artifact")} == {
        name: made[name] for name in ("id", "name", "version", "artifact")
    }
    needed = await talend("DELETE", f"/executables/tasks/{made['id']}")
    assert (needed.status_code, "greetings" in needed.text) == (409, True)


async def test_steps_by_which_a_plan_would_start_itself_for_ever_are_refused(
    app: App, admin: Actor, world: World, talend: Talk
) -> None:
    trigger = "data_triggers: [{plan: repair, sources: [{task: load}]}]\n"
    found = await made(app, admin, TASKS + trigger)
    before = await row(world, "repair")

    steps = [found.step("clean up", "clean"), found.step("again", "load")]
    refused = await talend("PUT", f"{PLANS}/{found.plans['repair']}", found.request("repair", steps))

    assert refused.status_code == 400, refused.text
    assert "it would start itself for ever: 'repair' leads to 'load' leads to 'repair'" in refused.text
    assert await row(world, "repair") == before
