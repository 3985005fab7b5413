"""What follows from users, groups, roles, grants and limited keys is what it would be if it were worked out anew."""

import asyncio
import random
from contextlib import suppress
from typing import Any

import pytest

from ostinato.app import groups, keys, people, rights
from ostinato.app.application import App
from ostinato.core.access import TENANT_ROLES, Actor, Permission
from ostinato.core.errors import OstinatoError
from ostinato.store.environments import names
from tests.api.factories import World

ROWS = """SELECT user_id, subject_id, workspace_key, environment_id,
                 ARRAY(SELECT unnest(permissions) ORDER BY 1) AS permissions
            FROM subject_access ORDER BY 1, 2, 3, 4, 5"""
USERS = ("ada", "bob", "eve")
GROUPS = ("analysts", "operators")
WORKSPACES = ("finance", "sales")


class Change:
    """One change at random; what is refused changes nothing and is as good."""

    def __init__(self, app: App, admin: Actor, random: random.Random) -> None:
        self._app, self._admin, self._random = app, admin, random

    async def make(self) -> None:
        change = self._random.choice((self._user, self._group, self._members, self._grant, self._key, self._delete))
        with suppress(OstinatoError):
            await change()

    async def _user(self) -> None:
        name, roles = self._random.choice(USERS), self._some(list(TENANT_ROLES))
        wish = people.UserChange(active=self._random.random() < 0.8, roles=roles)
        try:
            await people.change_user(self._app, self._admin, name, wish, self._app.now())
        except OstinatoError:
            await people.create_user(self._app, self._admin, name, self._app.now(), about=wish)

    async def _group(self) -> None:
        name, wish = self._random.choice(GROUPS), groups.GroupChange(roles=self._some(list(TENANT_ROLES)))
        try:
            await groups.change_group(self._app, self._admin, name, wish, self._app.now())
        except OstinatoError:
            await groups.create_group(self._app, self._admin, name, wish, self._app.now())

    async def _members(self) -> None:
        wish = groups.GroupChange(members=self._some(list(USERS)))
        await groups.change_group(self._app, self._admin, self._random.choice(GROUPS), wish, self._app.now())

    async def _grant(self) -> None:
        to_user = self._random.random() < 0.5
        holder = rights.Holder(
            user=self._random.choice(USERS) if to_user else None,
            group=None if to_user else self._random.choice(GROUPS),
        )
        await rights.grant(
            self._app,
            self._admin,
            holder,
            self._random.choice(WORKSPACES),
            self._some([permission.value for permission in Permission]),
            self._app.now(),
            environment=self._random.choice((None, "Production", "Test")),
        )

    async def _key(self) -> None:
        wish = keys.Wish(
            kind=keys.Kind.TOKEN,
            description="x",
            scopes=self._some(["VIEW", "EXECUTE", "AUDIT"]) or None,
            workspaces=self._some(list(WORKSPACES)) or None,
        )
        await keys.create_on_machine(self._app, self._admin, self._random.choice(USERS), wish, self._app.now())

    async def _delete(self) -> None:
        if self._random.random() < 0.5:
            await groups.delete_group(self._app, self._admin, self._random.choice(GROUPS), self._app.now())
        else:
            found = await keys.list_keys(self._app, self._admin, None, everybody=True)
            if found:
                await keys.delete(self._app, self._admin, self._random.choice(found).credential, self._app.now())

    def _some(self, of: list[str]) -> list[str]:
        return self._random.sample(of, self._random.randint(0, len(of)))


@pytest.fixture
async def world(app: App) -> World:
    world = World(app)
    for key in WORKSPACES:
        await world.workspace(key)
    return world


@pytest.mark.parametrize("seed", range(4))
async def test_rights_are_kept_up_by_whatever_changes_them(app: App, admin: Actor, world: World, seed: int) -> None:
    change = Change(app, admin, random.Random(seed))
    for _ in range(25):
        await change.make()
        assert await world.fetch(ROWS) == await _anew(app)


async def test_rights_are_kept_up_by_changes_at_the_same_time(app: App, admin: Actor, world: World) -> None:
    async def many(seed: int) -> None:
        change = Change(app, admin, random.Random(seed))
        for _ in range(15):
            await change.make()

    await asyncio.gather(*(many(seed) for seed in range(6)))
    assert await world.fetch(ROWS) == await _anew(app)


async def _anew(app: App) -> list[dict[str, Any]]:
    async with app.db.transaction() as tx:
        assert await names(tx) == ["Development", "Production", "Test"]
        await tx.execute("SELECT renew_access(ARRAY(SELECT id FROM app_user))")
        return [dict(row) for row in await tx.fetch(ROWS)]
