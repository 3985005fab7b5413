"""Plans as they are known outside: by number, at a stage of a workspace."""

from collections.abc import Sequence
from datetime import datetime

from ostinato.app import runs
from ostinato.app.application import App
from ostinato.app.workspaces import require_known
from ostinato.core.access import Actor
from ostinato.core.errors import NotFound
from ostinato.core.ids import RunId
from ostinato.store import plans, tasks
from ostinato.store.plans import Listed
from ostinato.store.tasks import Listed as ListedTask
from ostinato.store.workspaces import Page, Place


async def list_plans(app: App, actor: Actor, place: Place, types: Sequence[str], page: Page) -> list[Listed]:
    """A page of plans; raises Forbidden. Only tasks of `types` are counted."""
    async with app.db.reading() as tx:
        found = await plans.list_plans(tx, actor.subject, place, types, page)
        if not found:
            await require_known(tx, actor, place)
    return found


async def list_tasks(
    app: App, actor: Actor, place: Place, number: int, types: Sequence[str], page: Page
) -> list[ListedTask]:
    """The tasks of one plan in the order of its steps; raises Forbidden, NotFound."""
    async with app.db.reading() as tx:
        found = await tasks.list_of_plan(tx, actor.subject, place, types, number, page)
        if not found and await plans.find(tx, actor.subject, place, number) is None:
            await require_known(tx, actor, place)
            raise NotFound("Plan", number)
    return found


async def start(
    app: App, actor: Actor, place: Place, number: int, now: datetime, *, repetition: str | None = None
) -> RunId:
    """Start a plan; raises Forbidden, NotFound, and Conflict if it is disabled or running.

    The same `repetition` key from the same user gives the same run again.
    """
    async with app.db.reading() as tx:
        plan = await plans.find(tx, actor.subject, place, number)
        if plan is None:
            await require_known(tx, actor, place)
            raise NotFound("Plan", number)
    return await runs.start_plan(app, actor, plan, now, key=repetition)
