"""Artifacts: published, listed, fetched and deleted.

Content is taken out of the object store under a lock of its digest, in the transaction that decides whether a version
has it; a publication makes sure under the same lock that its content is there. So content is there for as long as a
version says so. What is left of a publication that was cut off is removed by `sweep`.
"""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog

from ostinato.app import artifact_reading, audit, objects, places, upgrades
from ostinato.app.application import App
from ostinato.core.access import Actor, Permission
from ostinato.core.artifacts import Described, Version
from ostinato.core.definition_values import convert
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, OstinatoError, Problem
from ostinato.core.ids import ArtifactVersionId
from ostinato.core.names import Name
from ostinato.store import artifacts, definitions
from ostinato.store.artifacts import (
    Artifact,
    ArtifactPage,
    Chosen,
    DescribedArtifact,
    DescribedVersion,
    Held,
    HeldVersion,
    Target,
    Wanted,
)
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.objects import Incoming
from ostinato.store.single_tasks import PublishedVersion

log = structlog.get_logger()


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be published where; a name and a version go before those in the zip."""

    workspace: str
    environment: str
    name: str | None = None
    version: str | None = None


async def list_artifacts(app: App, actor: Actor, wanted: Wanted) -> list[Artifact]:
    async with app.db.reading() as tx:
        return await artifacts.list_artifacts(tx, actor.subject, wanted)


async def page(app: App, actor: Actor, chosen: Chosen) -> ArtifactPage:
    """Raises NotFound for an environment or a workspace that the actor may not see."""
    async with app.db.reading() as tx:
        found = await artifacts.page(tx, actor.subject, chosen)
        if found.total == 0:
            await places.require_visible(tx, actor, chosen.environment, chosen.workspace)
        return found


async def describe(app: App, actor: Actor, artifact: int) -> DescribedArtifact:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        found = await artifacts.page(tx, actor.subject, Chosen(id=artifact))
    if not found.items:
        raise NotFound("Artifact", artifact)
    return found.items[0]


async def describe_version(app: App, actor: Actor, artifact: int, version: str) -> DescribedVersion:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        found = await artifacts.described_version(tx, actor.subject, artifact, version)
    if found is None:
        raise NotFound("Version", version)
    return found


async def get(app: App, actor: Actor, artifact: int) -> tuple[Artifact, list[artifacts.Version]]:
    """An artifact and its versions, the newest first; raises NotFound."""
    async with app.db.transaction() as tx:
        found = await artifacts.list_artifacts(tx, actor.subject, Wanted(id=artifact))
        if not found:
            raise NotFound("Artifact", artifact)
        return found[0], await artifacts.versions(tx, actor.subject, artifact)


async def get_version(app: App, actor: Actor, artifact: int, version: str) -> artifacts.Version:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        found = await artifacts.versions(tx, actor.subject, artifact, version)
    if not found:
        raise NotFound("Version", version)
    return found[0]


async def content(app: App, actor: Actor, artifact: int, version: str) -> tuple[artifacts.Version, Path]:
    """A version and the file of its zip. Raises NotFound, Forbidden, Unavailable."""
    found = await get_version(app, actor, artifact, version)
    if not found.may_author:
        raise Forbidden("Fetching an artifact needs the permission AUTHOR in its workspace")
    return found, await objects.fetch(app, found.digest)


def receiving(app: App) -> AbstractContextManager[Incoming]:
    """A place for a zip that comes in."""
    return objects.store_of(app).incoming()


async def require_may_publish(app: App, actor: Actor, wish: Wish) -> None:
    """Asked before anything large is taken in. Raises Invalid, NotFound, Forbidden."""
    _check(wish)
    async with app.db.reading() as tx:
        await _target(tx, actor, wish)


async def publish(
    app: App, actor: Actor, incoming: Incoming, wish: Wish, now: datetime
) -> tuple[Artifact, artifacts.Version]:
    """A new version of an artifact, which is made if it is not there; tasks that follow the artifact take it.

    Raises Invalid, NotFound, Forbidden, Conflict.
    """
    await asyncio.to_thread(incoming.complete)
    described = await asyncio.to_thread(_read, incoming)
    named = _named(wish, described)
    new = artifacts.NewVersion(
        version=named.version or "",
        digest=incoming.digest,
        size=incoming.size,
        described=described,
        description=described.description,
    )

    async def work(tx: Tx) -> tuple[Artifact, artifacts.Version]:
        target = await _target(tx, actor, named)
        prepared = await upgrades.prepare(tx, target.workspace, named.name or "")
        await artifacts.lock_content(tx, new.digest)
        made = await artifacts.ensure(tx, target.workspace, named.name or "", described.type, now)
        if made.type != described.type:
            message = f"{named.name!r} is an artifact of type {made.type}, and this is {described.type}"
            raise Conflict(f"{message}: publish it under another name")
        added = await artifacts.add_version(tx, made.id, new, actor.user, now)
        if added is None:
            message = f"The artifact {named.name!r} has a version {new.version} already"
            raise Conflict(f"{message}: versions never change, publish it as another one")
        await asyncio.to_thread(objects.store_of(app).keep, incoming)  # again, if it was removed meanwhile
        after = {"version": new.version, "sha256": new.digest, "size": new.size, "type": described.type}
        await audit.record(tx, actor, now, _entry("publish", named.name or "", named, after=after))
        fresh = PublishedVersion(added, new.version, list(described.parameters))
        await upgrades.follow(tx, actor, made.id, fresh, now, prepared=prepared)
        [artifact] = await artifacts.list_artifacts(tx, actor.subject, Wanted(id=made.id))
        [version] = await artifacts.versions(tx, actor.subject, made.id, new.version)
        return artifact, version

    try:
        await objects.keep(app, incoming)  # before the transaction, which would have to wait for a store that is far
        return await app.db.run(work)
    except Exception:
        await drop_unused(app, [new.digest])
        raise


async def delete_version(app: App, actor: Actor, artifact: int, version: str, now: datetime) -> None:
    """Raises NotFound, Forbidden, and Conflict while something uses it."""

    async def work(tx: Tx) -> list[str]:
        held = await _hold(tx, actor, artifact)
        versions = await artifacts.hold_versions(tx, held.id)
        gone = next((one for one in versions if one.version == version), None)
        if gone is None:
            raise NotFound("Version", version)
        user = await artifacts.user_of(tx, held.id, gone.id if len(versions) > 1 else None)
        await _require_unused(tx, f"Version {version} of {held.name!r}", user, [gone.id])
        await artifacts.delete_versions(tx, [gone.id])
        before = {"version": version, "sha256": gone.digest}
        await audit.record(tx, actor, now, _entry("delete", held.name, held, before=before))
        return [gone.digest]

    await drop_unused(app, await app.db.run(work))


async def delete(app: App, actor: Actor, artifact: int, now: datetime) -> None:
    """With all versions. Raises NotFound, Forbidden, and Conflict while something uses it."""

    async def work(tx: Tx) -> list[str]:
        held = await _hold(tx, actor, artifact)
        versions: list[HeldVersion] = await artifacts.hold_versions(tx, held.id)
        ids = [one.id for one in versions]
        await _require_unused(tx, f"The artifact {held.name!r}", await artifacts.user_of(tx, held.id, None), ids)
        await artifacts.delete_versions(tx, ids)
        await artifacts.delete(tx, held.id)
        before = {"versions": [one.version for one in versions]}
        await audit.record(tx, actor, now, _entry("delete", held.name, held, before=before))
        return [one.digest for one in versions]

    await drop_unused(app, await app.db.run(work))


async def sweep(app: App, now: datetime) -> None:
    """Remove from the object store what no version has, and what was cut off on its way in."""
    store = objects.store_of(app)
    await asyncio.to_thread(store.sweep, now)
    there = await asyncio.to_thread(store.digests)
    async with app.db.reading() as tx:
        unused = await artifacts.unused(tx, there)
    await drop_unused(app, unused)


async def forget_runs(app: App) -> None:
    """Forget which versions runs began with that have ended."""
    async with app.db.transaction() as tx:
        await artifacts.forget_runs(tx)


def _read(incoming: Incoming) -> Described:
    with incoming.path.open("rb") as file:
        return artifact_reading.read(file)


def _check(wish: Wish) -> None:
    problems: list[Problem] = []
    for field, kind in (("name", Name), ("version", Version)):
        value = getattr(wish, field)
        if value is not None:
            problems += [
                msgspec.structs.replace(problem, path=field) for problem in convert(value, kind, _plain_problem)[2]
            ]
    if problems:
        raise Invalid(*problems)


def _plain_problem(path: object, message: str, allowed: Iterable[str] = (), *, at_key: bool = False) -> Problem:
    return Problem(message=message, allowed=tuple(allowed))


def _named(wish: Wish, described: Described) -> Wish:
    """The wish with the name and version of the zip where it has none of its own."""
    named = msgspec.structs.replace(wish, name=wish.name or described.name, version=wish.version or described.version)
    problems = [
        Problem(path=field, message=f"give a {field}: the zip says none")
        for field in ("name", "version")
        if getattr(named, field) is None
    ]
    if problems:
        raise Invalid(*problems)
    _check(named)
    return named


async def _target(tx: Tx, actor: Actor, wish: Wish) -> Target:
    target = await artifacts.may_publish(tx, actor.subject, wish.workspace, wish.environment)
    if target is None:
        raise NotFound("Workspace", wish.workspace)
    if not target.allowed:
        raise Forbidden(f"Publishing needs the permission {Permission.PUBLISH} in workspace {wish.workspace!r}")
    return target


async def _hold(tx: Tx, actor: Actor, artifact: int) -> Held:
    """Nothing begins or stops using it until the end of the transaction."""
    await definitions.lock(tx)
    held = await artifacts.hold(tx, actor.subject, artifact)
    if held is None:
        raise NotFound("Artifact", artifact)
    if not held.allowed:
        raise Forbidden(f"Deleting {held.name!r} needs the permission {Permission.PUBLISH} in its workspace")
    return held


async def _require_unused(tx: Tx, what: str, task: str | None, versions: list[ArtifactVersionId]) -> None:
    if task is not None:
        raise Conflict(f"{what} is used by the task {task!r}: let it use another one first")
    run = await artifacts.run_with(tx, versions)
    if run is not None:
        raise Conflict(f"{what} is used by run {run}, which has not ended: wait for it, or cancel it")


async def drop_unused(app: App, digests: Iterable[str]) -> None:
    """Take out of the object store what no version has; what cannot be done now is done by a later sweep."""
    store = objects.store_of(app)
    for digest in set(digests):
        try:
            async with app.db.transaction() as tx:
                await artifacts.lock_content(tx, digest)
                if not await artifacts.is_used(tx, digest):
                    await asyncio.to_thread(store.remove, digest)
        except (OstinatoError, OSError) as error:
            log.warning("object.left", digest=digest, error=str(error))


def _entry(action: str, name: str, where: Wish | Held, **more: dict[str, Any]) -> Entry:
    return Entry(
        action=action, kind="artifact", target=name, environment=where.environment, workspace=where.workspace, **more
    )
