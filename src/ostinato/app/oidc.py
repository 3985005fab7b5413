"""The OpenID provider that people sign in with: its addresses, its keys, and what it says of somebody.

OpenID Connect Core 1.0 (authorization code flow, section 3.1), Discovery 1.0, RFC 7636 (PKCE) and RFC 9207 (the
issuer in the answer). Whatever it sends is checked before anything is believed.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import structlog
from authlib.common.urls import url_encode
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwk, jws, jwt
from joserfc.errors import JoseError

from ostinato.config import OpenId, is_safe_address
from ostinato.core.errors import Unauthenticated, Unavailable
from ostinato.core.sign_ins import LONGEST_SUBJECT, Person, are_groups_left_out, is_storable, person

log = structlog.get_logger()

ALGORITHMS = {
    **{f"{family}{bits}": "RSA" for family in ("RS", "PS") for bits in (256, 384, 512)},
    **{f"ES{bits}": "EC" for bits in (256, 384, 512)},
}
"""How an id token may be signed, and with what kind of key: never with none, never with a secret that is shared."""
SECONDS = 10
"""For a request to the provider, from its beginning to its end."""
MOST_BYTES = 1_000_000
LIFE = timedelta(hours=1)
"""How long its addresses and keys are remembered; keys that are missing are asked for at once."""
LEEWAY_SECONDS = 60
AGAIN = "sign in again"


class Metadata(msgspec.Struct, frozen=True):
    """What the provider says of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool | None = None


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """What has to come back as it was sent."""

    nonce: str
    verifier: str


class Provider:
    """Remembers what it was told for an hour."""

    def __init__(self, settings: OpenId, now: Callable[[], datetime]) -> None:
        self.settings = settings
        self._now = now
        self._metadata: tuple[Metadata, datetime] | None = None
        self._keys: tuple[list[jwk.Key], datetime] | None = None
        self._tls: ssl.SSLContext | None = None

    async def address(self, state: str, challenge: Challenge) -> str:
        """Where to send a browser; raises Unavailable."""
        metadata = await self._discover()
        return str(
            prepare_grant_uri(
                metadata.authorization_endpoint,
                client_id=self.settings.client_id,
                response_type="code",
                redirect_uri=self.settings.redirect_uri,
                scope=self.settings.scopes,
                state=state,
                nonce=challenge.nonce,
                code_challenge=create_s256_code_challenge(challenge.verifier),
                code_challenge_method="S256",
            )
        )

    async def person(self, code: str, challenge: Challenge, issuer: str | None) -> Person:
        """Who it was that signed in; `issuer` is who says so, if that was said. Raises Unauthenticated, Unavailable."""
        metadata = await self._discover()
        if issuer != metadata.issuer and (issuer or metadata.authorization_response_iss_parameter_supported):
            raise _unusable("it comes from another provider")
        token = await self._exchange(metadata, code, challenge)
        claims = await self._verified(metadata, token)
        _check(claims, metadata.issuer, self.settings.client_id, challenge.nonce, self._now())
        if are_groups_left_out(claims, self.settings.groups_claim):
            raise _unusable("it leaves out the groups because they are too many: send only those of this application")
        return person(claims, self.settings.name_claim, self.settings.groups_claim)

    async def _discover(self) -> Metadata:
        if self._metadata is not None and self._now() - self._metadata[1] < LIFE:
            return self._metadata[0]
        place = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
        metadata: Metadata = await self._document(place, Metadata)
        if metadata.issuer.rstrip("/") != self.settings.issuer.rstrip("/"):
            raise _broken(f"it calls itself {metadata.issuer[:200]!r}: set OSTINATO_OIDC_ISSUER to that")
        for address in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri):
            if not is_safe_address(address):
                raise _broken(f"its address {address[:200]!r} is not https")
        self._metadata = metadata, self._now()
        return metadata

    async def _exchange(self, metadata: Metadata, code: str, challenge: Challenge) -> str:
        """The id token for the code of an answer."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_uri,
            "code_verifier": challenge.verifier,
        }
        headers = {"accept": "application/json", "content-type": "application/x-www-form-urlencoded"}
        auth = ClientAuth(self.settings.client_id, await self._secret(), self._auth_method(metadata))
        place, headers, body = auth.prepare("POST", metadata.token_endpoint, headers, url_encode(list(form.items())))
        status, answer = await self._ask("POST", place, headers=headers, content=body)
        said = _json(answer)
        if status >= 500:
            raise _broken(f"it answers with {status}")
        token = said.get("id_token") if status == 200 else None
        if isinstance(token, str):
            return token
        error = said.get("error") if isinstance(said.get("error"), str) else f"status {status}"
        log.warning("sign_in.code_refused", error=str(error)[:200])
        if error in ("invalid_client", "unauthorized_client"):
            raise _broken("it does not accept this server: check OSTINATO_OIDC_CLIENT_ID and its secret")
        raise Unauthenticated(f"The sign-in provider does not accept the code of its answer: {AGAIN}")

    async def _secret(self) -> str:
        file = self.settings.client_secret_file
        if file is None:
            return ""
        try:
            return (await asyncio.to_thread(file.read_text, encoding="utf-8")).strip()
        except (OSError, ValueError) as error:
            log.error("sign_in.no_client_secret", file=str(file), error=str(error))
            raise Unavailable("The server cannot read its client secret: ask an administrator") from error

    def _auth_method(self, metadata: Metadata) -> str:
        supported = metadata.token_endpoint_auth_methods_supported or ["client_secret_basic"]
        if self.settings.client_secret_file is None:
            return "none"
        post_only = "client_secret_basic" not in supported and "client_secret_post" in supported
        return "client_secret_post" if post_only else "client_secret_basic"

    async def _verified(self, metadata: Metadata, token: str) -> dict[str, Any]:
        """The claims of an id token that is signed by the provider; keys that are not known yet are asked for once."""
        try:
            header = jws.extract_compact(token.encode()).headers()
        except (JoseError, ValueError, TypeError) as error:
            raise _unusable("its id token cannot be read") from error
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise _unusable("its id token is not signed in a way that is accepted")
        for fresh in (False, True):
            for key in await self._keys_for(metadata, algorithm, header.get("kid"), fresh=fresh):
                try:
                    return jwt.decode(token, key, algorithms=[algorithm]).claims
                except (JoseError, ValueError, TypeError):
                    continue
        raise _unusable("its id token is not signed with a key of the provider")

    async def _keys_for(self, metadata: Metadata, algorithm: str, name: Any, *, fresh: bool) -> list[jwk.Key]:
        if fresh or self._keys is None or self._now() - self._keys[1] >= LIFE:
            document = await self._document(metadata.jwks_uri, dict[str, Any])
            self._keys = _keys_in(document), self._now()
        return [
            key
            for key in self._keys[0]
            if key.key_type == ALGORITHMS[algorithm]
            and key.get("alg") in (None, algorithm)
            and (name is None or key.get("kid") in (None, name))
        ]

    async def _document(self, place: str, form: type[Any]) -> Any:
        status, body = await self._ask("GET", place, headers={"accept": "application/json"})
        if status != 200:
            raise _broken(f"{place} answers with {status}")
        try:
            return msgspec.json.decode(body, type=form)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _broken(f"{place} answers with something else than the document") from error

    async def _ask(self, method: str, place: str, **more: Any) -> tuple[int, bytes]:
        """The status and the body, within bounds; redirects are not followed."""
        self._tls = self._tls or httpx.create_ssl_context()
        body = b""
        try:
            async with asyncio.timeout(SECONDS), httpx.AsyncClient(verify=self._tls, timeout=SECONDS) as client:
                async with client.stream(method, place, **more) as answer:
                    async for part in answer.aiter_bytes():
                        body += part
                        if len(body) > MOST_BYTES:
                            raise _broken(f"{place} answers with more than {MOST_BYTES:,} bytes")
                    return answer.status_code, body
        except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, OSError, ValueError) as error:
            log.warning("sign_in.provider_away", place=place, error=str(error) or type(error).__name__)
            raise Unavailable("The sign-in provider does not answer: try again in a moment") from error


def _check(claims: dict[str, Any], issuer: str, client_id: str, nonce: str, now: datetime) -> None:
    """OpenID Connect Core 1.0, section 3.1.3.7."""
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": issuer},
        sub={"essential": True},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
    )
    try:
        registry.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        what = getattr(error, "claim", None) or "time"
        raise _unusable(f"the {what} of its id token is not right") from error
    if claims["nonce"] != nonce:
        raise _unusable("its id token is for another sign-in")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != client_id:
        raise _unusable("its id token is for another client")
    if not 0 < len(claims["sub"]) <= LONGEST_SUBJECT or not is_storable(claims["sub"]):
        raise _unusable("it names nobody")


def _keys_in(document: Mapping[str, Any]) -> list[jwk.Key]:
    """Those that signatures can be checked with; what is not understood is left out (RFC 7517, section 5)."""
    found = []
    listed = document.get("keys")
    for said in listed if isinstance(listed, list) else []:
        try:
            if said.get("kty") in ALGORITHMS.values() and said.get("use", "sig") == "sig":
                found.append(jwk.import_key(said))
        except (JoseError, ValueError, TypeError, AttributeError):
            continue
    return found


def _json(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _unusable(why: str) -> Unauthenticated:
    log.warning("sign_in.answer_refused", why=why)
    return Unauthenticated(f"The answer of the sign-in provider cannot be used: {why}: {AGAIN}")


def _broken(why: str) -> Unavailable:
    log.warning("sign_in.provider_broken", why=why)
    return Unavailable(f"The sign-in provider cannot be used at the moment: {why}")
