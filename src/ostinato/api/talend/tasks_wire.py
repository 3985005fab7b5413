"""Tasks as Talend clients send and read them."""

from typing import Annotated, TypeAlias

import msgspec

from ostinato.api.talend import wire
from ostinato.api.talend.parameters import LARGEST_OFFSET
from ostinato.api.talend.run_config_wire import PauseDetails, Runtime, RuntimeType
from ostinato.core.parameters import MOST_PARAMETERS

Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=200, pattern="^[^\x00]*$")]
Tags: TypeAlias = Annotated[tuple[Text, ...], msgspec.Meta(max_length=100)]
Value: TypeAlias = str | int | float | bool | None
"""Of a parameter; none of it is none."""
SentIds: TypeAlias = Annotated[dict[str, wire.Sent], msgspec.Meta(max_length=MOST_PARAMETERS)]
Values: TypeAlias = Annotated[dict[str, Value], msgspec.Meta(max_length=MOST_PARAMETERS)]


class ArtifactRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which artifact, and which version of it."""

    id: wire.Sent
    version: wire.Sent


class AutoUpgradeInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whether the task takes each version of its artifact that is published from now on, and its defaults."""

    auto_upgradable: bool = False
    override_with_default_parameters: bool = False


class TaskV21CreateRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    workspace_id: wire.Sent
    environment_id: wire.Sent
    name: wire.Name
    description: wire.Words | None = None
    tags: Tags | None = None
    connections: Annotated[SentIds | None, msgspec.Meta(description="Ids by the names of applications.")] = None
    parameters: Annotated[
        Values | None, msgspec.Meta(description="Values by names; before a name may stand `parameter_`.")
    ] = None
    resources: Annotated[SentIds | None, msgspec.Meta(description="Ids by the names of parameters.")] = None
    artifact: ArtifactRequest
    auto_upgrade_info: AutoUpgradeInfo | None = None


class TaskAutoUpgradeRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """All of a task: what is left out is removed."""

    workspace_id: wire.Sent
    name: wire.Name
    description: wire.Words
    tags: Tags | None = None
    connections: Annotated[SentIds | None, msgspec.Meta(description="Ids by the names of applications.")] = None
    parameters: Annotated[
        Values | None, msgspec.Meta(description="Values by names; before a name may stand `parameter_`.")
    ] = None
    resources: Annotated[SentIds | None, msgspec.Meta(description="Ids by the names of parameters.")] = None
    artifact: ArtifactRequest
    auto_upgrade_info: AutoUpgradeInfo | None = None


class TaskUpdateRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    latest_artifact: Annotated[bool | None, msgspec.Meta(description="Take the newest version of the artifact.")] = None
    force_update: Annotated[bool | None, msgspec.Meta(description="Also if autoUpgradable is false.")] = None


class TaskFiltersRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    name: Text | None = None
    environment_id: wire.Sent | None = None
    workspace_id: wire.Sent | None = None
    limit: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    offset: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_OFFSET)] | None = None
    artifact_id: wire.Sent | None = None
    runtime_type: RuntimeType | None = None
    runtime_id: wire.Sent | None = None
    runtime_run_profile_id: wire.Sent | None = None
    tags: Annotated[Tags | None, msgspec.Meta(description="All of them must be there.")] = None
    trigger_type: Text | None = None


class ListedEnvironment(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: str
    name: str
    description: str | None = None
    default: bool


class ListedWorkspace(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: str
    name: str
    description: str | None = None
    owner: str | None = None
    type: str
    environment: ListedEnvironment


class TaskExtract(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A task in a list."""

    executable: Annotated[str, msgspec.Meta(description="The id of the task.")]
    name: str
    workspace: ListedWorkspace
    artifact_id: str
    runtime: Runtime
    task_pause_details: PauseDetails


class PageTask(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    items: list[TaskExtract]
    limit: int
    offset: int
    total: int


class BaseArtifactVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    name: str
    version: str


class TaskV21(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A task."""

    id: str
    name: str
    description: str | None = None
    workspace: wire.WorkspaceInfo
    version: Annotated[str, msgspec.Meta(description="Of the task, not of its artifact.")]
    artifact: BaseArtifactVersion
    tags: tuple[str, ...] = ()
    connections: dict[str, str] = {}
    parameters: dict[str, str] = {}
    resources: dict[str, str] = {}
    auto_upgrade_info: AutoUpgradeInfo
    task_pause_details: PauseDetails
