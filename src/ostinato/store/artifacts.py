"""Statements about artifacts, their versions, and what uses them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.core.artifacts import ArtifactParameter, Described, Entry
from ostinato.core.ids import ArtifactId, ArtifactVersionId, RunId, SubjectId, TaskId, UserId, WorkspaceId
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.workspaces import DescribedWorkspace


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which artifacts; None: any."""

    workspace: str | None = None
    environment: str | None = None
    name: str | None = None
    id: int | None = None
    limit: int = 1
    offset: int = 0


class Artifact(msgspec.Struct, frozen=True):
    id: ArtifactId
    name: str
    type: str
    workspace: str
    environment: str
    created_at: datetime
    versions: list[str]
    """The newest first."""


class Version(msgspec.Struct, frozen=True):
    version: str
    digest: str
    size: int
    entry: Entry
    parameters: list[ArtifactParameter]
    description: str | None
    published_by: str
    published_at: datetime
    may_author: bool


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which artifacts are described; None: any. `name` is a part of it, in any case."""

    id: int | None = None
    environment: int | None = None
    workspace: int | None = None
    name: str | None = None
    types: Sequence[str] | None = None
    limit: int = 1
    offset: int = 0


class DescribedArtifact(msgspec.Struct, frozen=True, kw_only=True):
    id: ArtifactId
    name: str
    type: str
    versions: list[str]
    """The newest first."""
    workspace: DescribedWorkspace


class DescribedVersion(msgspec.Struct, frozen=True, kw_only=True):
    id: ArtifactId
    name: str
    type: str
    version: str
    parameters: list[ArtifactParameter]
    description: str | None
    publisher: str
    publisher_kind: str
    published_at: datetime
    workspace: DescribedWorkspace


class ArtifactPage(msgspec.Struct, frozen=True):
    """`total` counts what there is beside this page as well."""

    total: int
    items: list[DescribedArtifact]


class Target(msgspec.Struct, frozen=True):
    """A workspace somebody may see, and whether they may publish there."""

    workspace: WorkspaceId
    allowed: bool


class Held(msgspec.Struct, frozen=True):
    """An artifact that nobody else changes until the end of the transaction."""

    id: ArtifactId
    name: str
    type: str
    workspace: str
    environment: str
    allowed: bool
    """Whether somebody may publish and delete there."""


class HeldVersion(msgspec.Struct, frozen=True):
    id: ArtifactVersionId
    version: str
    digest: str


class Ensured(msgspec.Struct, frozen=True):
    id: ArtifactId
    type: str


class NewVersion(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    digest: str
    size: int
    described: Described
    description: str | None


class KnownVersion(msgspec.Struct, frozen=True):
    """A version that tasks may name, and the artifact it is of."""

    workspace: WorkspaceId
    id: ArtifactId
    name: str
    type: str
    version_id: ArtifactVersionId
    version: str
    parameters: list[ArtifactParameter]


class Use(msgspec.Struct, frozen=True, kw_only=True):
    task: TaskId
    artifact: ArtifactId
    version: ArtifactVersionId | None


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """A run that starts, and what its task names; no key: in its own workspace, no version: the newest."""

    run: RunId
    workspace: WorkspaceId
    key: str | None
    name: str
    version: str | None


class Pinned(msgspec.Struct, frozen=True):
    run: RunId
    name: str
    version: str
    digest: str
    entry: Entry
    parameters: list[ArtifactParameter]


async def list_artifacts(tx: Tx, viewer: SubjectId, wanted: Wanted) -> list[Artifact]:
    w = wanted
    filters = (w.workspace, w.environment, w.name, w.id)
    return await fetch(tx, "artifacts/list", Artifact, viewer, *filters, w.limit, w.offset)


async def versions(tx: Tx, viewer: SubjectId, artifact: int, version: str | None = None) -> list[Version]:
    return await fetch(tx, "artifacts/versions", Version, viewer, artifact, version)


async def page(tx: Tx, viewer: SubjectId, chosen: Chosen) -> ArtifactPage:
    c = chosen
    filters = (c.id, c.environment, c.workspace, c.name, c.types)
    found = await fetch_one(tx, "artifacts/page", ArtifactPage, viewer, *filters, c.limit, c.offset)
    assert found is not None, "one row, whatever there is"
    return found


async def described_version(tx: Tx, viewer: SubjectId, artifact: int, version: str) -> DescribedVersion | None:
    return await fetch_one(tx, "artifacts/described_version", DescribedVersion, viewer, artifact, version)


async def may_publish(tx: Tx, viewer: SubjectId, workspace: str, environment: str) -> Target | None:
    return await fetch_one(tx, "artifacts/may_publish", Target, viewer, workspace, environment)


async def hold(tx: Tx, viewer: SubjectId, artifact: int) -> Held | None:
    return await fetch_one(tx, "artifacts/hold", Held, viewer, artifact)


async def ensure(tx: Tx, workspace: WorkspaceId, name: str, type: str, now: datetime) -> Ensured:
    made = await fetch_one(tx, "artifacts/ensure", Ensured, workspace, name, type, now)
    assert made is not None, "it is there or made"
    return made


async def add_version(
    tx: Tx, artifact: ArtifactId, new: NewVersion, publisher: UserId, now: datetime
) -> ArtifactVersionId | None:
    """None if there is one of this name."""
    described = msgspec.to_builtins(new.described)
    made: ArtifactVersionId | None = await fetch_value(
        tx,
        "artifacts/add_version",
        artifact,
        new.version,
        new.digest,
        new.size,
        described["entry"],
        described["parameters"],
        new.description,
        publisher,
        now,
    )
    return made


async def hold_versions(tx: Tx, artifact: ArtifactId) -> list[HeldVersion]:
    return await fetch(tx, "artifacts/hold_versions", HeldVersion, artifact)


async def user_of(tx: Tx, artifact: ArtifactId, version: ArtifactVersionId | None) -> str | None:
    """The name of a task that uses it."""
    found: str | None = await fetch_value(tx, "artifacts/users_of", artifact, version)
    return found


async def run_with(tx: Tx, versions: Sequence[ArtifactVersionId]) -> RunId | None:
    found: RunId | None = await fetch_value(tx, "artifacts/run_with", versions)
    return found


async def delete_versions(tx: Tx, versions: Sequence[ArtifactVersionId]) -> None:
    await execute(tx, "artifacts/delete_versions", versions)


async def delete(tx: Tx, artifact: ArtifactId) -> None:
    await execute(tx, "artifacts/delete", artifact)


async def lock_content(tx: Tx, digest: str) -> None:
    await execute(tx, "artifacts/lock_content", digest)


async def is_used(tx: Tx, digest: str) -> bool:
    return bool(await fetch_value(tx, "artifacts/is_used", digest))


async def unused(tx: Tx, digests: Sequence[str]) -> list[str]:
    return [row["digest"] for row in await fetch(tx, "artifacts/unused", dict, digests)]


async def known(tx: Tx, wanted: Sequence[tuple[WorkspaceId, str]], versions: Sequence[str]) -> list[KnownVersion]:
    """Of each artifact the newest version first, then those of `versions`."""
    return await fetch(
        tx, "artifacts/known", KnownVersion, [w for w, _ in wanted], [name for _, name in wanted], versions
    )


async def names(tx: Tx, workspace: WorkspaceId, most: int) -> list[str]:
    return [row["name"] for row in await fetch(tx, "artifacts/names", dict, workspace, most)]


async def set_uses(tx: Tx, tasks: Sequence[TaskId], uses: Sequence[Use]) -> None:
    """What these tasks use from now on."""
    await execute(tx, "artifacts/forget_uses", tasks)
    if uses:
        rows = ([u.task for u in uses], [u.artifact for u in uses], [u.version for u in uses])
        await execute(tx, "artifacts/keep_uses", *rows)


async def pin(tx: Tx, pins: Sequence[Pin]) -> list[Pinned]:
    """The versions of runs that start; those of which there is none are missing."""
    runs = [p.run for p in pins]
    rows = ([p.workspace for p in pins], [p.key for p in pins], [p.name for p in pins], [p.version for p in pins])
    await execute(tx, "artifacts/pin", runs, *rows)
    return await fetch(tx, "artifacts/for_launch", Pinned, runs)


async def forget_runs(tx: Tx) -> None:
    await execute(tx, "artifacts/forget_runs")
