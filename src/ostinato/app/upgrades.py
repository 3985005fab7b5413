"""Tasks move on to another version of the artifact they are made from: by themselves when one is published, or when
somebody wants it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ostinato.app import audit
from ostinato.core.access import Actor
from ostinato.core.artifacts import LATEST, declared
from ostinato.core.errors import Invalid
from ostinato.core.ids import ArtifactId, TaskId, WorkspaceId
from ostinato.core.upgrades import besides, carry
from ostinato.store import definitions, single_tasks
from ostinato.store.audit import Entry
from ostinato.store.db import Raced, Tx
from ostinato.store.single_tasks import Follower, Moved, PublishedVersion


async def prepare(tx: Tx, workspace: WorkspaceId, artifact: str) -> bool:
    """Before anything of an artifact is locked: wait for whoever changes definitions, if tasks follow it."""
    follow = await single_tasks.has_followers(tx, workspace, artifact)
    if follow:
        await definitions.lock(tx)
    return follow


async def follow(
    tx: Tx, actor: Actor, artifact: ArtifactId, to: PublishedVersion, now: datetime, *, prepared: bool
) -> None:
    """Let the tasks that want it take a version that was just published; those that cannot stay where they are, and it
    is recorded why. Raises Raced if one has come since it was prepared for."""
    followers = await single_tasks.followers(tx, artifact)
    if followers and not prepared:
        raise Raced
    await upgrade(tx, actor, followers, to, now)


async def upgrade(
    tx: Tx, actor: Actor, tasks: Sequence[Follower], to: PublishedVersion, now: datetime
) -> dict[TaskId, Invalid]:
    """Move these tasks on, and record it; those that cannot, with the reason. Definitions have been locked."""
    moved: list[Moved] = []
    refused: dict[TaskId, Invalid] = {}
    for task in tasks:
        try:
            moved.append(_moved(task, to))
        except Invalid as reason:
            refused[task.id] = reason
    if moved:
        done = await single_tasks.upgrade(tx, moved, to.id, now)
        assert len(done) == len(moved), "nobody else changes definitions"
    await audit.record(tx, actor, now, *(_entry(task, to.version, refused.get(task.id)) for task in tasks))
    return refused


def _moved(task: Follower, to: PublishedVersion) -> Moved:
    """Raises Invalid."""
    reset = bool(task.config.get("reset_parameters"))
    return Moved(
        id=task.id,
        version=task.version,
        config={**task.config, "version": to.version},
        parameters=carry(
            besides(declared(to.parameters), task.config.get("resources") or ()), task.parameters, reset=reset
        ),
    )


def _entry(task: Follower, to: str, refused: Invalid | None) -> Entry:
    before = task.config.get("version", LATEST)
    after: dict[str, Any] = {"version": to} if refused is None else {"version": before, "refused": to}
    if refused is not None:
        after["because"] = str(refused)
    return Entry(
        action="upgrade",
        kind="task",
        target=task.name,
        environment=task.environment,
        workspace=task.workspace,
        before={"version": before},
        after=after,
    )
