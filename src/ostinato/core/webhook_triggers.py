"""Webhook triggers: addresses that start a task or plan when they are called. What may be sent there, how a call is
signed, and how calls become the payload of a run.

Types and form of the payload are Talend's ("Webhooks"); signatures are those of Standard Webhooks, because the vendor
has none.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from ostinato.core.errors import Invalid, Problem, TooLarge
from ostinato.core.parameters import LONGEST_PAYLOAD
from ostinato.core.webhooks import signature

TOKEN_START = "osh_"  # noqa: S105  # how one begins
TOKEN_BYTES = 32
TYPES = ("application/json", "application/xml", "text/plain", "text/xml")
CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "utf-16": "utf-16",
}
MOST_CALLS = 1_000
"""That one start waits for."""
USUAL_WINDOW = timedelta(seconds=30)
LONGEST_WINDOW = timedelta(days=1)
USUAL_RATE = 60
HIGHEST_RATE = 6_000
"""Calls a minute."""
TOLERANCE = timedelta(minutes=5)
"""How far the time of a signed call may be from ours: a call that somebody recorded is refused after that, and known
as a repetition before."""
LONGEST_KEY = 200
LONGEST_TYPE = 200
RATED = timedelta(minutes=1)


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What one call brought, as jobs get it."""

    type: str
    data: str


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it came; the headers have lower-case names."""

    body: bytes
    headers: Mapping[str, str]


def new_token() -> str:
    return TOKEN_START + secrets.token_urlsafe(TOKEN_BYTES)


def read(sent: Sent) -> Payload:
    """What a call brings; raises Invalid, TooLarge."""
    kind, charset = _content_type(sent.headers.get("content-type", ""))
    try:
        data = sent.body.decode(charset)
    except UnicodeDecodeError as error:
        raise Invalid(Problem(path="body", message=f"it is not {charset}: name its charset in Content-Type")) from error
    data = data.removeprefix("\ufeff")
    if "\x00" in data:
        raise Invalid(Problem(path="body", message="it has a NUL character"))
    if kind == "application/json" and data.strip():
        try:
            msgspec.json.decode(data, type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Invalid(Problem(path="body", message=f"it is not JSON: {error}")) from error
    payload = Payload(type=kind, data=data)
    if size(payload) > LONGEST_PAYLOAD:
        raise TooLarge(f"The body is larger than runs can be given: as JSON text at most {LONGEST_PAYLOAD:,} bytes")
    return payload


def size(payload: Payload) -> int:
    """Bytes that it takes in what programs get, where backslashes may be doubled; a comma or bracket included."""
    encoded = msgspec.json.encode(payload)
    return len(encoded) + encoded.count(b"\\") + 2


def together(payloads: Sequence[Payload]) -> str:
    """The payload of a run: all calls that it was started for."""
    return msgspec.json.encode(payloads).decode()


def key_of(headers: Mapping[str, str]) -> str | None:
    """What a call is known by; the same again is a repetition. Raises Invalid."""
    for name in ("webhook-id", "idempotency-key"):
        if given := headers.get(name):
            if len(given) > LONGEST_KEY or not given.isprintable():
                message = f"at most {LONGEST_KEY} characters that can be printed"
                raise Invalid(Problem(path=name, message=message))
            return given
    return None


def why_not_signed(sent: Sent, keys: Sequence[str], now: datetime) -> str | None:
    """Why a call does not count as signed with one of the keys; None: it does (Standard Webhooks, "Verifying")."""
    name, said, given = (sent.headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not (name and said and given):
        return "sign the call: the headers webhook-id, webhook-timestamp and webhook-signature are needed"
    if not (said.isascii() and said.isdecimal() and len(said) <= 12):
        return "webhook-timestamp is not a whole number of seconds since 1970"
    if not name.isascii():
        return "webhook-id has letters that are not ASCII"
    expected = [f"v1,{signature(key, name, said, sent.body)}" for key in keys]
    fits = [hmac.compare_digest(one.encode(), right.encode()) for one in given.split()[:20] for right in expected]
    if not any(fits):
        return "webhook-signature does not fit the secret and the body"
    if abs(int(said) - now.timestamp()) > TOLERANCE.total_seconds():
        return f"webhook-timestamp is more than {TOLERANCE.total_seconds():.0f} s from our time: sign the call anew"
    return None


def _content_type(text: str) -> tuple[str, str]:
    """Type and charset; raises Invalid."""
    kind, *more = (part.strip() for part in text[:LONGEST_TYPE].lower().split(";"))
    kind = kind or "text/plain"
    if kind not in TYPES or len(text) > LONGEST_TYPE:
        raise Invalid(Problem(path="Content-Type", message=f"{kind!r} is not taken", allowed=TYPES))
    given = dict(part.replace(" ", "").partition("=")[::2] for part in more)
    charset = CHARSETS.get(given.get("charset", "utf-8").strip('"'))
    if charset is None:
        problem = Problem(path="Content-Type", message="its charset is not taken", allowed=tuple(CHARSETS))
        raise Invalid(problem)
    return kind, charset
