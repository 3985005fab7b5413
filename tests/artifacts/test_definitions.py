"""Tasks that name artifacts: what is wrong with them, and which version their runs begin with."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from ostinato.app import artifacts, definitions, orders
from ostinato.app.application import App
from ostinato.app.definitions import Action, Bundle, File
from ostinato.core.access import Actor
from ostinato.core.contracts import WorkOrder
from ostinato.core.errors import Invalid
from ostinato.core.ids import Lease, RunId
from ostinato.core.parameters import Parameter
from ostinato.core.retries import RetryPolicy
from ostinato.store.attempts import Claimed
from tests.api.factories import World
from tests.artifacts import zips
from tests.artifacts.test_objects import publish

TASK = """
workspace: finance
connections:
- {name: shop, type: sqlite, config: {path: /tmp/shop.sqlite}}
tasks:
- name: greet
  type: Package
  config: {CONFIG}
  parameters: {PARAMETERS}
"""
GOOD = "{times: {type: integer, default: 3}}"


def bundle(config: str, parameters: str = GOOD) -> Bundle:
    text = TASK.replace("{CONFIG}", f"{{kind: artifact, {config}}}").replace("{PARAMETERS}", parameters)
    return Bundle(files=[File(name="a.yaml", text=text)])


def wish(name: str, version: str) -> artifacts.Wish:
    return artifacts.Wish(workspace="finance", environment="Production", name=name, version=version)


SQL = zips.zipped({"artifact.yaml": "{kind: sql, script: q.sql}", "q.sql": "SELECT 1"})


@pytest.fixture
async def published(app: App, admin: Actor, now: datetime) -> None:
    await World(app).workspace("finance")
    await publish(app, admin, zips.python(), now, wish("hello", "1"))
    renamed = [{"name": "whom", "default": "you"}, {"name": "times", "type": "integer", "default": 1}]
    await publish(app, admin, zips.python(parameters=renamed), now, wish("hello", "2"))
    await publish(app, admin, SQL, now, wish("script", "1"))


WRONG = [
    ("artifact: helo", GOOD, "no artifact 'helo' in workspace 'finance': did you mean 'hello'?; publish it first"),
    ("artifact: hello, version: '7'", GOOD, "config.version: the artifact 'hello' has no version '7'"),
    ("artifact: hello, version: '1'", "{}", "the artifact needs a parameter 'times' (integer): declare it"),
    ("artifact: hello", "{who: {}}", "version 2 of the artifact has no parameter 'who': did you mean 'whom'?"),
    ("artifact: hello", "{times: {}}", "it is string here and integer in version 2 of the artifact"),
    ("artifact: hello, connection: shop", GOOD, "an artifact of type python takes no connection"),
    ("artifact: script", "{}", "the artifact is a script of SQL: name the connection"),
    ("artifact: hello, connections: {db: nowhere}", GOOD, "there is no connection 'nowhere'"),
    ("artifact: hello, connections: {d-b: shop}", GOOD, "'d-b' cannot be a name here"),
    ("artifact: hello, connection: shop, connections: {db: shop}", GOOD, "name one of them"),
    ("name: hello", GOOD, "the field 'artifact' is missing"),
]


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(("config", "parameters", "words"), WRONG)
async def test_what_is_wrong_is_said_with_its_place(
    app: App, admin: Actor, now: datetime, config: str, parameters: str, words: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await definitions.apply(app, admin, bundle(config, parameters), now)
    assert words in str(refusal.value)
    assert all(problem.file == "a.yaml" and problem.line for problem in refusal.value.problems)


async def test_an_artifact_of_a_workspace_that_is_not_there_is_no_second_problem(
    app: App, admin: Actor, now: datetime
) -> None:
    with pytest.raises(Invalid) as refusal:
        await definitions.apply(app, admin, bundle("artifact: hello"), now)
    assert "there is no workspace 'finance'" in str(refusal.value)
    assert "artifact" not in str(refusal.value).replace("kind: artifact", "")


@pytest.mark.usefixtures("published")
async def test_what_is_exported_changes_nothing_when_it_is_applied(app: App, admin: Actor, now: datetime) -> None:
    await definitions.apply(app, admin, bundle("artifact: script, connection: shop", "{}"), now)
    changes = await definitions.apply(app, admin, bundle("artifact: hello, version: '2'"), now)
    assert [change.fields for change in changes if change.action is Action.CHANGED] == [("config", "parameters")]
    files = await definitions.export(app, admin, "Production", "finance")
    changes = await definitions.apply(app, admin, Bundle(files=files), now)
    assert {change.action for change in changes} == {Action.LEFT}
    uses = await World(app).fetch("SELECT version_id FROM task_artifact")
    assert [row["version_id"] for row in uses] == [2]


@pytest.mark.usefixtures("published")
async def test_a_run_keeps_the_version_it_began_with_and_the_next_has_the_newest(
    app: App, admin: Actor, now: datetime
) -> None:
    config = {"kind": "artifact", "artifact": "hello"}
    first = await order(app, now, 1, config)
    assert first.artifact is not None
    assert (first.artifact.version, first.parameters, first.invalid) == ("2", {"whom": "you", "times": 3}, "")
    await publish(app, admin, zips.python(), now, wish("hello", "3"))
    again, following = await order(app, now, 1, config), await order(app, now, 2, config)
    fixed = await order(app, now, 3, {**config, "version": "1"})
    versions = [one.artifact.version for one in (again, following, fixed) if one.artifact is not None]
    assert versions == ["2", "3", "1"]
    assert following.parameters == {"who": "world", "times": 3}


@pytest.mark.usefixtures("published")
async def test_values_are_held_against_the_version_that_runs(app: App, now: datetime) -> None:
    config = {"kind": "artifact", "artifact": "hello", "version": "1"}
    given = await order(app, now, 1, config, parameters={"times": 5, "who": "Ada"})
    assert given.parameters == {"times": 5, "who": "Ada"}
    assert "parameters.times: expected a whole number" in (await order(app, now, 2, config, {"times": "x"})).invalid
    newest = {"kind": "artifact", "artifact": "hello"}
    other = await order(app, now, 3, newest, declared={"who": {"default": "x"}})
    assert "this version of the artifact has no such parameter" in other.invalid
    gone = await order(app, now, 4, {"kind": "artifact", "artifact": "gone"})
    assert "there is no such artifact" in gone.invalid


@pytest.mark.usefixtures("published")
async def test_what_ended_runs_had_is_forgotten(app: App, now: datetime) -> None:
    world = World(app)
    task = await world.task(await world.workspace("x"), "Package", 9, "t")
    live, ended = await world.run(task, "QUEUED"), await world.run(task, "FAILED", ended="2026-03-01T12:00:00")
    await world.execute("INSERT INTO run_artifact SELECT unnest($1::bigint[]), 1", [live, ended, 10**9])
    await artifacts.forget_runs(app)
    assert [row["run_id"] for row in await world.fetch("SELECT run_id FROM run_artifact")] == [live]


async def order(
    app: App,
    now: datetime,
    run: int,
    config: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    declared: dict[str, Any] | None = None,
) -> WorkOrder:
    """What a worker gets for an attempt at a run of a task with this config."""
    [place] = await World(app).fetch("SELECT id FROM workspace WHERE key = 'finance'")
    claimed = Claimed(
        run=RunId(run),
        attempt=1,
        lease=Lease(run),
        losses=0,
        workspace=place["id"],
        task_type="Package",
        task_name="greet",
        config=config,
        uses=[],
        timeout_s=None,
        retries=RetryPolicy(),
        parameters=parameters,
        declared=definitions_of(declared if declared is not None else {"times": {"type": "integer", "default": 3}}),
        surroundings={},
    )
    async with app.db.transaction() as tx:
        held = await orders.make(app, tx, [claimed], now)
    return held[RunId(run)].order


def definitions_of(declared: dict[str, Any]) -> Any:
    return msgspec.convert(declared, dict[str, Parameter])
