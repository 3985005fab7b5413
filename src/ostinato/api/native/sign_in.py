"""People sign in and out, with a password or through an OpenID provider, and see who they are."""

from typing import Annotated

from litestar import Request, Response, Router, get, post, put
from litestar.datastructures import Cookie
from litestar.datastructures import State as ServerState
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from ostinato.api.authentication import COOKIE
from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.doors import Door
from ostinato.api.native import sign_in_wire as wire
from ostinato.api.native.access_translate import page
from ostinato.api.native.parameters import Limit, Offset, refusals
from ostinato.api.permissions import ANYBODY, PUBLIC
from ostinato.app import oidc_sign_in, sign_in
from ostinato.app.oidc import Provider
from ostinato.core.access import Actor
from ostinato.core.credentials import Kind
from ostinato.core.errors import Conflict

BROWSER = "ostinato_sign_in"
"""The cookie by which a browser is known again that comes back from the provider."""
PLACE_OF_PROVIDER = "/api/v1/sign-in/oidc"
LONGEST_ANSWER = 8_000
MOST_BYTES = 16_000
"""Of a body here; nobody has been asked for a key yet."""

Said = Annotated[str | None, QueryParameter(max_length=LONGEST_ANSWER)]
PlainRequest = Request[Actor, None, ServerState]
DONE = {204: ResponseSpec(data_container=None, description="Done.", generate_examples=False)}
LED_ON = {302: ResponseSpec(data_container=None, description="Where to go.", generate_examples=False)}


@get("/sign-in", needs=PUBLIC, operation_id="getWaysIn", summary="How people can sign in", security=[{}], responses={})
async def ways_in(state: ServerState) -> wire.WaysIn:
    """Needs no key."""
    return wire.WaysIn(password=True, open_id=state.door.provider is not None)


@post(
    "/sign-in",
    needs=PUBLIC,
    operation_id="signIn",
    summary="Sign in with a password",
    status_code=200,
    security=[{}],
    request_max_body_size=MOST_BYTES,
    responses=refusals(400, 401, 403, 413, 422, 429, 503),
)
async def sign_in_with_password(
    app: TheApp, request: PlainRequest, state: ServerState, data: JSONBody[wire.SignIn]
) -> Response[wire.Me]:
    """Needs no key. The answer sets the cookie of a new session, which lives for twelve hours."""
    door: Door = state.door
    origin = door.origin(request.scope)
    with door.failures.guess(origin.address):
        done = await sign_in.with_password(app, data.name, data.password, origin)
    return Response(_me(done.me), cookies=[_session(done.secret, secure=door.is_https(request.scope))])


@post(
    "/sign-out",
    needs=ANYBODY,
    operation_id="signOut",
    summary="End this session, or all of one's sessions",
    status_code=204,
    request_max_body_size=MOST_BYTES,
    responses={**DONE, **refusals(400, 401, 403, 409, 413, 422)},
)
async def sign_out(
    app: TheApp,
    actor: TheActor,
    request: PlainRequest,
    state: ServerState,
    data: JSONBody[wire.SignOut | None] = None,
) -> Response[None]:
    """Access tokens end in the same way."""
    await sign_in.sign_out(app, actor, app.now(), everywhere=data is not None and data.everywhere)
    door: Door = state.door
    gone = [_session("", secure=door.is_https(request.scope))] if actor.kind == Kind.SESSION else []
    return Response(None, cookies=gone)


@get(
    PLACE_OF_PROVIDER.removeprefix("/api/v1"),
    needs=PUBLIC,
    operation_id="signInWithOpenId",
    summary="Go to the OpenID provider to sign in",
    status_code=302,
    security=[{}],
    responses={**LED_ON, **refusals(409, 422, 429, 503)},
)
async def begin_at_provider(
    app: TheApp,
    request: PlainRequest,
    state: ServerState,
    return_to: Annotated[
        str, QueryParameter(name="return", max_length=2_000, description="The path to go to afterwards.")
    ] = "/",
) -> Response[bytes]:
    """Needs no key; for browsers."""
    door: Door = state.door
    door.begun.failed(door.origin(request.scope).address)
    begun = await oidc_sign_in.begin(app, _provider(door), return_to, request.cookies.get(BROWSER))
    kept = Cookie(
        key=BROWSER,
        value=begun.browser,
        path=door.path(PLACE_OF_PROVIDER),
        max_age=int(oidc_sign_in.LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=door.is_https(request.scope),
    )
    return _led_to(begun.address, kept)


@get(
    f"{PLACE_OF_PROVIDER.removeprefix('/api/v1')}/callback",
    needs=PUBLIC,
    operation_id="finishSignInWithOpenId",
    summary="Come back from the OpenID provider",
    status_code=302,
    security=[{}],
    responses={**LED_ON, **refusals(401, 403, 409, 422, 429, 503)},
)
async def come_back(
    app: TheApp,
    request: PlainRequest,
    state: ServerState,
    code: Said = None,
    error: Said = None,
    issuer: Annotated[str | None, QueryParameter(name="iss", max_length=LONGEST_ANSWER)] = None,
    said_state: Annotated[str | None, QueryParameter(name="state", max_length=LONGEST_ANSWER)] = None,
) -> Response[bytes]:
    """Needs no key; the provider sends browsers here. The answer sets the cookie of a new session."""
    door: Door = state.door
    origin, provider = door.origin(request.scope), _provider(door)
    answer = oidc_sign_in.Answer(state=said_state, code=code, error=error, issuer=issuer)
    with door.failures.guess(origin.address):
        done, path = await oidc_sign_in.finish(app, provider, answer, request.cookies.get(BROWSER), origin)
    session = _session(done.secret, secure=door.is_https(request.scope))
    return _led_to(path, session)


@get("/me", needs=ANYBODY, operation_id="getMe", summary="Who one is, and what one may", responses=refusals(401))
async def get_me(app: TheApp, actor: TheActor) -> wire.Me:
    return _me(await sign_in.me(app, actor))


@get(
    "/me/workspaces",
    needs=ANYBODY,
    operation_id="listMyWorkspaces",
    summary="Where one may do what",
    responses=refusals(401, 422),
)
async def list_my_workspaces(app: TheApp, actor: TheActor, limit: Limit = 100, offset: Offset = 0) -> wire.PlacePage:
    found, following = page(await sign_in.my_workspaces(app, actor, limit + 1, offset), limit, offset)
    items = [
        wire.Place(environment=one.environment, workspace=one.key, name=one.name, permissions=one.permissions)
        for one in found
    ]
    return wire.PlacePage(items=items, next=following)


@put(
    "/me/password",
    needs=ANYBODY,
    operation_id="changeMyPassword",
    summary="Change one's password",
    status_code=204,
    request_max_body_size=MOST_BYTES,
    responses=refusals(400, 401, 403, 409, 413, 422, 429, 503),
)
async def change_my_password(
    app: TheApp, actor: TheActor, state: ServerState, data: JSONBody[wire.ChangePassword]
) -> None:
    """All other sessions end."""
    door: Door = state.door
    with door.failures.guess(actor.address):
        await sign_in.change_password(app, actor, data.current, data.new)


def _provider(door: Door) -> Provider:
    if door.provider is None:
        raise Conflict("No OpenID provider is set up here: sign in with a password, or set OSTINATO_OIDC_ISSUER")
    return door.provider


def _led_to(place: str, cookie: Cookie) -> Response[bytes]:
    return Response(b"", status_code=302, headers={"location": place}, cookies=[cookie], media_type="text/plain")


def _session(secret: str, *, secure: bool) -> Cookie:
    """`lax`, because a browser that is sent on by the provider would not show a strict one on the first page; nothing
    is changed with a cookie by pages of other sites in any case."""
    life = int(sign_in.LIFE.total_seconds()) if secret else 0
    return Cookie(key=COOKIE, value=secret, path="/", max_age=life, httponly=True, samesite="lax", secure=secure)


def _me(me: sign_in.Me) -> wire.Me:
    actor = me.actor
    return wire.Me(
        name=me.user.name,
        kind=me.user.kind,  # type: ignore[arg-type]  # a CHECK holds it
        full_name=me.user.full_name,
        email=me.user.email,
        roles=me.roles,
        groups=me.user.groups,
        permissions=sorted(actor.tenant),
        has_password=me.user.has_password,
        credential=wire.Credential(
            id=actor.credential,
            kind=actor.kind,  # type: ignore[arg-type]
            scopes=sorted(actor.scope) if actor.scope is not None else None,
            workspaces=actor.workspaces,
        ),
    )


SIGN_IN = Router(
    "/",
    route_handlers=[
        ways_in,
        sign_in_with_password,
        sign_out,
        begin_at_provider,
        come_back,
        get_me,
        list_my_workspaces,
        change_my_password,
    ],
)
