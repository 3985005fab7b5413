"""Pausing tasks and plans: a paused one refuses to start, its queued runs are held, what is at work finishes."""

from datetime import datetime

from ostinato.app import audit, progress
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.errors import Forbidden, Invalid, NotFound, Problem
from ostinato.store import holds, runs, starts
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan

LONGEST_NOTE = 500


async def set_paused(
    app: App, actor: Actor, what: TaskOrPlan, *, paused: bool, note: str | None = None, now: datetime
) -> bool:
    """Pause or resume; False if it was so already. Raises NotFound, Forbidden, Invalid.

    Resuming lets go what was held; pausing holds a queued run when its turn comes.
    """
    if note is not None and (len(note) > LONGEST_NOTE or "\x00" in note):
        raise Invalid(Problem(path="note", message=f"write at most {LONGEST_NOTE} characters"))

    async def work(tx: Tx) -> bool:
        found = await starts.lock_wanted(tx, [(what, actor.subject)])
        if not found:
            kind, number = ("Task", what.task) if what.plan is None else ("Plan", what.plan)
            raise NotFound(kind, number)
        if not found[0].may_execute:
            raise Forbidden(f"Pausing {found[0].name!r} needs the permission EXECUTE in its workspace")
        if not await (starts.pause(tx, what, actor.name, note, now) if paused else starts.resume(tx, what)):
            return False
        await audit.record(tx, actor, now, _entry(found[0], what, paused=paused, note=note))
        if paused:
            return True
        await progress.let_go(app, tx, await holds.let_go_paused(tx, what), now)
        if app.others:
            await runs.notify(tx, "ready")
        return True

    changed = await app.db.run(work)
    app.wake.set()
    return changed


def _entry(found: starts.Locked, what: TaskOrPlan, *, paused: bool, note: str | None) -> Entry:
    return Entry(
        action="pause" if paused else "resume",
        kind="task" if what.plan is None else "plan",
        target=found.name,
        environment=found.environment,
        workspace=found.workspace,
        after={"note": note} if note is not None else None,
    )
