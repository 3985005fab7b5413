"""Every route of every dialect x every kind of caller: what each of them gets.

What is expected of a route is written down below, once per route; a route that is not in the table fails the test.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from litestar.handlers import HTTPRouteHandler

from ostinato.api.asgi import make_asgi, make_router
from ostinato.api.authentication import PUBLIC
from ostinato.api.permissions import ANYBODY
from ostinato.app import access, artifacts, groups, installation, keys, people, projects, promotions
from ostinato.app.application import App
from ostinato.config import read_settings
from ostinato.core import guids, object_ids
from ostinato.core.access import Permission, Tenant
from ostinato.core.plans import Ref, Step
from tests.api.factories import World
from tests.artifacts import zips
from tests.conftest import NOW, administrator, opened_app
from tests.databases import Copies
from tests.people import new_key

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED_KEYS = ("nobody", "unknown", "deleted", "deactivated", "expired")
"""Those who get 401 everywhere."""
CALLERS = (*REFUSED_KEYS, "stranger", "viewer", "contributor", "boss", "reader", "elsewhere", "admin")
"""stranger has no right; viewer, contributor and boss (Administrator) have a role in the workspace; reader is the
contributor's key for VIEW only, elsewhere the contributor's key for another workspace only; admin may do everything."""

HIDDEN = {"stranger": 404, "elsewhere": 404}
CLOSED = {"stranger": 403, "elsewhere": 403}
ONLY_ADMIN = dict.fromkeys(("stranger", "viewer", "contributor", "boss", "reader", "elsewhere"), 403)
NO_EXECUTE = {"viewer": 403, "reader": 403}
NO_AUTHOR = {"viewer": 403, "reader": 403}
NO_PUBLISH = {"viewer": 403, "contributor": 403, "reader": 403}
LIMITED = {"reader": 403, "elsewhere": 403}
READER = {"reader": 403}
NO_HOOKS = frozenset({"stranger", "viewer", "contributor", "elsewhere"})
HOOKS = {**dict.fromkeys(NO_HOOKS, 404), **READER}
"""Webhooks are seen by whoever has MANAGE and by nobody else."""
HOOK = {"url": "https://8.8.8.8/", "events": ["run.failed"], "workspace": "finance"}


@dataclass(frozen=True)
class Ask:
    """One request to a route, and who is refused how; for everybody else it is none of 401, 403, 404, 5xx."""

    path: str
    refused: dict[str, int] = field(default_factory=dict)
    body: Any = None
    form: dict[str, str] | None = None
    """The fields of a form with a file."""
    empty: frozenset[str] = frozenset()
    """Who gets a list with nothing in it, where others get something."""


NOTHING_SEEN = frozenset({"stranger", "elsewhere"})
YAML = "workspace: finance\ntasks: [{name: new, type: Package, config: {kind: command, command: ['true']}}]\n"
FILES = {"files": [{"name": "a.yaml", "text": YAML}]}
OTHER_FILES = {"files": [{"name": "a.yaml", "text": YAML.replace("new", "newer")}]}
V0 = "/api/v0/orchestration"
JOBS = "/public/jobs"
TASKS = "/orchestration/executables/tasks"
PROMOTIONS = "/orchestration/executables/promotions"
PROJECT = {"name": "Sales", "owner": "admin", "url": "https://git.example.org/sales.git"}
EMPTY = "00000000-0000-0000-0000-000000000000"
TALEND_PLANS = "/orchestration/executables/plans"
TALEND_PLAN = {
    "name": "P",
    "workspaceId": "1",
    "steps": [{"name": "one", "condition": "ALL_SUCCEEDED", "taskIds": ["1"]}],
}
BACKFILL = {
    "starts": {"name": "load"},
    "from": "2026-01-01T00:00:00Z",
    "to": "2026-01-02T00:00:00Z",
    "trigger": {"when": {"type": "daily", "at": "06:00"}},
}
ASKS: dict[tuple[str, str], Ask] = {
    ("GET", "/api/v1/status"): Ask("/api/v1/status"),
    ("GET", "/api/v1/runs"): Ask("/api/v1/runs", empty=NOTHING_SEEN),
    ("POST", "/api/v1/runs"): Ask("/api/v1/runs", {**HIDDEN, **NO_EXECUTE}, {"name": "load"}),
    ("GET", "/api/v1/runs/{run_id:int}"): Ask("/api/v1/runs/1", HIDDEN),
    ("GET", "/api/v1/runs/{run_id:int}/events"): Ask("/api/v1/runs/1/events", HIDDEN),
    ("GET", "/api/v1/runs/{run_id:int}/logs"): Ask("/api/v1/runs/1/logs", HIDDEN),
    ("GET", "/api/v1/runs/{run_id:int}/findings"): Ask("/api/v1/runs/1/findings", HIDDEN),
    ("POST", "/api/v1/runs/{run_id:int}/cancellation"): Ask("/api/v1/runs/1/cancellation", {**HIDDEN, **NO_EXECUTE}),
    ("POST", "/api/v1/runs/{run_id:int}/rerun"): Ask("/api/v1/runs/1/rerun", {**HIDDEN, **NO_EXECUTE}, {}),
    ("POST", "/api/v1/pauses"): Ask("/api/v1/pauses", {**HIDDEN, **NO_EXECUTE}, {"name": "load", "paused": False}),
    ("GET", "/api/v1/retention"): Ask("/api/v1/retention", empty=frozenset({"stranger"})),
    ("POST", "/api/v1/definitions/apply"): Ask(
        "/api/v1/definitions/apply", {**NO_EXECUTE, "stranger": 422, "elsewhere": 422}, FILES
    ),
    ("POST", "/api/v1/definitions/diff"): Ask(
        "/api/v1/definitions/diff", {**NO_EXECUTE, "stranger": 422, "elsewhere": 422}, OTHER_FILES
    ),
    ("GET", "/api/v1/definitions/export"): Ask("/api/v1/definitions/export"),
    ("GET", "/api/v1/definitions/schema"): Ask("/api/v1/definitions/schema"),
    ("GET", "/api/v1/schedules"): Ask("/api/v1/schedules", empty=NOTHING_SEEN),
    ("POST", "/api/v1/schedules"): Ask(
        "/api/v1/schedules", {**HIDDEN, **NO_EXECUTE}, {"starts": {"name": "load"}, "triggers": []}
    ),
    ("GET", "/api/v1/schedules/{schedule_id:int}"): Ask("/api/v1/schedules/1", HIDDEN),
    ("PUT", "/api/v1/schedules/{schedule_id:int}"): Ask(
        "/api/v1/schedules/1", {**HIDDEN, **NO_EXECUTE}, {"starts": {"name": "night"}}
    ),
    ("DELETE", "/api/v1/schedules/{schedule_id:int}"): Ask(
        "/api/v1/schedules/2", {**HIDDEN, **NO_EXECUTE, "boss": 404, "admin": 404}
    ),
    ("GET", "/api/v1/schedules/{schedule_id:int}/fires"): Ask("/api/v1/schedules/1/fires", HIDDEN),
    ("GET", "/api/v1/schedules/{schedule_id:int}/explanation"): Ask("/api/v1/schedules/1/explanation", HIDDEN),
    ("GET", "/api/v1/data-triggers"): Ask("/api/v1/data-triggers", empty=NOTHING_SEEN),
    ("POST", "/api/v1/data-triggers"): Ask(
        "/api/v1/data-triggers", {**HIDDEN, **NO_EXECUTE}, {"starts": {"name": "load"}, "sources": [{"name": "clean"}]}
    ),
    ("GET", "/api/v1/data-triggers/{trigger_id:int}"): Ask("/api/v1/data-triggers/1", HIDDEN),
    ("PUT", "/api/v1/data-triggers/{trigger_id:int}"): Ask(
        "/api/v1/data-triggers/1",
        {**HIDDEN, **NO_EXECUTE},
        {"starts": {"name": "night"}, "sources": [{"name": "clean"}]},
    ),
    ("DELETE", "/api/v1/data-triggers/{trigger_id:int}"): Ask(
        "/api/v1/data-triggers/2", {**HIDDEN, **NO_EXECUTE, "boss": 404, "admin": 404}
    ),
    ("GET", "/api/v1/calendar"): Ask("/api/v1/calendar"),
    ("GET", "/api/v1/calendar.ics"): Ask("/api/v1/calendar.ics"),
    ("GET", "/api/v1/holidays"): Ask("/api/v1/holidays", {"stranger": 404}),
    ("PUT", "/api/v1/holidays/{name:str}"): Ask("/api/v1/holidays/feast", ONLY_ADMIN, {"days": []}),
    ("DELETE", "/api/v1/holidays/{name:str}"): Ask("/api/v1/holidays/gone", ONLY_ADMIN),
    ("GET", "/api/v1/webhook-triggers"): Ask("/api/v1/webhook-triggers", empty=NOTHING_SEEN),
    ("POST", "/api/v1/webhook-triggers"): Ask(
        "/api/v1/webhook-triggers", {**HIDDEN, **NO_EXECUTE}, {"starts": {"name": "load"}, "name": "calls"}
    ),
    ("GET", "/api/v1/webhook-triggers/{trigger_id:int}"): Ask("/api/v1/webhook-triggers/1", HIDDEN),
    ("PATCH", "/api/v1/webhook-triggers/{trigger_id:int}"): Ask(
        "/api/v1/webhook-triggers/1", {**HIDDEN, **NO_EXECUTE}, {"active": False}
    ),
    ("DELETE", "/api/v1/webhook-triggers/{trigger_id:int}"): Ask(
        "/api/v1/webhook-triggers/2", {**HIDDEN, **NO_EXECUTE, "boss": 404, "admin": 404}
    ),
    ("POST", "/api/v1/webhook-triggers/{trigger_id:int}/rotation"): Ask(
        "/api/v1/webhook-triggers/1/rotation", {**HIDDEN, **NO_EXECUTE}, {"what": "secret"}
    ),
    ("GET", "/api/v1/webhook-triggers/{trigger_id:int}/calls"): Ask(
        "/api/v1/webhook-triggers/1/calls", {**HIDDEN, **NO_EXECUTE}
    ),
    ("GET", "/api/v1/webhook-triggers/{trigger_id:int}/calls/{call_id:int}"): Ask(
        "/api/v1/webhook-triggers/1/calls/1", {**HIDDEN, **NO_EXECUTE}
    ),
    ("GET", "/api/v1/backfills"): Ask("/api/v1/backfills", empty=NOTHING_SEEN),
    ("POST", "/api/v1/backfills"): Ask("/api/v1/backfills", {**HIDDEN, **NO_EXECUTE}, BACKFILL),
    ("GET", "/api/v1/backfills/{backfill_id:int}"): Ask("/api/v1/backfills/1", HIDDEN),
    ("GET", "/api/v1/backfills/{backfill_id:int}/fires"): Ask("/api/v1/backfills/1/fires", HIDDEN),
    ("POST", "/api/v1/backfills/{backfill_id:int}/cancellation"): Ask(
        "/api/v1/backfills/1/cancellation", {**HIDDEN, **NO_EXECUTE}
    ),
    # environments and workspaces of the Talend API; ids lead nowhere, so whoever may gets 400
    ("GET", "/orchestration/environments"): Ask("/orchestration/environments", empty=frozenset({"stranger"})),
    ("POST", "/orchestration/environments"): Ask(
        "/orchestration/environments", ONLY_ADMIN, {"name": "E", "workspaceName": "W"}
    ),
    ("PUT", "/orchestration/environments/{id:str}"): Ask("/orchestration/environments/1", ONLY_ADMIN, {"name": "E"}),
    ("DELETE", "/orchestration/environments/{id:str}"): Ask("/orchestration/environments/1", ONLY_ADMIN),
    ("GET", "/orchestration/workspaces"): Ask("/orchestration/workspaces", empty=frozenset({"stranger"})),
    ("POST", "/orchestration/workspaces"): Ask(
        "/orchestration/workspaces", ONLY_ADMIN, {"name": "W", "environmentId": "1"}
    ),
    ("PUT", "/orchestration/workspaces/{id:str}"): Ask("/orchestration/workspaces/1", ONLY_ADMIN, {"name": "W"}),
    ("DELETE", "/orchestration/workspaces/{id:str}"): Ask("/orchestration/workspaces/1", ONLY_ADMIN),
    # connections of the Talend API, and those of our own
    ("GET", "/orchestration/connections"): Ask("/orchestration/connections", empty=NOTHING_SEEN),
    ("POST", "/orchestration/connections"): Ask(
        "/orchestration/connections", READER, {"name": "c", "workspaceId": "1", "app": "aws", "parameters": []}
    ),
    ("GET", "/orchestration/connections/{id:str}"): Ask("/orchestration/connections/1"),
    ("PUT", "/orchestration/connections/{id:str}"): Ask("/orchestration/connections/1", READER, {"name": "c"}),
    ("DELETE", "/orchestration/connections/{id:str}"): Ask("/orchestration/connections/1", READER),
    ("PUT", "/orchestration/connections/{id:str}/move/{target:str}"): Ask(
        "/orchestration/connections/1/move/1", READER
    ),
    ("GET", "/api/v1/connections"): Ask("/api/v1/connections", empty=NOTHING_SEEN),
    ("POST", "/api/v1/connections/{connection_id:int}/test"): Ask(
        "/api/v1/connections/1/test", {**HIDDEN, **NO_EXECUTE}
    ),
    ("POST", "/api/v1/resources"): Ask(
        "/api/v1/resources", {**NO_AUTHOR, **HIDDEN}, form={"workspace": "finance", "name": "r"}
    ),
    ("GET", "/api/v1/resources"): Ask("/api/v1/resources", empty=NOTHING_SEEN),
    ("DELETE", "/api/v1/resources/{resource_id:int}"): Ask("/api/v1/resources/1", {**HIDDEN, **NO_AUTHOR}),
    # resources of the Talend API
    ("GET", "/orchestration/resources"): Ask("/orchestration/resources", empty=NOTHING_SEEN),
    ("POST", "/orchestration/resources"): Ask("/orchestration/resources", READER, form={"resource": "{}"}),
    ("GET", "/orchestration/resources/{id:str}"): Ask("/orchestration/resources/1"),
    ("PATCH", "/orchestration/resources/{id:str}"): Ask("/orchestration/resources/1", READER, {"name": "r"}),
    ("DELETE", "/orchestration/resources/{id:str}"): Ask("/orchestration/resources/1", READER),
    ("PUT", "/orchestration/resources/{id:str}/upload"): Ask("/orchestration/resources/1/upload", READER, form={}),
    ("PUT", "/orchestration/resources/{id:str}/move/{target:str}"): Ask("/orchestration/resources/1/move/1", READER),
    # tasks of the Talend API
    ("GET", TASKS): Ask(TASKS, empty=NOTHING_SEEN),
    ("POST", TASKS): Ask(TASKS, {"reader": 403}, {"name": "no task"}),
    ("POST", f"{TASKS}/search"): Ask(f"{TASKS}/search", body={}, empty=NOTHING_SEEN),
    ("GET", f"{TASKS}/{{id:str}}"): Ask(f"{TASKS}/{{task}}", HIDDEN),
    ("PUT", f"{TASKS}/{{id:str}}"): Ask(f"{TASKS}/{{task}}", READER, {"name": "no task"}),
    ("PATCH", f"{TASKS}/{{id:str}}"): Ask(f"{TASKS}/{{task}}", {**HIDDEN, **NO_EXECUTE}, {}),
    ("DELETE", f"{TASKS}/{{id:str}}"): Ask(f"{TASKS}/{{task}}", {**HIDDEN, **NO_EXECUTE}),
    ("GET", f"{TASKS}/{{id:str}}/run-config"): Ask(f"{TASKS}/{{task}}/run-config", HIDDEN),
    ("PUT", f"{TASKS}/{{id:str}}/run-config"): Ask(
        f"{TASKS}/{{task}}/run-config", {**HIDDEN, **NO_EXECUTE}, {"trigger": {"type": "MANUAL"}}
    ),
    ("DELETE", f"{TASKS}/{{id:str}}/run-config"): Ask(f"{TASKS}/{{task}}/run-config", {**HIDDEN, **NO_EXECUTE}),
    ("GET", f"{TASKS}/{{id:str}}/de-run-config"): Ask(f"{TASKS}/{{task}}/de-run-config", HIDDEN),
    ("PUT", f"{TASKS}/{{id:str}}/de-run-config"): Ask(
        f"{TASKS}/{{task}}/de-run-config", {**HIDDEN, **NO_EXECUTE}, {"trigger": {"type": "MANUAL"}}
    ),
    ("DELETE", f"{TASKS}/{{id:str}}/de-run-config"): Ask(f"{TASKS}/{{task}}/de-run-config", {**HIDDEN, **NO_EXECUTE}),
    ("PUT", f"{TASKS}/{{id:str}}/pause"): Ask(f"{TASKS}/{{task}}/pause", {**HIDDEN, **NO_EXECUTE}, {"pause": False}),
    # schedules of the Talend API
    ("GET", "/orchestration/schedules"): Ask("/orchestration/schedules", empty=NOTHING_SEEN),
    ("POST", "/orchestration/schedules"): Ask(
        "/orchestration/schedules", READER, {"environmentId": "1", "trigger": {"name": "n", "type": "DAILY"}}
    ),
    ("GET", "/orchestration/schedules/{id:str}"): Ask("/orchestration/schedules/1"),
    ("POST", "/orchestration/schedules/{id:str}"): Ask("/orchestration/schedules/1", READER, {}),
    ("PATCH", "/orchestration/schedules/{id:str}"): Ask("/orchestration/schedules/1", READER, {}),
    ("DELETE", "/orchestration/schedules/{id:str}"): Ask("/orchestration/schedules/1", READER),
    ("POST", "/orchestration/schedules/{id:str}/triggers"): Ask(
        "/orchestration/schedules/1/triggers", READER, {"name": "n", "type": "DAILY"}
    ),
    ("PUT", "/orchestration/schedules/{id:str}/triggers"): Ask(
        "/orchestration/schedules/1/triggers", READER, {"name": "n", "type": "DAILY"}
    ),
    ("DELETE", "/orchestration/schedules/{id:str}/triggers"): Ask("/orchestration/schedules/1/triggers?name=n", READER),
    ("GET", "/orchestration/schedules/{id:str}/events"): Ask("/orchestration/schedules/1/events?to=1"),
    ("GET", "/orchestration/executables/tasks/{id:str}/schedule"): Ask("/orchestration/executables/tasks/1/schedule"),
    ("PUT", "/orchestration/executables/tasks/{id:str}/schedule"): Ask(
        "/orchestration/executables/tasks/1/schedule", READER, {"scheduleId": "1"}
    ),
    ("DELETE", "/orchestration/executables/tasks/{id:str}/schedule"): Ask(
        "/orchestration/executables/tasks/1/schedule", READER
    ),
    ("GET", "/orchestration/executables/plans/{id:str}/schedule"): Ask("/orchestration/executables/plans/1/schedule"),
    ("PUT", "/orchestration/executables/plans/{id:str}/schedule"): Ask(
        "/orchestration/executables/plans/1/schedule", READER, {"scheduleId": "1"}
    ),
    ("DELETE", "/orchestration/executables/plans/{id:str}/schedule"): Ask(
        "/orchestration/executables/plans/1/schedule", READER
    ),
    ("GET", "/orchestration/executables/tasks/{id:str}/run-config/events"): Ask(
        "/orchestration/executables/tasks/1/run-config/events?to=1"
    ),
    ("GET", "/orchestration/executables/plans/{id:str}/run-config/events"): Ask(
        "/orchestration/executables/plans/1/run-config/events?to=1"
    ),
    ("POST", "/orchestration/executables/events/search"): Ask(
        "/orchestration/executables/events/search", {}, {"environmentId": "1", "to": 1}
    ),
    # plans of the Talend API: one that another plan runs, so that it stays, and the
    # other one, which no schedule starts; ids in bodies are none, which is 400
    ("GET", TALEND_PLANS): Ask(TALEND_PLANS, empty=NOTHING_SEEN),
    ("POST", TALEND_PLANS): Ask(TALEND_PLANS, READER, TALEND_PLAN),
    ("GET", f"{TALEND_PLANS}/{{id:str}}"): Ask(f"{TALEND_PLANS}/{{job}}", HIDDEN),
    ("PUT", f"{TALEND_PLANS}/{{id:str}}"): Ask(f"{TALEND_PLANS}/{{job}}", READER, TALEND_PLAN),
    ("DELETE", f"{TALEND_PLANS}/{{id:str}}"): Ask(f"{TALEND_PLANS}/{{job}}", {**HIDDEN, **NO_EXECUTE}),
    ("PUT", f"{TALEND_PLANS}/{{id:str}}/pause"): Ask(
        f"{TALEND_PLANS}/{{job}}/pause", {**HIDDEN, **NO_EXECUTE}, {"pause": False}
    ),
    ("GET", f"{TALEND_PLANS}/{{id:str}}/run-config"): Ask(f"{TALEND_PLANS}/{{week}}/run-config", HIDDEN),
    ("PUT", f"{TALEND_PLANS}/{{id:str}}/run-config"): Ask(
        f"{TALEND_PLANS}/{{week}}/run-config",
        {**HIDDEN, **NO_EXECUTE},
        {"trigger": {"type": "MANUAL"}, "parallelExecutionAllowed": True},
    ),
    ("DELETE", f"{TALEND_PLANS}/{{id:str}}/run-config"): Ask(
        f"{TALEND_PLANS}/{{week}}/run-config", {**HIDDEN, **NO_EXECUTE}
    ),
    # artifacts, projects, promotions and permissions of the Talend API; ids lead nowhere, so whoever may gets 400
    ("GET", "/orchestration/artifacts"): Ask("/orchestration/artifacts", empty=NOTHING_SEEN),
    ("GET", "/orchestration/artifacts/{artifactId:str}"): Ask("/orchestration/artifacts/1"),
    ("DELETE", "/orchestration/artifacts/{artifactId:str}"): Ask("/orchestration/artifacts/1", READER),
    ("GET", "/orchestration/artifacts/{artifactId:str}/versions/{version:str}"): Ask(
        "/orchestration/artifacts/1/versions/v1"
    ),
    ("DELETE", "/orchestration/artifacts/{artifactId:str}/versions/{version:str}"): Ask(
        "/orchestration/artifacts/1/versions/v1", READER
    ),
    ("GET", "/orchestration/projects"): Ask("/orchestration/projects", empty=frozenset(ONLY_ADMIN)),
    ("POST", "/orchestration/projects"): Ask("/orchestration/projects", ONLY_ADMIN, PROJECT),
    ("GET", "/orchestration/projects/{projectId:str}"): Ask("/orchestration/projects/1"),
    ("PUT", "/orchestration/projects/{projectId:str}"): Ask("/orchestration/projects/1", body={}),
    ("DELETE", "/orchestration/projects/{projectId:str}"): Ask("/orchestration/projects/1"),
    ("GET", "/orchestration/projects/{projectId:str}/users"): Ask("/orchestration/projects/1/users"),
    ("PUT", "/orchestration/projects/{projectId:str}/users/{userId:str}"): Ask("/orchestration/projects/1/users/admin"),
    ("DELETE", "/orchestration/projects/{projectId:str}/users/{userId:str}"): Ask(
        "/orchestration/projects/1/users/admin"
    ),
    ("GET", "/orchestration/projects/{projectId:str}/groups"): Ask("/orchestration/projects/1/groups"),
    ("PUT", "/orchestration/projects/{projectId:str}/groups/{groupId:str}"): Ask(
        "/orchestration/projects/1/groups/people"
    ),
    ("DELETE", "/orchestration/projects/{projectId:str}/groups/{groupId:str}"): Ask(
        "/orchestration/projects/1/groups/people"
    ),
    ("GET", PROMOTIONS): Ask(PROMOTIONS, empty=frozenset(ONLY_ADMIN)),
    ("POST", PROMOTIONS): Ask(PROMOTIONS, ONLY_ADMIN, {"sourceEnvironmentId": "1", "targetEnvironmentId": "2"}),
    ("GET", f"{PROMOTIONS}/{{promotionId:str}}"): Ask(f"{PROMOTIONS}/1"),
    ("PATCH", f"{PROMOTIONS}/{{promotionId:str}}"): Ask(f"{PROMOTIONS}/1", ONLY_ADMIN, {"description": "x"}),
    ("DELETE", f"{PROMOTIONS}/{{promotionId:str}}"): Ask(f"{PROMOTIONS}/1", ONLY_ADMIN),
    ("GET", f"{PROMOTIONS}/{{promotionId:str}}/users"): Ask(f"{PROMOTIONS}/1/users"),
    ("PUT", f"{PROMOTIONS}/{{promotionId:str}}/users/{{userId:str}}"): Ask(f"{PROMOTIONS}/1/users/admin", ONLY_ADMIN),
    ("DELETE", f"{PROMOTIONS}/{{promotionId:str}}/users/{{userId:str}}"): Ask(
        f"{PROMOTIONS}/1/users/admin", ONLY_ADMIN
    ),
    ("PUT", f"{PROMOTIONS}/{{promotionId:str}}/service-accounts/{{serviceAccountId:str}}"): Ask(
        f"{PROMOTIONS}/1/service-accounts/ci", ONLY_ADMIN
    ),
    ("DELETE", f"{PROMOTIONS}/{{promotionId:str}}/service-accounts/{{serviceAccountId:str}}"): Ask(
        f"{PROMOTIONS}/1/service-accounts/ci", ONLY_ADMIN
    ),
    ("GET", "/security/permissions"): Ask(
        "/security/permissions", {caller: 403 for caller in ONLY_ADMIN if caller != "boss"}
    ),
    ("POST", "/security/permissions/batch"): Ask("/security/permissions/batch", body=[]),
    ("PUT", "/security/permissions/batch"): Ask("/security/permissions/batch", body=[]),
    ("DELETE", "/security/permissions/batch"): Ask("/security/permissions/batch?workspaceIds=1"),
    ("GET", "/security/workspaces/{workspaceId:str}/users/{userId:str}/permissions"): Ask(
        "/security/workspaces/1/users/admin/permissions"
    ),
    ("POST", "/security/workspaces/{workspaceId:str}/users/{userId:str}/permissions"): Ask(
        "/security/workspaces/1/users/admin/permissions", body=["VIEW"]
    ),
    ("PUT", "/security/workspaces/{workspaceId:str}/users/{userId:str}/permissions"): Ask(
        "/security/workspaces/1/users/admin/permissions", body=["VIEW"]
    ),
    ("DELETE", "/security/workspaces/{workspaceId:str}/users/{userId:str}/permissions"): Ask(
        "/security/workspaces/1/users/admin/permissions"
    ),
    ("GET", "/security/workspaces/{workspaceId:str}/service-accounts/{serviceAccountId:str}/permissions"): Ask(
        "/security/workspaces/1/service-accounts/admin/permissions"
    ),
    ("POST", "/security/workspaces/{workspaceId:str}/service-accounts/{serviceAccountId:str}/permissions"): Ask(
        "/security/workspaces/1/service-accounts/admin/permissions", body=["VIEW"]
    ),
    ("PUT", "/security/workspaces/{workspaceId:str}/service-accounts/{serviceAccountId:str}/permissions"): Ask(
        "/security/workspaces/1/service-accounts/admin/permissions", body=["VIEW"]
    ),
    ("DELETE", "/security/workspaces/{workspaceId:str}/service-accounts/{serviceAccountId:str}/permissions"): Ask(
        "/security/workspaces/1/service-accounts/admin/permissions"
    ),
    ("GET", "/api/v1/users"): Ask("/api/v1/users", ONLY_ADMIN),
    ("POST", "/api/v1/users"): Ask("/api/v1/users", ONLY_ADMIN, {"name": "fresh"}),
    ("GET", "/api/v1/users/{name:str}"): Ask("/api/v1/users/admin", ONLY_ADMIN),
    ("PATCH", "/api/v1/users/{name:str}"): Ask("/api/v1/users/somebody", ONLY_ADMIN, {"fullName": "Some Body"}),
    ("PUT", "/api/v1/users/{name:str}/password"): Ask(
        "/api/v1/users/somebody/password", ONLY_ADMIN, {"password": "correct horse battery"}
    ),
    ("GET", "/api/v1/groups"): Ask("/api/v1/groups", ONLY_ADMIN),
    ("POST", "/api/v1/groups"): Ask("/api/v1/groups", ONLY_ADMIN, {"name": "fresh"}),
    ("GET", "/api/v1/groups/{name:str}"): Ask("/api/v1/groups/people", ONLY_ADMIN),
    ("PATCH", "/api/v1/groups/{name:str}"): Ask("/api/v1/groups/people", ONLY_ADMIN, {"members": []}),
    ("DELETE", "/api/v1/groups/{name:str}"): Ask("/api/v1/groups/leaving", ONLY_ADMIN),
    ("GET", "/api/v1/grants"): Ask(
        "/api/v1/grants?workspace=finance", {caller: 403 for caller in ONLY_ADMIN if caller != "boss"}
    ),
    ("PUT", "/api/v1/grants"): Ask(
        "/api/v1/grants",
        {caller: 403 for caller in ONLY_ADMIN if caller != "boss"},
        {"workspace": "finance", "user": "somebody", "role": "Viewer"},
    ),
    ("GET", "/api/v1/keys"): Ask("/api/v1/keys", LIMITED),
    ("POST", "/api/v1/keys"): Ask("/api/v1/keys", LIMITED, {"description": "another", "kind": "token"}),
    ("POST", "/api/v1/keys/{key_id:int}/rotation"): Ask(
        "/api/v1/keys/{another_key}/rotation", dict.fromkeys(ONLY_ADMIN, 404), {}
    ),
    ("DELETE", "/api/v1/keys/{key_id:int}"): Ask("/api/v1/keys/{other_key}", dict.fromkeys(ONLY_ADMIN, 404)),
    ("GET", "/api/v1/audit"): Ask("/api/v1/audit", ONLY_ADMIN),
    ("GET", "/api/v1/audit/export"): Ask("/api/v1/audit/export", ONLY_ADMIN),
    ("GET", "/api/v1/audit/chain"): Ask("/api/v1/audit/chain", ONLY_ADMIN),
    ("GET", "/api/v1/tasks/last-success"): Ask("/api/v1/tasks/last-success", empty=NOTHING_SEEN),
    ("GET", "/api/v1/connections/last-success"): Ask("/api/v1/connections/last-success", empty=NOTHING_SEEN),
    ("POST", "/api/v1/sign-out"): Ask("/api/v1/sign-out", LIMITED, {"everywhere": True}),
    ("GET", "/api/v1/me"): Ask("/api/v1/me"),
    ("GET", "/api/v1/me/workspaces"): Ask("/api/v1/me/workspaces", empty=frozenset({"stranger"})),
    ("PUT", "/api/v1/me/password"): Ask(
        "/api/v1/me/password", LIMITED, {"current": "x", "new": "correct horse battery"}
    ),
    ("POST", "/api/v1/artifacts"): Ask(
        "/api/v1/artifacts", {**HIDDEN, **NO_PUBLISH}, form={"workspace": "finance", "version": "{caller}"}
    ),
    ("GET", "/api/v1/artifacts"): Ask("/api/v1/artifacts", empty=NOTHING_SEEN),
    ("GET", "/api/v1/artifacts/{artifact_id:int}"): Ask("/api/v1/artifacts/1", HIDDEN),
    ("DELETE", "/api/v1/artifacts/{artifact_id:int}"): Ask("/api/v1/artifacts/1", {**HIDDEN, **NO_PUBLISH}),
    ("GET", "/api/v1/artifacts/{artifact_id:int}/versions/{version:str}"): Ask(
        "/api/v1/artifacts/1/versions/v1", HIDDEN
    ),
    ("DELETE", "/api/v1/artifacts/{artifact_id:int}/versions/{version:str}"): Ask(
        "/api/v1/artifacts/1/versions/v1", {**HIDDEN, **NO_PUBLISH}
    ),
    ("GET", "/api/v1/artifacts/{artifact_id:int}/versions/{version:str}/content"): Ask(
        "/api/v1/artifacts/1/versions/v1/content", {**HIDDEN, "viewer": 403, "reader": 403}
    ),
    ("GET", "/api/v1/webhooks"): Ask("/api/v1/webhooks", READER, empty=NO_HOOKS),
    ("POST", "/api/v1/webhooks"): Ask("/api/v1/webhooks", {**HOOKS, **dict.fromkeys(NO_HOOKS, 403)}, HOOK),
    ("GET", "/api/v1/webhooks/{webhook_id:int}"): Ask("/api/v1/webhooks/1", HOOKS),
    ("PATCH", "/api/v1/webhooks/{webhook_id:int}"): Ask("/api/v1/webhooks/1", HOOKS, {"tasks": True}),
    ("DELETE", "/api/v1/webhooks/{webhook_id:int}"): Ask("/api/v1/webhooks/2", {**HOOKS, "boss": 404}),
    ("POST", "/api/v1/webhooks/{webhook_id:int}/rotation"): Ask("/api/v1/webhooks/1/rotation", HOOKS, {}),
    ("POST", "/api/v1/webhooks/{webhook_id:int}/ping"): Ask("/api/v1/webhooks/1/ping", HOOKS),
    ("GET", "/api/v1/webhooks/{webhook_id:int}/deliveries"): Ask("/api/v1/webhooks/1/deliveries", HOOKS),
    ("POST", "/api/v1/webhooks/{webhook_id:int}/deliveries/{delivery_id:int}/redelivery"): Ask(
        "/api/v1/webhooks/1/deliveries/1/redelivery", HOOKS
    ),
    ("GET", f"{V0}/workspaces"): Ask(f"{V0}/workspaces", empty=frozenset({"stranger"})),
    ("GET", f"{V0}/{{workspace:str}}/process-maps"): Ask(f"{V0}/finance/process-maps", CLOSED),
    ("GET", f"{V0}/{{workspace:str}}/process-maps/{{processMapId:str}}/tasks"): Ask(
        f"{V0}/finance/process-maps/7/tasks", CLOSED
    ),
    ("POST", f"{V0}/{{workspace:str}}/process-maps/{{processMapId:str}}/trigger"): Ask(
        f"{V0}/finance/process-maps/7/trigger", {**CLOSED, **NO_EXECUTE}
    ),
    ("GET", f"{V0}/{{workspace:str}}/tasks"): Ask(f"{V0}/finance/tasks", CLOSED),
    ("GET", f"{V0}/{{workspace:str}}/tasks/{{taskType:str}}/{{taskId:str}}"): Ask(
        f"{V0}/finance/tasks/Package/1", CLOSED
    ),
    ("POST", f"{V0}/{{workspace:str}}/tasks/{{taskType:str}}/{{taskId:str}}/trigger"): Ask(
        f"{V0}/finance/tasks/Package/1/trigger", {**CLOSED, **NO_EXECUTE}
    ),
    ("GET", f"{V0}/{{workspace:str}}/executions"): Ask(f"{V0}/finance/executions", CLOSED),
    ("GET", f"{V0}/{{workspace:str}}/tasks/{{taskType:str}}/{{taskId:str}}/executions"): Ask(
        f"{V0}/finance/tasks/Package/1/executions", CLOSED
    ),
    ("GET", f"{V0}/{{workspace:str}}/tasks/{{taskType:str}}/{{taskId:str}}/executions/{{execId:str}}/log"): Ask(
        f"{V0}/finance/tasks/Package/1/executions/1/log", CLOSED
    ),
    ("GET", JOBS): Ask(JOBS, empty=NOTHING_SEEN),
    ("GET", f"{JOBS}/status"): Ask(f"{JOBS}/status", empty=NOTHING_SEEN),
    ("POST", f"{JOBS}/{{job_id:str}}/execute"): Ask(f"{JOBS}/{{job}}/execute", {**HIDDEN, **NO_EXECUTE}),
    ("GET", f"{JOBS}/{{job_id:str}}/status"): Ask(f"{JOBS}/{{job}}/status", HIDDEN),
    ("GET", f"{JOBS}/{{job_id:str}}/logs"): Ask(f"{JOBS}/{{job}}/logs", HIDDEN),
    ("GET", f"{JOBS}/{{job_id:str}}/logs/{{trigger_id:str}}"): Ask(f"{JOBS}/{{job}}/logs/{EMPTY}", HIDDEN),
}


@dataclass(frozen=True)
class House:
    """A server with one workspace that has something in it, and a key for every kind of caller."""

    client: httpx.AsyncClient
    keys: dict[str, str]
    others_keys: list[int]
    job: str
    task: str
    """The id of the first task in the Talend API."""
    week: str
    """The id of the plan that no schedule starts."""


def handlers() -> dict[tuple[str, str], HTTPRouteHandler]:
    """Every route that is not public, by method and path."""
    router = make_router(App(db=None, keyring=None), read_settings({}), lambda: True)  # type: ignore[arg-type]
    found = {}
    for route in router.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods - {"OPTIONS"}:
                if route.path not in PUBLIC:
                    found[str(method), route.path_format if "{" not in route.path else route.path] = handler
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(copies: Copies) -> AsyncIterator[House]:
    with copies.one() as url:
        async with opened_app(url, NOW) as app:
            world = World(app)
            callers = await _furnish(app, world)
            # So many routes refuse more often than one address may fail.
            settings = msgspec.structs.replace(read_settings({}), failed_attempts=1_000_000)
            asgi = make_asgi(app, settings, lambda: True)
            transport = httpx.ASGITransport(asgi, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://ostinato.test") as client:
                others = await world.fetch(
                    """SELECT credential.id FROM credential JOIN app_user ON app_user.id = credential.user_id
                        WHERE app_user.name = 'other admin'"""
                )
                number = await installation.number(app)
                plans = await world.fetch("SELECT id FROM plan ORDER BY name")
                job, week = [str(guids.make(number, guids.Kind.PLAN, plan["id"])) for plan in plans]
                task = object_ids.make(number, object_ids.Kind.TASK, 1)
                yield House(client, callers, [row["id"] for row in others], job, task, week)


async def _furnish(app: App, world: World) -> dict[str, str]:
    finance = await world.workspace("finance")
    await world.workspace("sales")
    await world.connection(finance, "warehouse")
    task = await world.task(finance, "Package", 1, "load", overlap="parallel")
    await world.task(finance, "Package", 2, "clean", overlap="parallel")
    night = await world.plan(finance, 7, "night", [task])
    await world.plan(finance, 8, "week", steps=[Step(name="nights", runs=(Ref(plan=night),))])
    await world.execute("UPDATE plan SET overlap = 'parallel'")
    await world.run(task, "SUCCEEDED", "2026-02-01T10:00:00", "2026-02-01T10:00:05", id=1)
    admin = await administrator(app, NOW)
    contributors = await world.key("contributor", finance="Contributor", sales="Contributor")
    actor = await _actor(app, contributors)
    for version in ("v1", "v2", "v3"):
        with artifacts.receiving(app) as incoming:
            incoming.write(zips.python(name="cleaner", version=version))
            wish = artifacts.Wish(workspace="finance", environment="Production")
            await artifacts.publish(app, admin, incoming, wish, NOW)
    await world.execute("INSERT INTO task_artifact SELECT $1, 1, id FROM artifact_version WHERE version = 'v1'", task)
    await world.execute(
        """INSERT INTO resource (workspace_id, name, is_file, digest, size, created_at, changed_at)
           VALUES ($1, 'customers', true, sha256(''), 0, now(), now())""",
        finance,
    )
    await world.execute("INSERT INTO task_resource VALUES ($1, 'file', 1)", task)
    await people.create_user(app, admin, "somebody", NOW)
    callers = {
        "nobody": "",
        "unknown": "txk_" + "a" * 32,
        "deleted": await world.key("a deleted one"),
        "deactivated": await world.key("a deactivated one", finance="Administrator"),
        "expired": await world.key("an expired one", finance="Administrator"),
        "stranger": await world.key("stranger"),
        "viewer": await world.key("viewer", finance="Viewer"),
        "contributor": contributors,
        "boss": await world.key("boss", finance="Administrator"),
        "reader": (await keys.create(app, actor, None, keys.Wish(description="r", scopes=["VIEW"]), NOW)).secret,
        "elsewhere": (
            await keys.create(app, actor, None, keys.Wish(description="e", workspaces=["sales"]), NOW)
        ).secret,
        "admin": await new_key(app, "admin", NOW),
    }
    for group in ("people", "leaving"):
        await groups.create_group(app, admin, group, groups.GroupChange(), NOW)
    about = projects.About(owner="admin", url=PROJECT["url"])
    await projects.create(app, admin, "Nightly", about, NOW)
    await promotions.create(app, admin, 1, 2, None, NOW)
    await world.key("other admin")
    await world.key("other admin")
    owned = "user_id = (SELECT id FROM app_user WHERE name = $1)"
    await world.execute(f"UPDATE credential SET deleted_at = now() WHERE {owned}", "a deleted one")
    await world.execute(f"UPDATE credential SET expires_at = now() - interval '1 s' WHERE {owned}", "an expired one")
    await world.execute("UPDATE app_user SET active = false WHERE name = 'a deactivated one'")
    await world.execute(
        """INSERT INTO webhook (workspace_key, url, shown_url, secret, events, since, created_at, created_by,
                                changed_at)
           SELECT key, '', 'https://h.example/clean', '', '{run.failed}', now(), now(), app_user.id, now()
             FROM unnest(ARRAY['finance', NULL]) AS key, app_user
            WHERE app_user.name = 'admin'"""
    )
    await world.execute(
        """INSERT INTO webhook_delivery (webhook_id, message, event, body, state, created_at, ended_at)
           VALUES (1, 'msg_1', 'ping', '{}', 'failed', now(), now())"""
    )
    await world.execute(
        """INSERT INTO schedule (environment_id, task_id, plan_id, owner_id, created_at, changed_at)
           SELECT environment_id, NULL, id, 1, now(), now() FROM plan WHERE name = 'night'
            UNION ALL
           SELECT environment_id, id, NULL, 1, now(), now() FROM task WHERE name = 'clean'"""
    )
    for number, name in enumerate(("night", "clean"), 1):
        await world.execute(
            """INSERT INTO webhook_trigger (environment_id, task_id, plan_id, name, active, token, token_digest, calls,
                                            window_ms, per_minute, owner_id, created_at, changed_at)
               SELECT environment_id, task, plan, 'calls', true, $1, $2, 1, 1, 1, 1, now(), now()
                 FROM (SELECT environment_id, id AS task, NULL::bigint AS plan, name FROM task
                        UNION ALL
                       SELECT environment_id, NULL, id, name FROM plan) AS runnable
                WHERE name = $3""",
            app.keyring.encrypt("osh_1", "webhook trigger", number, "token"),
            bytes([number]),
            name,
        )
    await world.execute(
        """INSERT INTO webhook_window (trigger_id, opened_at, due_at, calls, size, closed)
           VALUES (1, now(), now(), 1, 1, true)"""
    )
    await world.execute(
        """INSERT INTO webhook_call (trigger_id, window_id, received_at, type, data)
           VALUES (1, 1, now(), 'text/plain', '')"""
    )
    await world.execute(
        """INSERT INTO data_trigger (environment_id, task_id, plan_id, condition, active, owner_id, created_at,
                                     changed_at)
           SELECT environment_id, NULL, id, 'all', true, 1, now(), now() FROM plan WHERE name = 'night'
            UNION ALL
           SELECT environment_id, id, NULL, 'any', true, 1, now(), now() FROM task WHERE name = 'clean'"""
    )
    await world.execute(
        """INSERT INTO data_trigger_source (trigger_id, task_id, plan_id, position)
           SELECT 1, id, NULL, 1 FROM task WHERE name = 'clean'
            UNION ALL
           SELECT 2, NULL, id, 1 FROM plan WHERE name = 'week'"""
    )
    await world.execute(
        """INSERT INTO holiday_list (environment_id, name, days, changed_at)
           SELECT id, 'gone', '[]', now() FROM environment WHERE name = 'Production'"""
    )
    await world.execute(
        """INSERT INTO backfill (plan_id, begin_at, end_at, triggers, newest_first, concurrency, parameters,
                                 stop_on_failure, owner_id, created_at, due_at, total)
           SELECT id, now() - interval '1 day', now(), '[]', false, 1, '{}', false, 1, now(), now(), 1
             FROM plan WHERE name = 'night'"""
    )
    await world.execute("INSERT INTO number_series VALUES ('task:Package', 100), ('plan', 100)")
    return callers


async def _actor(app: App, key: str) -> Any:

    return await access.authenticate(app, key)


async def test_every_route_is_in_the_table_and_names_what_it_needs() -> None:
    found = handlers()
    assert set(ASKS) == set(found)
    assert {name: handler.opt.get("needs") for name, handler in found.items() if not _is_known(handler)} == {}


def _is_known(handler: HTTPRouteHandler) -> bool:
    needed = handler.opt.get("needs")
    return needed == ANYBODY or isinstance(needed, Permission | Tenant)


@pytest.mark.parametrize("route", sorted(ASKS), ids=" ".join)
async def test_every_caller_gets_what_is_theirs(
    house: House, route: tuple[str, str], subtests: pytest.Subtests
) -> None:
    asked = ASKS[route]
    for caller in CALLERS:
        with subtests.test(caller=caller):
            other, another = house.others_keys
            path = asked.path.format(
                other_key=other, another_key=another, job=house.job, task=house.task, week=house.week
            )
            headers = {"X-API-Key": house.keys[caller]} if house.keys[caller] else {}
            more: dict[str, Any] = {"json": asked.body} if asked.body is not None else {}
            if asked.form is not None:
                more = {
                    "data": {name: text.replace("{caller}", caller) for name, text in asked.form.items()},
                    "files": {"file": zips.python()},
                }
            answer = await house.client.request(route[0], path, headers=headers, **more)
            wanted = 401 if caller in REFUSED_KEYS else asked.refused.get(caller)
            if wanted is not None:
                assert answer.status_code == wanted, answer.text
                _hides_what_is_hidden(answer, caller)
            else:
                assert answer.status_code < 500, answer.text
                assert answer.status_code not in (401, 403, 404), answer.text
                if asked.empty:
                    assert _is_empty(answer.json()) == (caller in asked.empty), answer.text


def _hides_what_is_hidden(answer: httpx.Response, caller: str) -> None:
    """Whoever may not see a workspace learns nothing of what is in it."""
    if caller in ("stranger", *REFUSED_KEYS):
        assert not re.search(r"clean|night|Finance", answer.text), answer.text


def _is_empty(body: Any) -> bool:
    return not (body["items"] if isinstance(body, dict) else body)
