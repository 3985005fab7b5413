"""What is to be started by something: it has to be there, and is not deleted while that is written down, for otherwise
it would be left behind."""

from ostinato.core.errors import NotFound
from ostinato.store import runs
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan


async def hold_target(tx: Tx, what: TaskOrPlan) -> None:
    """Until the end of the transaction, in which its starts may wait too: last of all that takes long. Raises NotFound
    if it is deleted already."""
    if not await runs.hold_target(tx, what):
        raise not_there(what)


def not_there(what: TaskOrPlan) -> NotFound:
    """The refusal of a task or plan that does not exist, or may not be seen."""
    return NotFound("Task" if what.plan is None else "Plan", what.task or what.plan)
