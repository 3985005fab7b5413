"""Access tokens for service accounts, in exchange for a secret."""

from typing import Any
from urllib.parse import unquote_plus

from litestar import Request, Response, Router, post
from litestar.datastructures import State as ServerState
from litestar.params import JSONBody

from ostinato.api.basic import is_basic, read_basic
from ostinato.api.dependencies import TheApp
from ostinato.api.permissions import PUBLIC
from ostinato.api.talend.ids import Ids
from ostinato.api.talend.parameters import refusals
from ostinato.api.talend.security_wire import TokenRequest, TokenResponse
from ostinato.app import installation, tokens
from ostinato.app.tokens import Client
from ostinato.core.errors import Invalid, Problem, Unauthenticated

MOST_BYTES = 16_000
GRANT = "client_credentials"


@post(
    "/token",
    needs=PUBLIC,
    operation_id="createToken",
    summary="Get a token for a service account",
    status_code=200,
    security=[{}],
    request_max_body_size=MOST_BYTES,
    responses=refusals(413),
)
async def create_token(
    app: TheApp, request: Request[Any, Any, ServerState], state: ServerState, data: JSONBody[TokenRequest]
) -> Response[TokenResponse]:
    """The id or the name of the service account and a secret of it are sent with HTTP Basic. Needs no other credential.
    The token may what the secret may, and lives for half an hour at most."""
    address = state.door.origin(request.scope).address
    if data.grant_type != GRANT:
        raise Invalid(Problem(path="grant_type", message=f"send {GRANT}", allowed=(GRANT,)))
    client = _client(request.headers.get("authorization", ""), Ids(await installation.number(app)))
    try:
        token = await tokens.exchange(app, client, (), address)
    except Unauthenticated:
        state.door.failures.failed(address)
        raise
    seconds = max(0, int(token.life.total_seconds()))
    return Response(
        TokenResponse(access_token=token.access_token, token_type="Bearer", expires_in=str(seconds)),  # noqa: S106
        headers={"cache-control": "no-store", "pragma": "no-cache"},
    )


def _client(header: str, ids: Ids) -> Client:
    """Raises Unauthenticated."""
    try:
        name, secret = read_basic(header) if is_basic(header) else ("", "")
    except ValueError:
        name, secret = "", ""
    if not name or not secret:
        raise Unauthenticated("Send the id and a secret of a service account with HTTP Basic: base64 of id:secret")
    who = ids.whom(name)
    return Client(names={name, unquote_plus(name)}, number=who if isinstance(who, int) else None, secret=secret)


OAUTH = Router("/oauth", route_handlers=[create_token], tags=["OAuth"])
