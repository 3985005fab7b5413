"""Who may apply what: AUTHOR for what is in a workspace, administrators for the rest; nobody learns what is hidden."""

import pytest

from ostinato.app import definitions
from ostinato.app.definitions import Action
from ostinato.core.access import Actor, of_user
from ostinato.core.errors import Forbidden, Invalid, NotFound
from ostinato.store import users
from tests.app.flights import FLIGHTS, bundle, rows
from tests.people import give

CHANGED = FLIGHTS.replace("timeout: 600", "timeout: 601")


async def someone(app, now, role: str | None) -> Actor:
    """A user with this role in the workspace `flights`, or with no right at all."""
    if role:
        await give(app, "someone", "flights", role, now)
    async with app.db.transaction() as tx:
        user = await users.ensure(tx, "someone", now)
    return of_user(user, "someone")


@pytest.fixture
async def applied(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)


async def test_an_author_changes_what_is_in_the_workspace(app, applied, now):
    author = await someone(app, now, "Contributor")

    changes = await definitions.apply(app, author, bundle(CHANGED), now)

    assert [change.name for change in changes if change.action is Action.CHANGED] == ["load"]


@pytest.mark.parametrize("verb", [definitions.apply, definitions.diff])
async def test_a_viewer_may_look_but_not_change(app, applied, now, verb):
    viewer = await someone(app, now, "Viewer")

    assert {change.action for change in await verb(app, viewer, bundle(FLIGHTS), now)} == {Action.LEFT}
    with pytest.raises(Forbidden, match="needs the permission AUTHOR in workspace 'flights'"):
        await verb(app, viewer, bundle(CHANGED), now)


@pytest.mark.parametrize(
    "text",
    [
        "workspaces: [{key: new}]",
        "workspaces: [{key: flights, name: Renamed}]",
        "environments: [{name: New}]",
        "environments: [{name: Test, description: changed}]",
    ],
)
async def test_only_an_administrator_makes_and_changes_environments_and_workspaces(app, applied, now, text):
    author = await someone(app, now, "Administrator")
    before = await rows(app)

    with pytest.raises(Forbidden, match="which needs the permission ENVIRONMENTS"):
        await definitions.apply(app, author, bundle(text), now)
    assert await rows(app) == before


@pytest.mark.parametrize("verb", [definitions.apply, definitions.diff])
async def test_a_hidden_workspace_is_like_one_that_does_not_exist(app, applied, now, verb):
    stranger = await someone(app, now, None)

    answers = []
    for key in ("flights", "nothing"):
        for text in (FLIGHTS, FLIGHTS[FLIGHTS.index("connections:") :]):
            with pytest.raises((Invalid, Forbidden)) as refusal:
                await verb(app, stranger, bundle(f"workspace: {key}\n" + text.replace("flights", key, 3)), now)
            answers.append(str(refusal.value).replace(key, "KEY"))

    assert answers[:2] == answers[2:]


async def test_an_export_of_a_hidden_workspace_is_like_one_of_none(app, applied, now):
    stranger = await someone(app, now, None)

    with pytest.raises(NotFound, match="Workspace 'flights' does not exist, or you may not see it"):
        await definitions.export(app, stranger, "Production", "flights")
    with pytest.raises(NotFound, match="Workspace 'nothing' does not exist, or you may not see it"):
        await definitions.export(app, stranger, "Production", "nothing")
    assert [file.name for file in await definitions.export(app, stranger, "Production", None)] == ["_environment.yaml"]


async def test_a_right_in_one_environment_is_none_in_another(app, admin, applied, now):
    await definitions.apply(app, admin, bundle(FLIGHTS, environment="Test"), now)
    author = await someone(app, now, "Contributor")
    async with app.db.transaction() as tx:
        await tx.execute("UPDATE workspace_grant SET environment_id = (SELECT id FROM environment WHERE name = 'Test')")

    assert await definitions.apply(app, author, bundle(CHANGED, environment="Test"), now)
    with pytest.raises(Forbidden, match="would be created"):
        await definitions.apply(app, author, bundle(CHANGED), now)
