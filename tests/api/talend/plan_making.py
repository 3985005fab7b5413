"""What tests of plans need: tasks and plans from files, and the ids by which Talend clients know them."""

from collections.abc import Sequence
from typing import Any

from ostinato.api.talend.ids import Ids
from ostinato.app import definitions, installation
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.object_ids import Kind
from tests.app.flights import bundle
from tests.conftest import NOW

TASKS = """\
workspace: sales
workspaces: [{key: sales, name: Sales}]
tasks:
  - {name: extract, type: Package, description: from the shop, config: {kind: command, command: ['true']}}
  - {name: load, type: Package, config: {kind: command, command: ['true']}}
  - {name: clean, type: Package, config: {kind: command, command: ['true']}}
  - {name: alarm, type: Package, config: {kind: command, command: ['true']}}
plans:
  - name: repair
    steps: [{name: clean up, tasks: [clean]}]
"""


class Made:
    """The ids of what is there, by name."""

    def __init__(self, ids: Ids, workspaces: dict[str, int], tasks: dict[str, int], plans: dict[str, int]) -> None:
        self.ids, self.numbers = ids, plans
        self.workspaces = {name: ids.of(Kind.WORKSPACE, id) for name, id in workspaces.items()}
        self.tasks = {name: ids.task(id) for name, id in tasks.items()}
        self.plans = {name: ids.plan(id) for name, id in plans.items()}

    def request(self, name: str = "night", steps: Sequence[Any] | None = None, **more: Any) -> dict[str, Any]:
        """The body of a request for a plan."""
        sent = self.steps() if steps is None else list(steps)
        return {"name": name, "workspaceId": self.workspaces["sales"], "steps": sent, **more}

    def step(self, name: str, *tasks: str, **more: Any) -> dict[str, Any]:
        said = {"name": name, "condition": "ALL_SUCCEEDED", "taskIds": [self.tasks[task] for task in tasks]}
        return {**said, **more}

    def steps(self) -> list[dict[str, Any]]:
        """A chain of two steps, the first of which says all that a step can say."""
        handler = {"taskIds": [self.tasks["alarm"]], "planIds": [self.plans["repair"]]}
        first = self.step("get", "extract", "clean", condition="at_least_one_succeeded", handlerOnFailure=handler)
        return [{**first, "note": "ask the shop"}, self.step("put", "load", condition="ALWAYS_PROCEED_ON")]


async def made(app: App, admin: Actor, text: str = TASKS) -> Made:
    """Apply a file, and look up everything that is there then."""
    await definitions.apply(app, admin, bundle(text), NOW)
    async with app.db.reading() as tx:
        found = {
            kind: {row["name"]: row["id"] for row in await tx.fetch(f"SELECT id, {name} AS name FROM {kind}")}
            for kind, name in (("workspace", "key"), ("task", "name"), ("plan", "name"))
        }
    return Made(Ids(await installation.number(app)), found["workspace"], found["task"], found["plan"])
