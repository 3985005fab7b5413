"""Between the core's words and those of the Talend API."""

from datetime import UTC, datetime

from ostinato.api.talend import wire
from ostinato.api.talend.ids import Ids
from ostinato.core.object_ids import Kind
from ostinato.store.environments import DescribedEnvironment
from ostinato.store.workspaces import DescribedWorkspace


def environment(one: DescribedEnvironment, ids: Ids) -> wire.EnvironmentInfo:
    return wire.EnvironmentInfo(
        id=ids.of(Kind.ENVIRONMENT, one.id),
        name=one.name,
        description=one.description,
        max_cloud_containers=one.max_cloud_engines,
        default=one.is_default,
    )


def workspace(one: DescribedWorkspace, ids: Ids) -> wire.WorkspaceInfo:
    return wire.WorkspaceInfo(
        id=ids.of(Kind.WORKSPACE, one.id),
        name=one.name,
        description=one.description,
        owner=one.owner,
        type=one.kind,
        environment=environment(one.environment, ids),
        protected_upgrade=one.protected,
        protected_artifact_update=one.protected,
    )


def time(at: datetime) -> str:
    """As the API writes moments: `2022-10-20T14:20:28.582Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
