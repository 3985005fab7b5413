"""API keys, personal access tokens and client secrets."""

from datetime import timedelta
from typing import Annotated

from litestar import Router, delete, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import access_translate as translate
from ostinato.api.native import access_wire as wire
from ostinato.api.native.parameters import possible, refusals
from ostinato.api.native.wire import CLEAN
from ostinato.api.permissions import ANYBODY
from ostinato.app import keys
from ostinato.core.ids import CredentialId

KeyNumber = Annotated[int, PathParameter(description="The id of the key.")]


@get("/keys", needs=ANYBODY, operation_id="listKeys", summary="Keys that work", responses=refusals(401, 403, 422))
async def list_keys(
    app: TheApp,
    actor: TheActor,
    user: Annotated[
        str | None, QueryParameter(max_length=200, pattern=CLEAN, description="Whose; yours if left out.")
    ] = None,
    everybody: Annotated[bool, QueryParameter(description="Those of all users.")] = False,
) -> wire.Keys:
    """One's own; those of others with the permission PEOPLE."""
    found = await keys.list_keys(app, actor, user, everybody=everybody)
    return wire.Keys(items=[translate.key(one) for one in found])


@post(
    "/keys",
    needs=ANYBODY,
    operation_id="createKey",
    summary="Make a key for oneself, or for a service account",
    responses=refusals(400, 401, 403, 404, 409, 413, 422),
)
async def create_key(app: TheApp, actor: TheActor, data: JSONBody[wire.NewKey]) -> wire.MadeKey:
    """At most 3 API keys of a user work at the same time. For a service account it needs the permission PEOPLE."""
    return translate.made(await keys.create(app, actor, data.user, translate.wish(data), app.now()))


@post(
    "/keys/{key_id:int}/rotation",
    needs=ANYBODY,
    operation_id="rotateKey",
    summary="Give a key a new secret; the one before works for a while",
    responses=refusals(400, 401, 403, 404, 409, 413, 422),
)
async def rotate_key(app: TheApp, actor: TheActor, key_id: KeyNumber, data: JSONBody[wire.Rotation]) -> wire.MadeKey:
    overlap = timedelta(seconds=data.overlap_seconds)
    return translate.made(await keys.rotate(app, actor, _known(key_id), overlap, app.now()))


@delete(
    "/keys/{key_id:int}",
    needs=ANYBODY,
    operation_id="deleteKey",
    summary="Delete a key: it is refused from the next request on",
    responses=refusals(401, 403, 404),
)
async def delete_key(app: TheApp, actor: TheActor, key_id: KeyNumber) -> None:
    """One's own; those of others with the permission PEOPLE."""
    await keys.delete(app, actor, _known(key_id), app.now())


def _known(key: int) -> CredentialId:
    return CredentialId(possible("API key", key))


KEYS = Router("/", route_handlers=[list_keys, create_key, rotate_key, delete_key])
