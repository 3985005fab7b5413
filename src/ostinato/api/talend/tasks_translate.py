"""Between our tasks and those of the Talend API."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias, get_args

import msgspec

from ostinato.api.talend import pauses
from ostinato.api.talend import tasks_wire as wire
from ostinato.api.talend.ids import Ids
from ostinato.api.talend.run_config_wire import CLOUD, TriggerType
from ostinato.api.talend.run_triggers import KINDS
from ostinato.api.talend.translate import workspace
from ostinato.app import single_tasks, task_definitions
from ostinato.app.single_tasks import About
from ostinato.core import object_ids
from ostinato.core.errors import Invalid, NotFound, Problem
from ostinato.core.ids import ArtifactId, EnvironmentId, WorkspaceId
from ostinato.core.object_ids import Kind
from ostinato.store.single_tasks import DescribedTask, Found, ListedTask, Wanted
from ostinato.store.workspaces import DescribedWorkspace, Page

NOTHING = Found(total=0, items=[])
ONE_VERSION = "1.0"
"""Of the types that tasks show as their artifact which are made from none."""
Defined: TypeAlias = wire.TaskV21CreateRequest | wire.TaskAutoUpgradeRequest
THEIR_NAMES = (
    ("config.artifact", "artifact.id"),
    ("config.workspace", "artifact.id"),
    ("config.version", "artifact.version"),
    ("config.auto_upgrade", "autoUpgradeInfo.autoUpgradable"),
    ("config.connections", "connections"),
    ("config.connection", "connections"),
    ("config.resources", "resources"),
    ("workspace", "workspaceId"),
    ("environment", "environmentId"),
)
"""Where the fields of our definitions are in theirs; the others are called the same."""


@contextmanager
def by_their_names() -> Iterator[None]:
    """Problems name the fields of the client."""
    try:
        yield
    except Invalid as refusal:
        raise Invalid(*(msgspec.structs.replace(one, path=_theirs(one.path)) for one in refusal.problems)) from refusal


def wanted(filters: wire.TaskFiltersRequest, ids: Ids, *, lenient: bool) -> Wanted | None:
    """None: nothing can fit. Raises Invalid, and, unless it is `lenient`, NotFound for ids that lead nowhere."""
    if filters.runtime_run_profile_id and filters.runtime_type is None:
        message = "it cannot be used without runtimeType: send both"
        raise Invalid(Problem(path="runtimeRunProfileId", message=message))
    trigger = (filters.trigger_type or "").upper()
    if trigger and trigger not in get_args(TriggerType):
        message = "it is no type of a trigger"
        raise Invalid(Problem(path="triggerType", message=message, allowed=get_args(TriggerType)))
    try:
        found = _wanted(filters, ids)
    except NotFound:
        if lenient:
            return None
        raise
    elsewhere = filters.runtime_id or filters.runtime_run_profile_id or filters.runtime_type not in (None, CLOUD.type)
    return None if elsewhere else msgspec.structs.replace(found, scheduled=KINDS[trigger] if trigger else None)


def about(sent: Defined, ids: Ids) -> About:
    """What a client says of a task. Raises Invalid."""
    number, of_type = _artifact(sent.artifact.id, ids, "artifact.id")
    upgrades = sent.auto_upgrade_info or wire.AutoUpgradeInfo()
    return About(
        name=sent.name,
        description=sent.description or None,
        tags=sent.tags or (),
        artifact=number,
        of_type=of_type,
        version=sent.artifact.version,
        connections=_numbers(sent.connections or {}, ids, Kind.CONNECTION, "connections"),
        parameters=sent.parameters or {},
        resources=_numbers(sent.resources or {}, ids, Kind.RESOURCE, "resources"),
        auto_upgrade=upgrades.auto_upgradable,
        reset_parameters=upgrades.override_with_default_parameters,
    )


def page(found: Found, asked: Page, ids: Ids) -> wire.PageTask:
    items = [_extract(one, ids) for one in found.items]
    return wire.PageTask(items=items, limit=asked.limit, offset=asked.offset, total=found.total)


def task(one: DescribedTask, ids: Ids) -> wire.TaskV21:
    connections, resources = task_definitions.connections(one), task_definitions.resources(one)
    return wire.TaskV21(
        id=ids.of(Kind.TASK, one.id),
        name=one.name,
        description=one.description,
        workspace=workspace(one.workspace, ids),
        version=f"{one.version}.0",
        artifact=_shown_artifact(one, ids),
        tags=one.tags,
        connections={name: ids.of(Kind.CONNECTION, number) for name, number in connections.items()},
        parameters=task_definitions.values(one),
        resources={name: ids.of(Kind.RESOURCE, number) for name, number in resources.items()},
        auto_upgrade_info=wire.AutoUpgradeInfo(
            auto_upgradable=task_definitions.takes_versions(one),
            override_with_default_parameters=one.artifact is not None and bool(one.config.get("reset_parameters")),
        ),
        task_pause_details=pauses.shown(one.pause),
    )


def _theirs(path: str) -> str:
    for ours, theirs in THEIR_NAMES:
        if path == ours or path.startswith(f"{ours}."):
            return theirs + path.removeprefix(ours)
    if path.startswith("parameters."):
        return path.removesuffix(".default").removesuffix(".type")
    return path.removeprefix("config.").removeprefix("config")


def _wanted(filters: wire.TaskFiltersRequest, ids: Ids) -> Wanted:
    artifact, of_type = None, None
    if filters.artifact_id:
        artifact, of_type = _artifact(filters.artifact_id, ids)
    environment, workspace_id = filters.environment_id, filters.workspace_id
    return Wanted(
        environment=EnvironmentId(ids.number(Kind.ENVIRONMENT, environment)) if environment else None,
        workspace=WorkspaceId(ids.number(Kind.WORKSPACE, workspace_id)) if workspace_id else None,
        name=filters.name or None,
        artifact=artifact,
        type=of_type,
        tags=filters.tags or None,
    )


def _artifact(sent: str, ids: Ids, field: str = "") -> tuple[ArtifactId | None, str | None]:
    """The number of an artifact, or the type of tasks that it stands for."""
    for name in single_tasks.type_names():
        if sent.lower() == ids.of(Kind.TYPE, number_of_type(name)):
            return None, name
    return ArtifactId(ids.number(Kind.ARTIFACT, sent, field)), None


def number_of_type(name: str) -> int:
    """The same on every machine."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "big") >> 1


def _numbers(sent: Mapping[str, str], ids: Ids, kind: object_ids.Kind, field: str) -> dict[str, int]:
    return {name: ids.number(kind, one, f"{field}.{name}") for name, one in sent.items()}


def _shown_artifact(one: DescribedTask, ids: Ids) -> wire.BaseArtifactVersion:
    if one.artifact is None:
        number = ids.of(Kind.TYPE, number_of_type(one.type))
        return wire.BaseArtifactVersion(id=number, name=one.type, version=ONE_VERSION)
    made_from = one.artifact
    return wire.BaseArtifactVersion(
        id=ids.of(Kind.ARTIFACT, made_from.id), name=made_from.name, version=made_from.version
    )


def _extract(one: ListedTask, ids: Ids) -> wire.TaskExtract:
    kind, number = (Kind.TYPE, number_of_type(one.type)) if one.artifact is None else (Kind.ARTIFACT, int(one.artifact))
    return wire.TaskExtract(
        executable=ids.of(Kind.TASK, one.id),
        name=one.name,
        workspace=_listed_workspace(one.workspace, ids),
        artifact_id=ids.of(kind, number),
        runtime=CLOUD,
        task_pause_details=pauses.shown(one.pause),
    )


def _listed_workspace(one: DescribedWorkspace, ids: Ids) -> wire.ListedWorkspace:
    about_it = workspace(one, ids)
    home = about_it.environment
    return wire.ListedWorkspace(
        id=about_it.id,
        name=about_it.name,
        description=about_it.description,
        owner=about_it.owner,
        type=about_it.type,
        environment=wire.ListedEnvironment(
            id=home.id, name=home.name, description=home.description, default=home.default
        ),
    )
