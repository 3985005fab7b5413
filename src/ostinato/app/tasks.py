"""Tasks as they are known outside: by type and number, at a stage of a workspace."""

from collections.abc import Sequence
from datetime import datetime

from ostinato.app import runs
from ostinato.app.application import App
from ostinato.app.workspaces import require_known
from ostinato.core.access import Actor
from ostinato.core.errors import NotFound
from ostinato.core.ids import RunId
from ostinato.store import tasks
from ostinato.store.logs import Written
from ostinato.store.runs import Seen
from ostinato.store.tasks import Listed, Past, TaskKey
from ostinato.store.workspaces import Page, Place


async def list_tasks(app: App, actor: Actor, place: Place, types: Sequence[str], page: Page) -> list[Listed]:
    """A page of the tasks of these types; raises Forbidden."""
    async with app.db.reading() as tx:
        found = await tasks.list_tasks(tx, actor.subject, place, types, page)
        if not found:
            await require_known(tx, actor, place)
    return found


async def get(app: App, actor: Actor, place: Place, key: TaskKey) -> Listed:
    """One task; raises Forbidden, NotFound."""
    async with app.db.reading() as tx:
        found = await tasks.get(tx, actor.subject, place, key)
        if found is None:
            await require_known(tx, actor, place)
            raise NotFound("Task", str(key))
    return found


async def start(
    app: App, actor: Actor, place: Place, key: TaskKey, now: datetime, *, repetition: str | None = None
) -> RunId:
    """Start a task; raises Forbidden, NotFound, and Conflict if it is disabled, running or queued.

    The same `repetition` key from the same user gives the same run again.
    """
    async with app.db.reading() as tx:
        task = await tasks.find(tx, actor.subject, place, key)
        if task is None:
            await require_known(tx, actor, place)
            raise NotFound("Task", str(key))
    return await runs.start_task(app, actor, task, now, key=repetition)


async def history(app: App, actor: Actor, place: Place, key: TaskKey, page: Page) -> list[Past]:
    """A page of the runs of a task, newest start first; raises Forbidden, NotFound."""
    async with app.db.reading() as tx:
        found = await tasks.history(tx, actor.subject, place, key, page)
        if not found and await tasks.find(tx, actor.subject, place, key) is None:
            await require_known(tx, actor, place)
            raise NotFound("Task", str(key))
    return found


async def read_log(
    app: App, actor: Actor, place: Place, key: TaskKey, run: RunId, most: int
) -> tuple[Seen, list[Written]]:
    """One run of a task, and its log from the beginning; raises Forbidden, NotFound."""
    async with app.db.reading() as tx:
        if not await tasks.has_run(tx, actor.subject, place, key, run):
            await require_known(tx, actor, place)
            raise NotFound("Run", run)
    seen = await runs.get(app, actor, run)  # first: the log of a run that has ended is complete
    return seen, await runs.read_log(app, actor, run, 0, most)


async def count_findings(app: App, actor: Actor, run: RunId) -> int:
    """How many rows were kept of what a check found; raises NotFound."""
    async with app.db.reading() as tx:
        found = await tasks.count_findings(tx, actor.subject, run)
    if found is None:
        raise NotFound("Run", run)
    return found
