"""Access tokens for service accounts, as OAuth 2.0 has it: what is sent, and how it is refused (RFC 6749)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from litestar import Request, Response, Router, post
from litestar.datastructures import State as ServerState
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec

from ostinato.api.basic import is_basic, read_basic
from ostinato.api.dependencies import TheApp
from ostinato.api.doors import Door
from ostinato.api.native.sign_in_wire import OAuthError, Token
from ostinato.api.permissions import PUBLIC
from ostinato.app import tokens
from ostinato.app.tokens import Client
from ostinato.core.access import Actor
from ostinato.core.errors import Forbidden, Invalid, TooMany, Unauthenticated, Unavailable

MOST_BYTES = 16_000
MOST_FIELDS = 50
WORDS = {
    400: "The request cannot be used.",
    401: "The client is not known, or its secret is not right.",
    403: "A page of another site asked.",
    413: "The body is too large.",
    429: "Too many failures from this address: wait as long as `Retry-After` says.",
    503: "The server is starting, or its database does not answer: try again.",
}
REFUSALS = {
    status: ResponseSpec(data_container=OAuthError, description=words, generate_examples=False)
    for status, words in WORDS.items()
}


class Refused(Exception):
    """One of the errors of RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400, headers: Mapping[str, str] | None = None):
        super().__init__(description)
        self.error, self.status, self.headers = error, status, dict(headers or {})


@post(
    "/oauth/token",
    needs=PUBLIC,
    operation_id="createToken",
    summary="Exchange the secret of a service account for an access token",
    status_code=200,
    security=[{}],
    request_max_body_size=MOST_BYTES,
    responses=REFUSALS,
)
async def create_token(
    app: TheApp, request: Request[Actor, None, ServerState], state: ServerState
) -> Response[Token | OAuthError]:
    """RFC 6749, section 4.4: `grant_type=client_credentials` as a form or as JSON; the name of the service account and
    its secret with HTTP Basic, or as `client_id` and `client_secret`. Needs no key."""
    headers = {"cache-control": "no-store", "pragma": "no-cache"}
    basic = request.headers.get("authorization", "")
    try:
        token = await _token(app, request, state.door, basic)
    except Refused as error:
        said = OAuthError(error=error.error, error_description=str(error))
        if error.status == 401 and basic:
            error.headers["www-authenticate"] = 'Basic realm="Ostinato"'
        return Response(said, status_code=error.status, headers={**headers, **error.headers})
    scope = " ".join(token.scopes) if token.scopes is not None else None
    seconds = max(0, int(token.life.total_seconds()))
    return Response(
        Token(access_token=token.access_token, token_type="Bearer", expires_in=seconds, scope=scope),  # noqa: S106
        headers=headers,
    )


async def _token(app: TheApp, request: Request[Actor, None, ServerState], door: Door, basic: str) -> tokens.Token:
    """Raises Refused, whatever was refused."""
    try:
        address = door.origin(request.scope).address
        fields = await _fields(request)
        if fields.get("grant_type") != "client_credentials":
            error = "unsupported_grant_type" if "grant_type" in fields else "invalid_request"
            raise Refused(error, "send grant_type=client_credentials")
        client, scopes = _client(basic, fields), fields.get("scope", "").split()
        try:
            return await tokens.exchange(app, client, scopes, address)
        except Unauthenticated:
            door.failures.failed(address)
            raise
    except Unauthenticated as error:
        raise Refused("invalid_client", str(error), 401) from error
    except Invalid as error:
        raise Refused("invalid_scope", str(error)) from error
    except Forbidden as error:
        raise Refused("invalid_request", str(error), 403) from error
    except TooMany as error:
        raise Refused("temporarily_unavailable", str(error), 429, {"retry-after": str(error.wait)}) from error
    except Unavailable as error:
        raise Refused("temporarily_unavailable", str(error), 503, {"retry-after": "2"}) from error


async def _fields(request: Request[Actor, None, ServerState]) -> dict[str, str]:
    """What was sent, each field once, as a form or as JSON."""
    try:
        body = await request.body()
    except HTTPException as error:
        if error.status_code == 413:
            raise Refused("invalid_request", f"send at most {MOST_BYTES:,} bytes", 413) from error
        raise Refused("invalid_request", "the body ended before it was complete") from error
    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
            return _texts(msgspec.json.decode(body, type=dict[str, Any]))
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Refused("invalid_request", "send a form in UTF-8, or JSON with texts") from error
    if len(dict(pairs)) < len(pairs):
        raise Refused("invalid_request", "send each field once")
    return dict(pairs)


def _texts(said: dict[str, Any]) -> dict[str, str]:
    """Fields that we do not know may be anything."""
    known: dict[str, str] = {
        name: said[name] for name in ("grant_type", "client_id", "client_secret", "scope") if name in said
    }
    if not all(isinstance(value, str) for value in known.values()):
        raise ValueError("not a text")
    return known


def _client(basic: str, fields: Mapping[str, str]) -> Client:
    """By HTTP Basic or by fields, and not by both (RFC 6749, section 2.3)."""
    if is_basic(basic):
        if "client_secret" in fields:
            raise Refused("invalid_request", "send the secret once: with HTTP Basic, or as client_secret")
        try:
            name, secret = read_basic(basic)
        except ValueError as error:
            raise Refused("invalid_client", "HTTP Basic cannot be read: send base64 of name:secret", 401) from error
    else:
        name, secret = fields.get("client_id", ""), fields.get("client_secret", "")
    if not name or not secret:
        raise Refused("invalid_client", "send the name of a service account and a secret of it", 401)
    # The standard has the name encoded as in a form within HTTP Basic; most clients do not do that.
    return Client(names={name, unquote_plus(name)}, secret=secret)


OAUTH = Router("/", route_handlers=[create_token])
