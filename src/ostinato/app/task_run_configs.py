"""How tasks are run, changed by whoever may run them: side by side or not, for how long, how much they log."""

import math
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from ostinato.app import audit, single_tasks
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.definitions import Overlap
from ostinato.core.errors import Forbidden
from ostinato.store import definitions
from ostinato.store import single_tasks as statements
from ostinato.store.db import Raced, Tx
from ostinato.store.single_tasks import DescribedTask

LogLevel: TypeAlias = Literal["OFF", "ERROR", "WARN", "INFO"]
SECONDS = 60
WITH_LEVELS = "talend_job"
"""The type of artifacts that can be told how much to log."""


class RunConfig(msgspec.Struct, frozen=True, kw_only=True):
    """`minutes` after which an attempt is ended; None: never."""

    parallel: bool = False
    minutes: int | None = None
    log_level: LogLevel | None = None


def of_task(task: DescribedTask) -> RunConfig:
    return RunConfig(
        parallel=task.overlap is Overlap.PARALLEL,
        minutes=None if task.timeout_s is None else math.ceil(task.timeout_s / SECONDS),
        log_level=task.config.get("log_level") if _has_levels(task) else None,
    )


async def get(app: App, actor: Actor, task: int) -> DescribedTask:
    """Raises NotFound."""
    return await single_tasks.get(app, actor, task)


async def change(app: App, actor: Actor, task: int, wanted: RunConfig, now: datetime) -> DescribedTask:
    """Raises NotFound, Forbidden. What is as it was stays, to the second; a level is kept where it has a meaning."""

    async def work(tx: Tx) -> DescribedTask:
        await definitions.lock(tx)
        before = await _for_runner(tx, actor, task)
        overlap, timeout = _overlap(before, wanted), _timeout(before, wanted)
        config = _config(before, wanted)
        if (overlap, timeout, config) == (before.overlap, before.timeout_s, before.config):
            return before
        if not await statements.set_run_config(tx, before.id, before.version, overlap, timeout, config, now):
            raise Raced
        changed = await single_tasks.described(tx, actor, before.id)
        said = {"before": _said(before), "after": _said(changed)}
        await audit.record(tx, actor, now, single_tasks.entry(before, "change", **said))
        return changed

    changed = await app.db.run(work)
    app.wake.set()
    return changed


async def require_may_change(app: App, actor: Actor, task: int) -> None:
    """Raises NotFound, Forbidden."""
    async with app.db.reading() as tx:
        await _for_runner(tx, actor, task)


async def _for_runner(tx: Tx, actor: Actor, task: int) -> DescribedTask:
    found = await single_tasks.described(tx, actor, task)
    if not found.may_execute:
        raise Forbidden(f"Changing how {found.name!r} is run needs the permission EXECUTE in its workspace")
    return found


def _overlap(before: DescribedTask, wanted: RunConfig) -> Overlap:
    if wanted.parallel:
        return Overlap.PARALLEL
    return Overlap.FORBID if before.overlap is Overlap.PARALLEL else before.overlap


def _timeout(before: DescribedTask, wanted: RunConfig) -> float | None:
    if wanted.minutes == of_task(before).minutes:
        return before.timeout_s
    return None if wanted.minutes is None else float(wanted.minutes * SECONDS)


def _config(before: DescribedTask, wanted: RunConfig) -> dict[str, Any]:
    if not _has_levels(before) or wanted.log_level == before.config.get("log_level"):
        return before.config
    config = {field: value for field, value in before.config.items() if field != "log_level"}
    return config if wanted.log_level is None else {**config, "log_level": wanted.log_level}


def _has_levels(task: DescribedTask) -> bool:
    return task.artifact is not None and task.artifact.type == WITH_LEVELS


def _said(task: DescribedTask) -> dict[str, Any]:
    level = task.config.get("log_level") if _has_levels(task) else None
    return {"overlap": task.overlap.value, "timeout": task.timeout_s, "log_level": level}
