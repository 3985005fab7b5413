"""What succeeded last: by task, and by connection (the last successful load of each source)."""

from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.store import successes
from ostinato.store.successes import OfConnection, OfTask, Wanted
from ostinato.store.workspaces import Page


async def of_tasks(app: App, actor: Actor, wanted: Wanted, page: Page) -> tuple[list[OfTask], int]:
    """A page of the tasks somebody may see, and how many there are."""
    async with app.db.reading() as tx:
        return await successes.of_tasks(tx, actor.subject, wanted, page)


async def of_connections(app: App, actor: Actor, wanted: Wanted, page: Page) -> tuple[list[OfConnection], int]:
    """A page of the connections somebody may see, and how many there are."""
    async with app.db.reading() as tx:
        return await successes.of_connections(tx, actor.subject, wanted, page)
