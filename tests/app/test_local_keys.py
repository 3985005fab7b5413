"""The key that a server leaves for the command line beside it."""

import pytest

from ostinato.app import access, keys
from ostinato.core.access import Tenant
from ostinato.core.errors import Unauthenticated
from tests.people import new_key


async def test_the_key_of_one_server_outlives_the_start_of_another_and_not_its_own(app, now):
    first = await keys.replace_local_key(app, None, now)
    other = await keys.replace_local_key(app, None, now)
    assert (await access.authenticate(app, first)).may(Tenant.PEOPLE)
    again = await keys.replace_local_key(app, first, now)
    for key in (other, again):
        assert (await access.authenticate(app, key)).may(Tenant.PEOPLE)
    with pytest.raises(Unauthenticated):
        await access.authenticate(app, first)


async def test_an_api_key_in_the_place_of_the_local_one_is_left_alone(app, now):
    api_key = await new_key(app, "admin", now)
    await keys.replace_local_key(app, api_key, now)
    assert (await access.authenticate(app, api_key)).may(Tenant.PEOPLE)
