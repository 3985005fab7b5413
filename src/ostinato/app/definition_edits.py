"""Single definitions, changed by programs: kept in the same way, and by the same rules, as if a file had them."""

from datetime import datetime
from typing import TypeAlias

import msgspec

from ostinato.app import definition_keeping
from ostinato.app.application import App
from ostinato.app.definition_configs import Ready, resolve
from ostinato.app.definition_keeping import Wanted
from ostinato.app.definition_state import Rows
from ostinato.core.access import Actor
from ostinato.core.definition_changes import Action
from ostinato.core.definitions import Collected, Connection, Place, Placed, Plan, Source, Task
from ostinato.store.db import Tx

Single: TypeAlias = Connection | Task | Plan
NOWHERE = Source(file="", data=None, lines={}, keys={})
"""Problems of what no file has name the field alone."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a definition, and the rows of its workspace by name."""

    action: Action
    rows: Rows


async def put(app: App, tx: Tx, actor: Actor, place: Place, definition: Single, now: datetime) -> Kept:
    """Make the definition of this name in a workspace what is given, or leave it if it is that already.

    `place` is an environment and the key of a workspace. Raises Invalid, whose paths are those of a file below the
    definition (`config.artifact`), and Forbidden without AUTHOR.
    """
    collected = Collected()
    placed = Placed(definition=definition, source=NOWHERE, path=(), environment=place[0], workspace=place[1])
    match definition:
        case Connection():
            collected.connections.append(placed)  # type: ignore[arg-type]
        case Task():
            collected.tasks.append(placed)  # type: ignore[arg-type]
        case Plan():
            collected.plans.append(placed)  # type: ignore[arg-type]
    ready = resolve(collected, {})
    wanted = Wanted(files=[], collected=collected, ready=ready, problems=list(ready.problems), only=_only(ready))
    [change], state = await definition_keeping.keep(app, tx, actor, wanted, now)
    return Kept(action=change.action, rows=state.rows[place])


def _only(ready: Ready) -> str | None:
    """What has to be looked at is little for one task that consists of no steps, and for a connection."""
    match ready.connections, ready.tasks:
        case [_], []:
            return ""
        case [], [task] if task.steps is None:
            return task.placed.definition.name
        case _:
            return None
