"""A small OpenID provider: a real HTTP server with keys of its own that lets everybody in at once and can misbehave."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwk, jws

CLIENT_ID, CLIENT_SECRET = "ostinato", "a secret of the client"
Claims = dict[str, Any]


class Provider:
    """Who signs in next is `person`; `change` may spoil the claims, `sign` the token, `metadata` the document."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.keys: list[jwk.RSAKey] = []
        self.rotate()
        self.behave()

    def behave(self) -> None:
        """From now on as it does by itself; its keys stay, because making one takes long."""
        self.person: Claims = {"sub": "1", "preferred_username": "ada"}
        self.change: Callable[[Claims], object] = lambda claims: None
        self.sign: Callable[[Claims], str] = self.signed
        self.metadata: Claims = {}
        self.answers: dict[str, tuple[int, bytes]] = {}
        """Instead of what would be right, by path."""
        self.asked: list[str] = []
        self.codes: dict[str, Mapping[str, str]] = {}

    def rotate(self) -> None:
        """A new key, and the old ones are gone."""
        self.keys = [jwk.RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})]

    def signed(self, claims: Claims) -> str:
        header = {"alg": "RS256", "kid": self.keys[0].get("kid")}
        return jws.serialize_compact(header, json.dumps(claims), self.keys[0])

    def document(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
            "scopes_supported": ["openid"],
            **self.metadata,
        }

    def key_set(self) -> Claims:
        odd = [{"kty": "new", "x": "1"}, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "RSA"}, "nonsense"]
        return {"keys": [*odd, *(key.as_dict(private=False) for key in self.keys)]}

    def authorize(self, asked: Mapping[str, str]) -> str:
        """Where the browser is sent back to."""
        assert asked["tenant"] == "1"
        assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code")
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"], "iss": self.issuer})

    def exchange(self, authorization: str, form: Mapping[str, str]) -> tuple[int, Claims]:
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {expected}":
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form["code"], None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if asked is None or proof != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant", "error_description": "no such code"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.person
        self.change(claims)
        return 200, {"access_token": "unused", "token_type": "Bearer", "id_token": self.sign(claims)}


@contextmanager
def running_provider() -> Iterator[Provider]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.provider = Provider(f"http://127.0.0.1:{server.server_address[1]}/realm")  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.provider  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        provider, parts = self._provider(), urlsplit(self.path)
        if parts.path == "/realm/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(302)
            self.send_header("location", provider.authorize(asked))
            self.send_header("content-length", "0")
            self.end_headers()
        elif parts.path == "/realm/.well-known/openid-configuration":
            self._answer(200, provider.document())
        elif parts.path == "/realm/keys":
            self._answer(200, provider.key_set())
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        provider = self._provider()
        form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
        self._answer(*provider.exchange(self.headers.get("authorization", ""), form))

    def log_message(self, *_: Any) -> None:
        """Not to the terminal."""

    def _provider(self) -> Provider:
        provider: Provider = self.server.provider  # type: ignore[attr-defined]
        return provider

    def _answer(self, status: int, said: Claims) -> None:
        provider, path = self._provider(), urlsplit(self.path).path
        provider.asked.append(path)
        instead = provider.answers.get(path)
        status, body = instead or (status, json.dumps(said).encode())
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
